package sshbin

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"relay-shell/internal/sshbin/dest"
	"relay-shell/internal/sshbin/mux"
	"relay-shell/internal/sshtest"
)

// operatorMaster starts a master as an operator would, and returns its process id.
func operatorMaster(t *testing.T, l *sshtest.Lab, host, path string) int {
	t.Helper()
	cmd := exec.Command("ssh", l.SSH("-o", "ControlMaster=yes", "-o", "ControlPersist=yes", "-o", "ControlPath="+path, "-f", "-N", "--", host)...)
	cmd.Env = l.Env()
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	pid, err := mux.Alive(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Kill(pid, syscall.SIGKILL) })
	return pid
}

func TestAdopt(t *testing.T) {
	t.Parallel()
	l := sshtest.New(t)
	server := l.MustStart(t, sshtest.Options{Shell: "dash"})
	other := l.MustStart(t, sshtest.Options{Shell: "dash", Alias: "other"})
	control := filepath.Join(l.Dir(), "cm")
	if err := l.AddHost("target", server.HostLines("ControlPath "+control)...); err != nil {
		t.Fatal(err)
	}
	if err := l.AddHost("other", other.HostLines("ControlPath "+control)...); err != nil {
		t.Fatal(err)
	}
	pid := operatorMaster(t, l, "target", control)
	logins := server.Logins()
	e := newEngine(t, l, Options{})
	r := resolve(t, e, "target", dest.Options{})
	res := mustRun(t, e, r, Command{Text: "echo hello"})
	if res.out != "hello\n" || !res.exit.Started.Adopted || res.exit.Started.MasterPID != pid || server.Logins() != logins {
		t.Errorf("output %q, started %+v, %d logins", res.out, res.exit.Started, server.Logins()-logins)
	}
	list, err := e.Connections(t.Context())
	if err != nil || len(list) != 1 || !list[0].Adopted || list[0].PID != pid || list[0].Destination != "target" {
		t.Errorf("connections %+v, %v", list, err)
	}
	t.Run("leads elsewhere", func(t *testing.T) {
		res := mustRun(t, e, resolve(t, e, "other", dest.Options{}), Command{Text: "echo $SSH_CONNECTION"})
		if res.exit.Started.Adopted || !strings.HasSuffix(res.out, " "+itoa(other.Port())+"\n") {
			t.Errorf("output %q, started %+v", res.out, res.exit.Started)
		}
	})
	t.Run("another key, jump or policy", func(t *testing.T) {
		for _, o := range []dest.Options{{KnownHosts: "strict"}, {KeyPath: l.ClientKey()}, {Jump: "other"}} {
			if res := mustRun(t, e, resolve(t, e, "target", o), Command{Text: "true"}); res.exit.Started.Adopted {
				t.Errorf("%+v rides the operator's master", o)
			}
		}
	})
	t.Run("never ended", func(t *testing.T) {
		closed, released, err := e.Disconnect(t.Context(), r)
		if closed == 0 || released != 1 || err != nil { // the ones of the policies above are ours
			t.Errorf("closed %d, released %d, %v", closed, released, err)
		}
		if got, err := mux.Alive(t.Context(), control); got != pid || err != nil {
			t.Errorf("the operator's master: %d, %v", got, err)
		}
	})
	t.Run("the leash goes after the last call", func(t *testing.T) {
		mustRun(t, e, r, Command{Text: "true"})
		waitFor(t, "the leash goes", func() bool { return socketClients(control) == 0 })
	})
	t.Run("more calls than it has places", func(t *testing.T) {
		atOnce(t, 60, 30, func(i int) error { return echoes(e, r, i) })
	})
	t.Run("dead", func(t *testing.T) {
		_ = syscall.Kill(pid, syscall.SIGKILL)
		waitFor(t, "it dies", func() bool { return processArgs(pid) == nil })
		if res := mustRun(t, e, r, Command{Text: "echo own"}); res.out != "own\n" || res.exit.Started.Adopted {
			t.Errorf("output %q, started %+v", res.out, res.exit.Started)
		}
	})
}

// TestOperatorsTerminal hangs up on commands and cancels them in the midst of their output, on the master that carries the operator's own
// terminal: neither takes harm.
func TestOperatorsTerminal(t *testing.T) {
	t.Parallel()
	l := sshtest.New(t)
	control := filepath.Join(l.Dir(), "cm")
	l.MustStart(t, sshtest.Options{Shell: "dash", ClientConfig: []string{"ControlPath " + control}})
	pid := operatorMaster(t, l, "target", control)
	e := newEngine(t, l, Options{})
	r := resolve(t, e, "target", dest.Options{})
	terminal := exec.Command("ssh", l.SSH("-tt", "--", "target", "stty -echo; while read x; do echo \"<$x>\"; done")...)
	terminal.Env = l.Env()
	in, err := terminal.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := terminal.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := terminal.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	answers := func(word string) bool {
		if _, err := io.WriteString(in, word+"\n"); err != nil {
			return false
		}
		for lines.Scan() {
			if strings.Contains(lines.Text(), "<"+word+">") {
				return true
			}
		}
		return false
	}
	if !answers("before") {
		t.Fatal("the operator's terminal does not work")
	}
	atOnce(t, 4*trialCancels, trialLanes, func(i int) error {
		if i%4 == 0 {
			exit, _, err := cutShort(t, e, r, Command{Text: "yes"})
			if !errors.Is(err, errCancelled) || !exit.Started.Adopted {
				return fmt.Errorf("error %w, started %+v", err, exit.Started)
			}
			return nil
		}
		s, err := e.Open(t.Context(), r, Command{Text: "yes"})
		if err != nil {
			return err
		}
		if _, err := io.CopyN(io.Discard, s.Stdout, 1<<20); err != nil {
			return err
		}
		return s.Close()
	})
	if !answers("after") {
		t.Error("the operator's terminal is dead")
	}
	_ = in.Close()
	_ = terminal.Process.Kill()
	_ = terminal.Wait()
	if got, err := mux.Alive(t.Context(), control); got != pid || err != nil {
		t.Errorf("the operator's master: %d, %v", got, err)
	}
}

