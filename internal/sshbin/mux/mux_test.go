package mux

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
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

func TestForwards(t *testing.T) {
	server := sshtest.Start(t, sshtest.Options{Ordinary: true})
	path, _ := startMaster(t, server)
	echo, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { // ends when the listener closes
		defer close(done)
		for {
			conn, err := echo.Accept()
			if err != nil {
				return
			}
			_, _ = io.Copy(conn, conn)
			conn.Close()
		}
	}()
	defer func() { echo.Close(); <-done }()
	_, portText, _ := net.SplitHostPort(echo.Addr().String())
	port, _ := strconv.Atoi(portText)

	t.Run("stdio", func(t *testing.T) {
		theirIn, ourOut, _ := os.Pipe()
		ourIn, theirOut, _ := os.Pipe()
		s, err := dial(t, path).StdioForward(t.Context(), "127.0.0.1", port, theirIn, theirOut)
		theirIn.Close()
		theirOut.Close()
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(ourOut, "hello")
		ourOut.Close()
		got, err := io.ReadAll(ourIn)
		if string(got) != "hello" {
			t.Errorf("read %q, %v", got, err)
		}
		ourIn.Close()
		<-s.Ended()
	})
	t.Run("stdio refused", func(t *testing.T) {
		n := null(t)
		_, err := dial(t, path).StdioForward(t.Context(), "127.0.0.1", 1, n, n)
		var refused *RefusedError
		if !errors.As(err, &refused) {
			t.Errorf("error %v", err)
		}
	})
	t.Run("remote, port picked", func(t *testing.T) {
		f := Forward{Kind: Remote, ListenHost: "127.0.0.1", ConnectHost: "127.0.0.1", ConnectPort: port}
		c := dial(t, path)
		listening, err := c.OpenForward(t.Context(), f)
		if err != nil || listening == 0 {
			t.Fatalf("port %d, %v", listening, err)
		}
		conn, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(listening)))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(conn, "hello")
		_ = conn.(*net.TCPConn).CloseWrite()
		got, _ := io.ReadAll(conn)
		conn.Close()
		if string(got) != "hello" {
			t.Errorf("read %q", got)
		}
		if err := c.CloseForward(t.Context(), f); err != nil {
			t.Errorf("closing: %v", err)
		}
		var refused *RefusedError
		if err := c.CloseForward(t.Context(), f); !errors.As(err, &refused) {
			t.Errorf("closing twice: %v", err)
		}
	})
	t.Run("remote, port taken", func(t *testing.T) {
		_, err := dial(t, path).OpenForward(t.Context(), Forward{Kind: Remote, ListenHost: "127.0.0.1", ListenPort: port, ConnectHost: "127.0.0.1", ConnectPort: port})
		var refused *RefusedError
		if !errors.As(err, &refused) || !strings.Contains(refused.Reason, portText) {
			t.Errorf("error %v", err)
		}
	})
	t.Run("impossible port", func(t *testing.T) {
		if _, err := dial(t, path).OpenForward(t.Context(), Forward{Kind: Remote, ListenPort: 65536}); err == nil {
			t.Error("accepted")
		}
	})
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
