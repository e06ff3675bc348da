package sshbin

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"

	"relay-shell/internal/sshbin/dest"
	"relay-shell/internal/sshtest"
)

// spawned is an ssh client on a terminal.
type spawned struct {
	Riding
	control *os.File
}

func spawnOn(t *testing.T, e *Engine, r *dest.Resolved, c Command) *spawned {
	t.Helper()
	c.StoreHostKey = true
	s, err := e.SpawnArgs(t.Context(), r, c)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(s.Args[0], s.Args[1:]...)
	cmd.Env = append(s.Env, "TERM=dumb")
	control, err := pty.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	prints := make(chan struct{})
	go func() { // ends with the terminal, whose other end the master may hold until the server has ended the session
		if _, err := io.ReadFull(control, make([]byte, 1)); err == nil {
			close(prints)
		}
		_, _ = io.Copy(io.Discard, control)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		control.Close()
	})
	if _, err := io.WriteString(control, " "); err != nil { // what prints nothing by itself shows this
		t.Fatal(err)
	}
	select {
	case <-prints: // it has its place on the connection
	case <-time.After(30 * time.Second):
		t.Error("the session prints nothing")
	}
	return &spawned{s.Riding, control}
}

// waitEcho asks until the answer is as wanted.
func (s *spawned) waitEcho(t *testing.T, want Echo) {
	t.Helper()
	var got Echo
	var err error
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if got, err = s.Echo(t.Context()); err == nil && got == want {
			return
		}
	}
	t.Errorf("%+v, %v; want %+v", got, err, want)
}

func (s *spawned) unknown(t *testing.T, why string) {
	t.Helper()
	var err error
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		var unknown *UnknownEchoError
		if _, err = s.Echo(t.Context()); errors.As(err, &unknown) && strings.Contains(unknown.Reason, why) {
			return
		}
	}
	t.Errorf("%v; want %s", err, why)
}

const asks = `stty -echo; printf 'Password: '; read p; stty echo; printf 'Name: '; read q`

// TestEcho asks for the terminals of sessions, which share a connection, under every kind of login shell.
func TestEcho(t *testing.T) {
	t.Parallel()
	for _, o := range []sshtest.Options{{Shell: "bash", Ordinary: true}, {Shell: "dash"}, {Shell: "fish"}, {Shell: "tcsh"}, {Dropbear: true, Shell: "dash"}} {
		name := o.Shell
		if o.Dropbear {
			name += " dropbear"
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := sshtest.Start(t, o)
			e := newEngine(t, server.Lab, Options{})
			r := resolve(t, e, "target", dest.Options{})
			first := spawnOn(t, e, r, Command{Text: asks})
			second := spawnOn(t, e, r, Command{Text: "stty raw -echo; echo raw; sleep 1000"})
			first.waitEcho(t, Echo{Canonical: true})
			second.waitEcho(t, Echo{})
			if _, err := io.WriteString(first.control, "x\r"); err != nil {
				t.Fatal(err)
			}
			first.waitEcho(t, Echo{Echo: true, Canonical: true})
			if server.Logins() != 1 {
				t.Errorf("%d logins", server.Logins())
			}
		})
	}
}

// TestEchoLoginShell: a login shell bears a mark only where the server accepts it; alone on its connection it is known all the same.
func TestEchoLoginShell(t *testing.T) {
	t.Parallel()
	for _, accept := range []bool{false, true} {
		o := sshtest.Options{Shell: "dash", Ordinary: true}
		if !accept { // dropbear accepts no variables
			o = sshtest.Options{Shell: "dash", Dropbear: true}
		}
		server := sshtest.Start(t, o)
		e := newEngine(t, server.Lab, Options{})
		r := resolve(t, e, "target", dest.Options{})
		first := spawnOn(t, e, r, Command{})
		first.waitEcho(t, Echo{Echo: true, Canonical: true})
		second := spawnOn(t, e, r, Command{})
		if _, err := io.WriteString(second.control, "stty -echo\r"); err != nil {
			t.Fatal(err)
		}
		if accept {
			first.waitEcho(t, Echo{Echo: true, Canonical: true})
			second.waitEcho(t, Echo{Canonical: true})
		} else {
			first.unknown(t, "several terminals")
		}
	}
}

// TestEchoUnknown: where nobody can tell, that is what is said, and in time.
func TestEchoUnknown(t *testing.T) {
	t.Parallel()
	server := sshtest.Start(t, sshtest.Options{Shell: "dash", Ordinary: true})
	e := newEngine(t, server.Lab, Options{})
	r := resolve(t, e, "target", dest.Options{})
	s := spawnOn(t, e, r, Command{Text: asks})
	(&spawned{Riding: Riding{Path: s.Path, Mark: "x'; touch y"}}).unknown(t, "no mark")
	(&spawned{Riding: Riding{Path: server.Dir() + "/none", Mark: s.Mark}}).unknown(t, "no master")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Echo(ctx); err == nil {
		t.Error("an answer without time")
	}
	forced := sshtest.Start(t, sshtest.Options{Ordinary: true, Config: []string{"ForceCommand cat"}})
	fe := newEngine(t, forced.Lab, Options{})
	spawnOn(t, fe, resolve(t, fe, "target", dest.Options{}), Command{}).unknown(t, "no shell")
}

func FuzzParseEcho(f *testing.F) {
	f.Add([]byte("noise\nT one\nspeed 38400 baud; line = 0;\nisig icanon -echo\nT end\n"))
	f.Add([]byte("T one\nicanon echo -echo\nT end\n"))
	f.Fuzz(func(t *testing.T, answer []byte) {
		e, err := parseEcho(answer, "T")
		if err == nil && !e.Echo && !strings.Contains(string(answer), "-echo") {
			t.Errorf("%q: no echo", answer)
		}
	})
}
