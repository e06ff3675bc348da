package sshbin

import (
	"context"
	"errors"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"relay-shell/internal/sshbin/dest"
	"relay-shell/internal/sshbin/mux"
	"relay-shell/internal/sshtest"
)

// TestFrozenIsListed shows a master that does not answer for what it is, to the engine that knows it and to another one.
func TestFrozenIsListed(t *testing.T) {
	t.Parallel()
	server := sshtest.Start(t, sshtest.Options{Ordinary: true})
	e := newEngine(t, server.Lab, Options{})
	info := ready(t, e, resolve(t, e, "target", dest.Options{}))
	if err := syscall.Kill(info.MasterPID, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	for name, engine := range map[string]*Engine{"own": e, "another": newEngine(t, server.Lab, Options{})} {
		list, err := engine.Connections(t.Context())
		if err != nil || len(list) != 1 || !list[0].Frozen || list[0].PID != info.MasterPID || !strings.HasSuffix(list[0].Destination, "target") {
			t.Errorf("%s: %+v, %v", name, list, err)
		}
	}
	if err := syscall.Kill(info.MasterPID, syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if list, err := e.Connections(t.Context()); err != nil || len(list) != 1 || list[0].Frozen {
		t.Errorf("thawed: %+v, %v", list, err)
	}
}

// TestFrozenWhileOpening freezes the master between its greeting and its answer: the command may have started, and says so.
func TestFrozenWhileOpening(t *testing.T) {
	t.Parallel()
	server := sshtest.Start(t, sshtest.Options{Ordinary: true})
	e := newEngine(t, server.Lab, Options{})
	r := resolve(t, e, "target", dest.Options{})
	info := ready(t, e, r)
	p, err := e.pool(r)
	if err != nil {
		t.Fatal(err)
	}
	s, err := p.acquire(t.Context(), wants{store: true, leash: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.leave()
	ctx, cancel := s.attended(t.Context())
	defer cancel()
	conn, err := mux.Dial(ctx, info.Path)
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.Greet(ctx); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(info.MasterPID, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	_, err = conn.Session(ctx, mux.Request{Command: "true", Stdin: e.null, Stdout: e.null, Stderr: e.null})
	var lost *mux.LostError
	if !errors.As(err, &lost) || !lost.Sent || time.Since(began) > 30*time.Second {
		t.Fatalf("error %v after %v", err, time.Since(began))
	}
	var said *Error
	if !errors.As(s.openError(err), &said) || !said.Started || said.Code != "connection_lost" || said.Message != errStopped.Error() {
		t.Errorf("said %+v", said)
	}
}

// TestFrozenUnderACancel does not wait for a leash that cannot be reached.
func TestFrozenUnderACancel(t *testing.T) {
	t.Parallel()
	server := sshtest.Start(t, sshtest.Options{Ordinary: true})
	e := newEngine(t, server.Lab, Options{})
	r := resolve(t, e, "target", dest.Options{})
	info := ready(t, e, r)
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	up := make(tell, 1)
	cut := make(chan time.Time, 1)
	go func() {
		<-up
		_ = syscall.Kill(info.MasterPID, syscall.SIGSTOP)
		cut <- time.Now()
		cancel(errCancelled)
	}()
	res, err := runIn(ctx, e, r, Command{Text: "echo up; sleep 7003", Stdout: up})
	if took := time.Since(<-cut); !errors.Is(err, errCancelled) || took > killTimeout {
		t.Errorf("error %v after %v", err, took)
	}
	if !slices.Equal(res.exit.Survivors, []string{Unknown}) {
		t.Errorf("survivors %q", res.exit.Survivors)
	}
}

// TestLastWords finds what ssh said of the end of a connection among what it says in passing.
func TestLastWords(t *testing.T) {
	t.Parallel()
	server := sshtest.Start(t, sshtest.Options{Ordinary: true})
	e := newEngine(t, server.Lab, Options{KeepAlive: time.Second})
	r := resolve(t, e, "target", dest.Options{})
	info := ready(t, e, r)
	m := e.known()[info.Path]
	if m == nil {
		t.Fatal("the engine does not know its master")
	}
	if words := m.lastWords(); words != "" {
		t.Errorf("a living master's last words: %q", words)
	}
	server.Pause()
	defer server.Resume()
	waitFor(t, "ssh gives up", func() bool { return strings.Contains(m.lastWords(), "not responding") })
	if why := m.why(errors.New("gone")); !strings.HasPrefix(why, "ssh said: ") {
		t.Errorf("why %q", why)
	}
}
