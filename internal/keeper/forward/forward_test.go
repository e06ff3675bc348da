package forward

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"relay-shell/internal/keeper"
	"relay-shell/internal/sshbin"
	"relay-shell/internal/sshbin/dest"
	"relay-shell/internal/sshtest"
)

// TestMain lets the test's program be the keeper.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == keeper.Command {
		os.Exit(keeper.Main(os.Args[2:], map[string]keeper.Kind{Kind: Open}))
	}
	os.Exit(m.Run())
}

func itoa(n int) string { return strconv.Itoa(n) }

// world is a server with keepers around it.
type world struct {
	*sshtest.Server
	keepers *keeper.Keepers
	ssh     sshbin.Options
}

func newWorld(t *testing.T, o sshtest.Options) *world {
	t.Helper()
	s := sshtest.Start(t, o)
	w := &world{Server: s, ssh: sshbin.Options{ConfigFile: s.Config(), RuntimeDir: s.RuntimeDir(), Env: s.Env(), IdleTimeout: time.Minute}}
	w.keepers = keeper.Open(keeper.Options{Dir: filepath.Join(s.RuntimeDir(), "keepers"), Environ: s.Env(), Kinds: []string{Kind}})
	t.Cleanup(func() {
		list, err := w.keepers.List(context.Background(), "")
		if err != nil {
			t.Error(err)
		}
		for _, i := range list {
			if err := w.keepers.Close(context.Background(), i.ID); err != nil {
				t.Error(err)
			}
		}
	})
	return w
}

func (w *world) params(t *testing.T, spec string) Params {
	t.Helper()
	s, err := Parse(spec)
	if err != nil {
		t.Fatal(err)
	}
	d, err := dest.Parse(w.Alias(), dest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return Params{Host: d, Name: w.Alias(), Spec: s, SSH: w.ssh}
}

func (w *world) start(p Params) (keeper.Info, Status, error) {
	info, err := w.keepers.Start(context.Background(), Kind, 64, p)
	var s Status
	if err == nil {
		err = json.Unmarshal(info.Detail, &s)
	}
	return info, s, err
}

func (w *world) open(t *testing.T, p Params) (keeper.Info, Status) {
	t.Helper()
	info, s, err := w.start(p)
	if err != nil {
		t.Fatal(err)
	}
	return info, s
}

func (w *world) status(t *testing.T, id string) Status {
	t.Helper()
	info, err := w.keepers.Find(context.Background(), Kind, id)
	if err != nil {
		t.Fatal(err)
	}
	var s Status
	if err := json.Unmarshal(info.Detail, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// echoServer sends everything back in capitals after the client's end of input, so that half-closing is needed.
func echoServer(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				b, _ := io.ReadAll(c)
				_, _ = c.Write(bytes.ToUpper(b))
			}()
		}
	}()
	return l.Addr().(*net.TCPAddr).Port
}

// say sends a text through a connection and returns what comes back.
func say(c net.Conn, text string) (string, error) {
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(30 * time.Second))
	if _, err := io.WriteString(c, text); err != nil {
		return "", err
	}
	if err := c.(*net.TCPConn).CloseWrite(); err != nil {
		return "", err
	}
	b, err := io.ReadAll(c)
	return string(b), err
}

func through(t *testing.T, port int, text, want string) {
	t.Helper()
	c, err := net.Dial("tcp", "127.0.0.1:"+itoa(port))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := say(c, text); err != nil || got != want {
		t.Errorf("got %d bytes, %v, want %d", len(got), err, len(want))
	}
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("in vain: " + what)
		}
	}
}

