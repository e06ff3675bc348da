package sshbin

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/pkg/sftp"

	"relay-shell/internal/sshbin/dest"
	"relay-shell/internal/sshbin/mux"
	"relay-shell/internal/sshtest"
)

func TestOpen(t *testing.T) {
	t.Parallel()
	server := sshtest.Start(t, sshtest.Options{Shell: "dash"})
	modes(t, func(t *testing.T, mode Mode) {
		e := newEngine(t, server.Lab, Options{Engine: mode})
		r := resolve(t, e, "target", dest.Options{})
		t.Run("pipes", func(t *testing.T) {
			s, err := e.Open(t.Context(), r, Command{Text: `cat; echo "$V" >&2; exit 4`, Env: []EnvVar{{"V", ptr("private")}}})
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.WriteString(s.Stdin, "hello")
			s.Stdin.Close()
			out, _ := io.ReadAll(s.Stdout)
			errs, _ := io.ReadAll(s.Stderr)
			exit, err := s.Wait(t.Context())
			if string(out) != "hello" || string(errs) != "private\n" || err != nil || exit.Code == nil || *exit.Code != 4 {
				t.Errorf("output %q, errors %q, exit %+v, %v", out, errs, exit, err)
			}
			if err := errors.Join(s.Close(), s.Close()); err != nil {
				t.Error(err)
			}
		})
		t.Run("own files", func(t *testing.T) {
			from, to := filepath.Join(t.TempDir(), "from"), filepath.Join(t.TempDir(), "to")
			data := bytes.Repeat([]byte("0123456789abcdef"), 1<<17)
			if err := os.WriteFile(from, data, 0o600); err != nil {
				t.Fatal(err)
			}
			in, err := os.Open(from)
			if err != nil {
				t.Fatal(err)
			}
			defer in.Close()
			out, err := os.Create(to)
			if err != nil {
				t.Fatal(err)
			}
			defer out.Close()
			s, err := e.Open(t.Context(), r, Command{Text: "cat", Stdin: in, Stdout: out})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if _, err := s.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
			waitFor(t, "everything is written", func() bool { got, _ := os.ReadFile(to); return bytes.Equal(got, data) })
		})
		t.Run("sftp", func(t *testing.T) {
			s, err := e.Open(t.Context(), r, Command{Subsystem: "sftp"})
			if err != nil {
				t.Fatal(err)
			}
			client, err := sftp.NewClientPipe(s.Stdout, s.Stdin)
			if err != nil {
				t.Fatal(err)
			}
			if info, err := client.Stat("/etc/passwd"); err != nil || info.Size() == 0 {
				t.Errorf("%v, %v", info, err)
			}
			client.Close()
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		t.Run("kill", func(t *testing.T) {
			s, err := e.Open(t.Context(), r, Command{Text: "echo up; setsid sleep 8001 & sleep 8001"})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			_, _ = s.Stdout.Read(make([]byte, 3))
			if left := s.Kill(); len(left) > 0 || server.Running("sleep 8001") {
				t.Errorf("left %q", left)
			}
		})
	})
}

// echoServer echoes on loopback and returns its port.
func echoServer(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { // ends when the listener closes
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = io.Copy(conn, conn)
			conn.Close()
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return l.Addr().(*net.TCPAddr).Port
}

func roundTrip(t *testing.T, conn net.Conn) {
	t.Helper()
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	_, _ = io.WriteString(conn, "hello")
	if err := conn.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
		t.Error(err)
	}
	if got, err := io.ReadAll(conn); string(got) != "hello" || err != nil {
		t.Errorf("read %q, %v", got, err)
	}
}

func TestDialStdio(t *testing.T) {
	t.Parallel()
	server := sshtest.Start(t, sshtest.Options{Shell: "dash"})
	port := echoServer(t)
	e := newEngine(t, server.Lab, Options{})
	r := resolve(t, e, "target", dest.Options{})
	atOnce(t, 30, 30, func(int) error { // more than MaxSessions
		conn, err := e.DialStdio(t.Context(), r, "127.0.0.1", port, true)
		if err == nil {
			roundTrip(t, conn)
		}
		return err
	})
	if _, err := e.DialStdio(t.Context(), r, "127.0.0.1", 1, true); code(err) != "unreachable" {
		t.Errorf("a closed port: %v", err)
	}
	if server.Logins() != 1 {
		t.Errorf("%d logins", server.Logins())
	}
}

func TestForwarding(t *testing.T) {
	t.Parallel()
	server := sshtest.Start(t, sshtest.Options{Shell: "dash"})
	port := echoServer(t)
	e := newEngine(t, server.Lab, Options{IdleTimeout: time.Second})
	r := resolve(t, e, "target", dest.Options{})
	f, err := e.OpenForward(t.Context(), r, mux.Forward{Kind: mux.Remote, ListenHost: "127.0.0.1", ConnectHost: "127.0.0.1", ConnectPort: port}, true)
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(3 * time.Second) // longer than the idle time
	conn, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", itoa(f.Port)))
	if err != nil {
		t.Fatal(err)
	}
	roundTrip(t, conn)
	if _, err := e.OpenForward(t.Context(), r, mux.Forward{Kind: mux.Remote, ListenHost: "127.0.0.1", ListenPort: server.Port(), ConnectHost: "127.0.0.1", ConnectPort: port}, true); code(err) != "already_exists" {
		t.Errorf("a taken port: %v", err)
	}
	if err := errors.Join(f.Close(t.Context()), f.Close(t.Context())); err != nil {
		t.Error(err)
	}
	waitFor(t, "the server stops listening", func() bool { // it is told so without an answer
		conn, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", itoa(f.Port)))
		if err == nil {
			conn.Close()
		}
		return err != nil
	})
	lost, err := e.OpenForward(t.Context(), r, mux.Forward{Kind: mux.Remote, ListenHost: "127.0.0.1", ConnectHost: "127.0.0.1", ConnectPort: port}, true)
	if err != nil {
		t.Fatal(err)
	}
	server.DropConnections()
	select {
	case <-lost.Lost():
	case <-time.After(20 * time.Second):
		t.Error("the loss was not told")
	}
	_ = lost.Close(t.Context())
}