// TestAdoptNamed adopts a master that is named by ssh's own hash though the host gives no shell.
func TestAdoptNamed(t *testing.T) {
	t.Parallel()
	l := sshtest.New(t)
	server := l.MustStart(t, sshtest.Options{Ordinary: true, Config: []string{"ForceCommand echo forced"}})
	dir := filepath.Join(l.Dir(), "cm")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := l.AddHost("target", server.HostLines("ControlPath "+dir+"/%C")...); err != nil {
		t.Fatal(err)
	}
	e := newEngine(t, l, Options{})
	r := resolve(t, e, "target", dest.Options{})
	operatorMaster(t, l, "target", r.ControlPath)
	if res := mustRun(t, e, r, Command{Text: "true"}); res.out != "forced\n" || !res.exit.Started.Adopted {
		t.Errorf("output %q, started %+v", res.out, res.exit.Started)
	}
}

// TestMastersOutliveTheEngine finds the masters of an engine that is gone.
func TestMastersOutliveTheEngine(t *testing.T) {
	t.Parallel()
	server := sshtest.Start(t, sshtest.Options{Shell: "dash"})
	first := newEngine(t, server.Lab, Options{})
	before := ready(t, first, resolve(t, first, "target", dest.Options{}))
	if !strings.HasPrefix(before.Fingerprint, "SHA256:") || before.Fingerprint != server.Fingerprint() {
		t.Errorf("fingerprint %q, want %q", before.Fingerprint, server.Fingerprint())
	}
	for pid := before.MasterPID; pid > 1; pid = parentOf(t, pid) { // a client that ends its process tree parent by parent does not find it
		if pid == os.Getpid() {
			t.Error("the master descends from this process")
		}
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second := newEngine(t, server.Lab, Options{})
	list, err := second.Connections(t.Context())
	if err != nil || len(list) != 1 || list[0].PID != before.MasterPID || list[0].Destination != "target" || list[0].Adopted || list[0].Age > time.Minute {
		t.Errorf("connections %+v, %v", list, err)
	}
	r := resolve(t, second, "target", dest.Options{})
	after := ready(t, second, r)
	if after.MasterPID != before.MasterPID || after.Fingerprint != before.Fingerprint || server.Logins() != 1 {
		t.Errorf("before %+v, after %+v, %d logins", before, after, server.Logins())
	}
	third := newEngine(t, server.Lab, Options{}) // two at the same time share it
	mustRun(t, third, resolve(t, third, "target", dest.Options{}), Command{Text: "true"})
	if list, _ := second.Connections(t.Context()); len(list) != 1 || list[0].Channels < 2 {
		t.Errorf("connections %+v", list)
	}
	closed, released, err := second.Disconnect(t.Context(), r)
	if closed != 1 || released != 0 || err != nil {
		t.Errorf("closed %d, released %d, %v", closed, released, err)
	}
	if list, err := second.Connections(t.Context()); len(list) != 0 || err != nil {
		t.Errorf("connections %+v, %v", list, err)
	}
	mustRun(t, third, resolve(t, third, "target", dest.Options{}), Command{Text: "true"})
}

// parentOf is the parent of a process, 0 where the system does not tell.
func parentOf(t *testing.T, pid int) int {
	t.Helper()
	stat, err := os.ReadFile(filepath.Join("/proc", itoa(pid), "stat"))
	if err != nil {
		return 0
	}
	return atoi(strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))[1])
}

// TestConcurrentStarts has several engines want the same host at the same time.
func TestConcurrentStarts(t *testing.T) {
	t.Parallel()
	server := sshtest.Start(t, sshtest.Options{Shell: "dash"})
	atOnce(t, 5, 5, func(i int) error {
		e := newEngine(t, server.Lab, Options{})
		return echoes(e, resolve(t, e, "target", dest.Options{}), i)
	})
	if server.Logins() != 1 {
		t.Errorf("%d logins", server.Logins())
	}
}

// TestIdleOut lets unused masters go.
func TestIdleOut(t *testing.T) {
	t.Parallel()
	server := sshtest.Start(t, sshtest.Options{Shell: "dash"})
	e := newEngine(t, server.Lab, Options{IdleTimeout: time.Second})
	r := resolve(t, e, "target", dest.Options{})
	ready(t, e, r)
	waitFor(t, "the master goes", func() bool { return server.Connections() == 0 })
	if res := mustRun(t, e, r, Command{Text: "echo again"}); res.out != "again\n" {
		t.Errorf("output %q", res.out)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the orphaned master goes", func() bool { return server.Connections() == 0 })
}
