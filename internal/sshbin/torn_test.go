package sshbin

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"relay-shell/internal/sshbin/dest"
	"relay-shell/internal/sshtest"
)

// stuck takes nothing until it is let go.
type stuck struct {
	mu   sync.Mutex
	size int
}

func (s *stuck) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.size += len(p)
	return len(p), nil
}

// TestTorn kills the master when a command has ended and most of its output is still with the master: that is no success with less output.
func TestTorn(t *testing.T) {
	t.Parallel()
	server := sshtest.Start(t, sshtest.Options{Shell: "dash"})
	e := newEngine(t, server.Lab, Options{})
	r := resolve(t, e, "target", dest.Options{})
	file := filepath.Join(t.TempDir(), "pid")
	out := &stuck{}
	out.mu.Lock()
	ended := make(chan error, 1)
	go func() {
		_, err := e.Run(t.Context(), r, Command{Text: "echo $$ >" + file + "; exec seq 100000", Stdout: out})
		ended <- err
	}()
	waitFor(t, "the end", func() bool {
		text, err := os.ReadFile(file)
		pid, perr := strconv.Atoi(strings.TrimSpace(string(text)))
		return err == nil && perr == nil && errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
	})
	time.Sleep(500 * time.Millisecond) // what the master hears of the end has no event here; an earlier kill is another case of the same
	p, err := e.pool(r)
	if err != nil {
		t.Fatal(err)
	}
	p.mu.Lock()
	pid := p.masters[0].pid
	p.mu.Unlock()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the end", func() bool { return !running(pid) })
	out.mu.Unlock()
	var lost *Error
	if err := <-ended; !errors.As(err, &lost) || lost.Code != "connection_lost" || !lost.Started {
		t.Errorf("%v, %d bytes", err, out.size)
	}
}
