package sshbin

import (
	"errors"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"relay-shell/internal/sshbin/dest"
	"relay-shell/internal/sshtest"
)

// TestPenalised meets a server that turns this source away, as PerSourcePenalties does (sshd_config(5)): it tries for a while, not for ever, and
// the answer names the cause.
func TestPenalised(t *testing.T) {
	t.Parallel()
	l := sshtest.New(t)
	var tries atomic.Int32
	if _, err := l.Hostile("target", func(c net.Conn) {
		tries.Add(1)
		_, _ = c.Write([]byte("Not allowed at this time\r\n"))
	}); err != nil {
		t.Fatal(err)
	}
	e := newEngine(t, l, Options{})
	_, err := run(t, e, resolve(t, e, "target", dest.Options{}), Command{Text: "true"})
	var refused *Error
	if !errors.As(err, &refused) || refused.Code != "unreachable" || refused.Started || !strings.Contains(refused.Hint, "PerSourcePenalties") {
		t.Errorf("error %#v", err)
	}
	if n := tries.Load(); n < 2 || n > dropRetries+1 {
		t.Errorf("%d connections", n)
	}
}

// TestAgentForwarding forwards the agent where ssh_config says so, and nowhere else.
func TestAgentForwarding(t *testing.T) {
	t.Parallel()
	server := sshtest.Start(t, sshtest.Options{Ordinary: true, Shell: "dash"})
	if err := server.AddHost("open", server.HostLines("ForwardAgent yes")...); err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(runtimeDir(t), "agent")
	agent := exec.Command("ssh-agent", "-D", "-a", socket)
	if err := agent.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = agent.Process.Kill()
		_ = agent.Wait()
	})
	waitFor(t, "the agent listens", func() bool {
		c, err := net.Dial("unix", socket)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
	modes(t, func(t *testing.T, mode Mode) {
		e := newEngine(t, server.Lab, Options{Engine: mode, RuntimeDir: runtimeDir(t), Env: append(server.Env(), "SSH_AUTH_SOCK="+socket)})
		for host, want := range map[string]string{"target": "no\n", "open": "yes\n"} {
			res := mustRun(t, e, resolve(t, e, host, dest.Options{}), Command{Text: `if [ -S "$SSH_AUTH_SOCK" ]; then echo yes; else echo no; fi`})
			if res.out != want {
				t.Errorf("%s: an agent there: %s", host, res.out)
			}
		}
	})
}
