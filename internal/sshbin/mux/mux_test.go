package mux

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"relay-shell/internal/sshtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// startMaster starts a master to the server and returns its control path and process id.
func startMaster(t *testing.T, s *sshtest.Server) (path string, pid int) {
	t.Helper()
	path = filepath.Join(s.RuntimeDir(), "ctl")
	cmd := exec.Command("ssh", s.SSH("-o", "ControlMaster=yes", "-S", path, "-E", filepath.Join(s.Dir(), "master.log"), "-o", "ControlPersist=600", "-f", "-N", "--", s.Alias())...)
	cmd.Env = s.Env()
	if err := cmd.Run(); err != nil {
		log, _ := os.ReadFile(filepath.Join(s.Dir(), "master.log"))
		t.Fatalf("starting a master: %v\n%s", err, log)
	}
	pid, err := Alive(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Kill(pid, syscall.SIGKILL) })
	return path, pid
}

func dial(t *testing.T, path string) *Conn {
	t.Helper()
	c, err := Dial(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func null(t *testing.T) *os.File {
	t.Helper()
	f, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// capture opens a session and returns it with all of its output.
func capture(t *testing.T, path string, r Request) (*Session, string) {
	t.Helper()
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if r.Stdin == nil {
		r.Stdin = null(t)
	}
	r.Stdout, r.Stderr = in, in
	s, err := dial(t, path).Session(t.Context(), r)
	in.Close()
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(out)
	if err != nil {
		t.Fatal(err)
	}
	<-s.Ended()
	return s, string(text)
}

func TestSession(t *testing.T) {
	server := sshtest.Start(t, sshtest.Options{Ordinary: true})
	path, _ := startMaster(t, server)
	for _, test := range []struct {
		name, command, want string
		exit                Exit
	}{
		{"output", "echo out; echo err >&2", "out\nerr\n", Exit{Known: true}},
		{"status", "exit 3", "", Exit{Known: true, Status: 3}},
		{"status 255", "exit 255", "", Exit{Known: true, Status: 255}},
		{"end of file on standard input", "cat; echo end", "end\n", Exit{Known: true}},
		{"nameless death", "kill -9 $$", "", Exit{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, out := capture(t, path, Request{Command: test.command})
			if out != test.want || s.Exit() != test.exit {
				t.Errorf("output %q, exit %+v; want %q, %+v", out, s.Exit(), test.want, test.exit)
			}
		})
	}
	t.Run("subsystem", func(t *testing.T) {
		s, out := capture(t, path, Request{Command: "sftp", Subsystem: true})
		if out != "" || s.Exit() != (Exit{Known: true}) {
			t.Errorf("output %q, exit %+v", out, s.Exit())
		}
	})
	t.Run("environment", func(t *testing.T) {
		_, out := capture(t, path, Request{Command: "echo $LC_TEST $FOREIGN", Env: []string{"LC_TEST=x", "FOREIGN=y"}})
		if strings.TrimSpace(out) != "" { // the master's configuration has no SendEnv
			t.Errorf("output %q", out)
		}
	})
	t.Run("message too long", func(t *testing.T) {
		n := null(t)
		_, err := dial(t, path).Session(t.Context(), Request{Command: strings.Repeat("x", maxMessage), Stdin: n, Stdout: n, Stderr: n})
		var lost *LostError
		if !errors.As(err, &lost) || lost.Sent || !errors.Is(err, errTooLong) {
			t.Errorf("error %v", err)
		}
	})
}

func TestAliveTerminateStopListening(t *testing.T) {
	server := sshtest.Start(t, sshtest.Options{Ordinary: true})
	path, pid := startMaster(t, server)
	c := dial(t, path)
	for range 3 {
		if got, err := c.Alive(t.Context()); err != nil || got != pid {
			t.Fatalf("alive: %d, %v; want %d", got, err, pid)
		}
	}
	if err := c.StopListening(t.Context()); err != nil {
		t.Fatal(err)
	}
	var gone *NotRunningError
	if _, err := Dial(t.Context(), path); !errors.As(err, &gone) {
		t.Errorf("dialing a removed socket: %v", err)
	}
	if err := c.Terminate(t.Context()); err != nil {
		t.Errorf("terminate: %v", err)
	}
}

func TestRefused(t *testing.T) {
	server := sshtest.Start(t, sshtest.Options{Ordinary: true, Config: []string{"MaxSessions 1"}})
	path, _ := startMaster(t, server)
	n := null(t)
	first, err := dial(t, path).Session(t.Context(), Request{Command: "sleep 600", Stdin: n, Stdout: n, Stderr: n})
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	_, err = dial(t, path).Session(t.Context(), Request{Command: "true", Stdin: n, Stdout: n, Stderr: n})
	var refused *RefusedError
	if !errors.As(err, &refused) || refused.Denied || refused.Reason == "" {
		t.Errorf("error %v", err)
	}
	if server.Sessions() != 1 {
		t.Errorf("%d sessions, want 1", server.Sessions())
	}
}

func TestFrozenAndKilledMaster(t *testing.T) {
	server := sshtest.Start(t, sshtest.Options{Ordinary: true})
	path, pid := startMaster(t, server)
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	var lost *LostError
	if _, err := Alive(ctx, path); !errors.As(err, &lost) || lost.Sent || !lost.Silent() || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a frozen master: %v", err)
	}
	long, done := context.WithTimeout(t.Context(), time.Hour)
	defer done()
	if _, err := Alive(long, path); !errors.As(err, &lost) || lost.Sent || !lost.Silent() {
		t.Errorf("a frozen master, and all the time in the world: %v", err)
	}
	cancelled, cut := context.WithCancelCause(t.Context())
	time.AfterFunc(50*time.Millisecond, func() { cut(io.ErrNoProgress) })
	if _, err := Alive(cancelled, path); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("a cancelled check: %v", err)
	}
	if err := errors.Join(syscall.Kill(pid, syscall.SIGCONT), syscall.Kill(pid, syscall.SIGKILL)); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); ; {
		_, err := Alive(t.Context(), path)
		var gone *NotRunningError
		if errors.As(err, &gone) && errors.Is(err, syscall.ECONNREFUSED) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("a killed master: %v", err)
		}
	}
}

// TestBacklog connects more often at once than the master's listen backlog holds.
func TestBacklog(t *testing.T) {
	server := sshtest.Start(t, sshtest.Options{Ordinary: true})
	path, _ := startMaster(t, server)
	failed := make(chan error)
	for range 200 {
		go func() {
			_, err := Alive(t.Context(), path)
			failed <- err
		}()
	}
	for range 200 {
		if err := <-failed; err != nil {
			t.Error(err)
		}
	}
}
