package sshbin

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"relay-shell/internal/sshbin/dest"
	"relay-shell/internal/sshtest"
)

// TestHandover lets commands go at random moments and ends the engine that began them: no byte is lost or doubled, and how they end
// is known.
func TestHandover(t *testing.T) {
	t.Parallel()
	server := sshtest.Start(t, sshtest.Options{Ordinary: true, Shell: "dash"})
	for i := range trialHandovers {
		merged := i%2 == 0
		e := newEngine(t, server.Lab, Options{})
		r := resolve(t, e, "target", dest.Options{})
		detach := make(chan struct{})
		var out, errs bytes.Buffer
		c := Command{
			Text:   `cat; i=0; while [ $i -lt 2000 ]; do echo "line $i"; [ $((i%400)) != 399 ] || sleep 0.1; i=$((i+1)); done; echo oops >&2; exit 9`,
			Stdin:  strings.NewReader("given\n"),
			Stdout: &out, Stderr: &errs, Detach: detach,
			Started: func(Started) {
				time.AfterFunc(time.Duration(rand.IntN(700))*time.Millisecond, func() { close(detach) })
			},
		}
		if merged {
			c.Stderr = &out
		}
		exit, err := e.Run(t.Context(), r, c)
		if err != nil {
			t.Fatal(err)
		}
		if h := exit.Handover; h != nil {
			exit = followed(t, e, h, &out, &errs)
		}
		if exit.Code == nil || *exit.Code != 9 {
			t.Errorf("trial %d: ended as %+v", i, exit)
		}
		want, wantErr := "given\n", "oops\n"
		var lines strings.Builder
		for n := range 2000 {
			fmt.Fprintf(&lines, "line %d\n", n)
		}
		want += lines.String()
		if merged {
			want, wantErr = want+"oops\n", ""
		}
		if out.String() != want || errs.String() != wantErr {
			t.Errorf("trial %d: %d bytes of output instead of %d, %q", i, out.Len(), len(want), errs.String())
		}
	}
}

// followed follows a command as another process would, and ends the engine that began it.
func followed(t *testing.T, e *Engine, h *Handover, out, errs io.Writer) Exit {
	t.Helper()
	dup := func(f *os.File) *os.File {
		if f == nil {
			return nil
		}
		return duplicate(t, f)
	}
	conn, stdout, stderr := dup(h.Conn), dup(h.Stdout), dup(h.Stderr)
	leash := &LeashCopy{In: dup(h.Leash.In), Conn: dup(h.Leash.Conn)}
	f, err := Follow(conn, h.Detached)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := leash.Forget(h.Detached.Mark); err != nil {
		t.Error(err)
	}
	if left := h.Release(true); len(left) > 0 {
		t.Errorf("left %v", left)
	}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
	var copying sync.WaitGroup
	for from, to := range map[*os.File]io.Writer{stdout: out, stderr: errs} {
		if from != nil {
			copying.Go(func() { _, _ = io.Copy(to, from); from.Close() })
		}
	}
	copying.Wait()
	select {
	case <-f.Exited():
	case <-time.After(30 * time.Second):
		t.Fatal("the end is not told")
	}
	exit, err := f.Exit(context.Background())
	if err != nil {
		t.Error(err)
	}
	return exit
}

// TestHandoverRefused ends a command that nobody has taken.
func TestHandoverRefused(t *testing.T) {
	t.Parallel()
	server := sshtest.Start(t, sshtest.Options{Ordinary: true, Shell: "dash"})
	e := newEngine(t, server.Lab, Options{})
	r := resolve(t, e, "target", dest.Options{})
	detach := make(chan struct{})
	exit, err := e.Run(t.Context(), r, Command{Text: "trap '' TERM; sleep 4713 & echo up; wait; sleep 4713", Stdout: onFirst(func() { close(detach) }), Detach: detach})
	if err != nil || exit.Handover == nil {
		t.Fatalf("%+v, %v", exit, err)
	}
	if left := exit.Handover.Release(false); len(left) > 0 {
		t.Errorf("left %v", left)
	}
	if n, err := e.Signal(t.Context(), r, exit.Handover.Detached.Mark, "CONT"); n != 0 || err != nil {
		t.Errorf("%d processes live on, %v", n, err)
	}
}

// onFirst is a writer that tells of its first bytes.
func onFirst(f func()) io.Writer {
	var once sync.Once
	return writerFunc(func(p []byte) (int, error) { once.Do(f); return len(p), nil })
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// duplicate is a copy of a file, as one that was passed to another process.
func duplicate(t *testing.T, f *os.File) *os.File {
	t.Helper()
	raw, err := f.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var fd int
	var derr error
	if err := raw.Control(func(old uintptr) { fd, derr = unix.FcntlInt(old, unix.F_DUPFD_CLOEXEC, 0) }); err != nil || derr != nil {
		t.Fatal(err, derr)
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		t.Fatal(err)
	}
	return os.NewFile(uintptr(fd), "copy")
}
