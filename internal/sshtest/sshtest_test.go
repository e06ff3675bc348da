package sshtest

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
)

// run runs ssh with the lab's configuration and returns its output.
func run(t *testing.T, l *Lab, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "ssh", l.SSH(args...)...)
	cmd.Env = l.Env()
	out, err := cmd.CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

func mustRun(t *testing.T, l *Lab, args ...string) string {
	t.Helper()
	out, err := run(t, l, args...)
	if err != nil {
		t.Fatalf("ssh %q: %v: %s", args, err, out)
	}
	return out
}

func TestStart(t *testing.T) {
	s := Start(t, Options{Aliases: []string{"other"}})
	if got := mustRun(t, s.Lab, "target", "echo hello"); got != "hello" {
		t.Errorf("output %q", got)
	}
	if got := mustRun(t, s.Lab, "other", "id -un"); got != s.User() {
		t.Errorf("user %q, want %q", got, s.User())
	}
	if s.Logins() != 2 || s.Sessions() != 2 {
		t.Errorf("%d logins and %d sessions, want 2 and 2", s.Logins(), s.Sessions())
	}
}

func TestJumpHost(t *testing.T) {
	l := New(t)
	bastion := l.MustStart(t, Options{Alias: "bastion"})
	inner := l.MustStart(t, Options{Alias: "inner", ClientConfig: []string{"ProxyJump bastion"}})
	if got := mustRun(t, l, "inner", "echo through"); got != "through" {
		t.Errorf("output %q", got)
	}
	if bastion.Logins() != 1 || inner.Logins() != 1 {
		t.Errorf("logins: bastion %d, inner %d", bastion.Logins(), inner.Logins())
	}
}

func TestLoginShells(t *testing.T) {
	for _, shell := range []string{"fish", "tcsh", "zsh", "ksh", "dash"} {
		t.Run(shell, func(t *testing.T) {
			s := Start(t, Options{Shell: shell})
			if got := mustRun(t, s.Lab, "target", `echo "$SHELL"; ps -o comm= -p $$ 2>/dev/null; true`); !strings.Contains(got, shell) {
				t.Errorf("the command ran under %q", got)
			}
		})
	}
}

func TestShellEmulation(t *testing.T) {
	cmd := exec.Command("sh", "-c", shellEmulation("/bin/dash"))
	cmd.Env = []string{"SSH_ORIGINAL_COMMAND=echo \"a  b\" '$x' $SHELL ${SSH_ORIGINAL_COMMAND-unset}; exit 3"}
	out, err := cmd.Output()
	if want := "a  b $x /bin/dash unset\n"; string(out) != want {
		t.Errorf("output %q, want %q", out, want)
	}
	if code := cmd.ProcessState.ExitCode(); code != 3 {
		t.Errorf("exit %d: %v", code, err)
	}
}

func TestOrdinaryUser(t *testing.T) {
	s := Start(t, Options{Ordinary: true})
	if got := mustRun(t, s.Lab, "target", "id -u"); got == "0" {
		t.Error("the ordinary user is root")
	}
}

func TestDropbear(t *testing.T) {
	if os.Getuid() != 0 {
		if _, err := New(t).Start(Options{Dropbear: true}); err == nil || !strings.Contains(err.Error(), "root") {
			t.Errorf("error %v does not say that root is needed", err)
		}
		return
	}
	s := Start(t, Options{Dropbear: true})
	if got := mustRun(t, s.Lab, "target", "echo hello"); got != "hello" {
		t.Errorf("output %q", got)
	}
	if s.Logins() != 1 {
		t.Errorf("%d logins, want 1", s.Logins())
	}
}

func TestFarm(t *testing.T) {
	l := New(t)
	hosts, err := l.Farm("h", 20, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{hosts[0], hosts[15], hosts[16], hosts[19]} {
		if got := mustRun(t, l, host, "echo $SSH_CONNECTION"); got == "" {
			t.Errorf("%s gave nothing", host)
		}
	}
}

func TestPauseKillRestart(t *testing.T) {
	s := Start(t, Options{})
	s.Pause()
	if out, err := run(t, s.Lab, "-o", "ConnectTimeout=1", "target", "true"); err == nil {
		t.Errorf("a paused server answered: %s", out)
	}
	s.Resume()
	mustRun(t, s.Lab, "target", "true")
	if err := s.Kill(); err != nil {
		t.Fatal(err)
	}
	if out, _ := run(t, s.Lab, "target", "true"); !strings.Contains(out, "refused") {
		t.Errorf("a killed server answered: %s", out)
	}
	if err := s.Restart(); err != nil {
		t.Fatal(err)
	}
	mustRun(t, s.Lab, "target", "true")
}

func TestCloseEndsEscapedProcesses(t *testing.T) {
	s := Start(t, Options{})
	mustRun(t, s.Lab, "target", "setsid sleep 4242 >/dev/null 2>&1 </dev/null &")
	if !s.Running("sleep 4242") {
		t.Fatal("the escaped process is not found")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s.Running("sleep 4242") {
		t.Error("the escaped process survived")
	}
}

func TestStrangeHostKeyIsUnknown(t *testing.T) {
	s := Start(t, Options{Strange: true})
	if out, err := run(t, s.Lab, "target", "true"); err == nil || !strings.Contains(out, "Host key verification failed") {
		t.Errorf("a strange key was accepted: %v %s", err, out)
	}
}

func TestImposterAsksForACode(t *testing.T) {
	l := New(t)
	line, err := l.Imposter("otp", &ssh.ServerConfig{
		KeyboardInteractiveCallback: func(ssh.ConnMetadata, ssh.KeyboardInteractiveChallenge) (*ssh.Permissions, error) {
			return nil, os.ErrPermission
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Trust(line); err != nil {
		t.Fatal(err)
	}
	if out, err := run(t, l, "otp", "true"); err == nil || !strings.Contains(out, "keyboard-interactive") {
		t.Errorf("%v: %s", err, out)
	}
}