// killMasters ends every master of the runtime directory the hard way.
func (w *world) killMasters(t *testing.T) {
	t.Helper()
	e, err := sshbin.New(w.ssh)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	list, err := e.Connections(context.Background())
	if err != nil || len(list) == 0 {
		t.Fatal("no masters", err)
	}
	for _, c := range list {
		if err := syscall.Kill(c.PID, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
}

func TestLocal(t *testing.T) {
	w := newWorld(t, sshtest.Options{})
	port := echoServer(t)
	info, s := w.open(t, w.params(t, "L:0:127.0.0.1:"+itoa(port)))
	if s.ListenHost != "127.0.0.1" || s.ListenPort == 0 || s.State != StateOpen {
		t.Errorf("%+v", s)
	}
	big := string(bytes.Repeat([]byte("x"), 3<<20))
	through(t, s.ListenPort, "hello", "HELLO")
	through(t, s.ListenPort, big, string(bytes.ToUpper([]byte(big))))
	eventually(t, "counting", func() bool {
		s = w.status(t, info.ID)
		return s.Connections == 2 && s.Active == 0 && s.Sent == int64(len(big)+5) && s.Received == s.Sent
	})
	if c, err := net.Dial("tcp", "[::1]:"+itoa(s.ListenPort)); err == nil {
		c.Close()
		t.Error("it listens beyond 127.0.0.1")
	}

	// The master dies: the next connection has a new one.
	w.killMasters(t)
	through(t, s.ListenPort, "again", "AGAIN")

	// The same port a second time is refused with a word that helps.
	p := w.params(t, "L:"+itoa(s.ListenPort)+":127.0.0.1:1")
	var e *keeper.Error
	if _, _, err := w.start(p); !errors.As(err, &e) || e.Code != "already_exists" {
		t.Error(err)
	}

	// A target that refuses ends the connection and is told.
	_, dead := w.open(t, w.params(t, "L:0:127.0.0.1:1"))
	if c, err := net.Dial("tcp", "127.0.0.1:"+itoa(dead.ListenPort)); err == nil { // the reset may be there before the dial returns
		if got, err := io.ReadAll(c); err == nil || len(got) > 0 {
			t.Errorf("%q, %v", got, err)
		}
		c.Close()
	}

	if err := w.keepers.Close(context.Background(), info.ID); err != nil {
		t.Fatal(err)
	}
	if c, err := net.Dial("tcp", "127.0.0.1:"+itoa(s.ListenPort)); err == nil {
		c.Close()
		t.Error("it still listens")
	}
}

func TestDynamic(t *testing.T) {
	w := newWorld(t, sshtest.Options{})
	port := echoServer(t)
	p := w.params(t, "D:0")
	p.Deny = `^169\.254\.`
	info, s := w.open(t, p)
	for _, tt := range []struct {
		kind byte
		host string
		port int
		want byte
	}{
		{addressIPv4, "\x7f\x00\x00\x01", port, replyOK},
		{addressName, "\x09localhost", port, replyOK},
		{addressIPv4, "\x7f\x00\x00\x01", 1, replyRefused},
		{addressIPv6, string(make([]byte, 15)) + "\x01", 1, replyRefused},
		{addressIPv4, "\xa9\xfe\xa9\xfe", 80, replyNotAllowed},
		{addressName, "\x0a0xa9fea9fe", 80, replyNotAllowed},
	} {
		c, err := net.Dial("tcp", "127.0.0.1:"+itoa(s.ListenPort))
		if err != nil {
			t.Fatal(err)
		}
		_ = c.SetDeadline(time.Now().Add(30 * time.Second))
		_, _ = c.Write([]byte("\x05\x01\x00\x05\x01\x00" + string(tt.kind) + tt.host + string([]byte{byte(tt.port >> 8), byte(tt.port)})))
		answer := make([]byte, 12)
		if _, err := io.ReadFull(c, answer); err != nil || answer[3] != tt.want {
			t.Errorf("%q: %x, %v", tt.host, answer, err)
		}
		if tt.want == replyOK {
			if got, err := say(c, "socks"); err != nil || got != "SOCKS" {
				t.Error(got, err)
			}
		}
		c.Close()
	}
	eventually(t, "counting", func() bool {
		s = w.status(t, info.ID)
		return s.Connections == 6 && s.Failed == 4 && s.Active == 0 && s.Error != ""
	})
}

func TestRemote(t *testing.T) {
	w := newWorld(t, sshtest.Options{})
	port := echoServer(t)
	info, s := w.open(t, w.params(t, "R:0:127.0.0.1:"+itoa(port)))
	if s.ListenPort == 0 || s.ListenHost != "127.0.0.1" {
		t.Errorf("%+v", s)
	}
	through(t, s.ListenPort, "remote", "REMOTE")
	eventually(t, "counting", func() bool {
		s = w.status(t, info.ID)
		return s.Connections == 1 && s.Sent == 6 && s.Received == 6
	})
	// The server's own words about a port that is taken.
	var e *keeper.Error
	if _, _, err := w.start(w.params(t, "R:"+itoa(port)+":127.0.0.1:1")); !errors.As(err, &e) || e.Code != "already_exists" {
		t.Error(err)
	}
	// The master dies: the same port comes back by itself.
	w.killMasters(t)
	eventually(t, "listening again", func() bool {
		c, err := net.Dial("tcp", "127.0.0.1:"+itoa(s.ListenPort))
		if err != nil {
			return false
		}
		got, err := say(c, "back")
		return err == nil && got == "BACK"
	})
	if again := w.status(t, info.ID); again.ListenPort != s.ListenPort || again.State != StateOpen {
		t.Errorf("%+v", again)
	}
	if err := w.keepers.Close(context.Background(), info.ID); err != nil {
		t.Fatal(err)
	}
	eventually(t, "port closed", func() bool {
		c, err := net.Dial("tcp", "127.0.0.1:"+itoa(s.ListenPort))
		if err == nil {
			c.Close()
		}
		return err != nil
	})
}

// TestFailure: what keeps the host from being reached is told at once, and no keeper stays.
func TestFailure(t *testing.T) {
	w := newWorld(t, sshtest.Options{})
	if err := w.Kill(); err != nil {
		t.Fatal(err)
	}
	for _, spec := range []string{"L:0:127.0.0.1:1", "D:0", "R:0:127.0.0.1:1"} {
		var e *keeper.Error
		if _, _, err := w.start(w.params(t, spec)); !errors.As(err, &e) || e.Code != "unreachable" {
			t.Errorf("%s: %v", spec, err)
		}
	}
	eventually(t, "no keepers", func() bool {
		list, err := w.keepers.List(context.Background(), "")
		return err == nil && len(list) == 0
	})
}

// TestStrange: a client that says nothing, or hangs up early, holds nothing up.
func TestStrange(t *testing.T) {
	w := newWorld(t, sshtest.Options{})
	port := echoServer(t)
	info, s := w.open(t, w.params(t, "D:0"))
	for range 20 {
		c, err := net.Dial("tcp", "127.0.0.1:"+itoa(s.ListenPort))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = c.Write([]byte("\x05\x01"))
		c.Close()
	}
	c, err := net.Dial("tcp", "127.0.0.1:"+itoa(s.ListenPort))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, _ = c.Write([]byte("\x05\x01\x00\x05\x01\x00\x01\x7f\x00\x00\x01" + string([]byte{byte(port >> 8), byte(port)})))
	answer := make([]byte, 12)
	if _, err := io.ReadFull(bufio.NewReader(c), answer); err != nil || answer[3] != replyOK {
		t.Errorf("%x %v", answer, err)
	}
	// Closing ends a connection that lives.
	if err := w.keepers.Close(context.Background(), info.ID); err != nil {
		t.Fatal(err)
	}
	_ = c.SetReadDeadline(time.Now().Add(30 * time.Second))
	if _, err := c.Read(answer); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error(err)
	}
}
