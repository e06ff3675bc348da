package localexec

import (
	"context"
	"errors"
	"os"
	"sync"
	"syscall"
	"time"
)

const (
	// startMax is how long the start of a command may take. The fork waits for the program's file system.
	startMax = 10 * time.Second
	// closeMax is how long Close waits for the ends of running commands.
	closeMax = 4 * time.Second
)

// SupervisorOptions say how to start the process.
type SupervisorOptions struct {
	// Program is a program that calls Supervise when it is run with Args; "" is this process's own, even if its file has been
	// replaced since.
	Program string
	Args    []string
	// Environ is the environment of this process. The supervisor gets nothing of it but the marks of commands that this process
	// itself runs in.
	Environ []string
}

// Supervisor runs commands as children of a process that lives as long as this one, and a moment longer: it ends what runs when
// this one is gone. It is safe for concurrent use. If its process dies, running commands are ended, and the next one
// starts a new process.
type Supervisor struct {
	opts SupervisorOptions

	mu      sync.Mutex
	current *helper
	closed  bool
}

// StartSupervisor starts the process, so that the first command does not wait for it.
func StartSupervisor(o SupervisorOptions) (*Supervisor, error) {
	s := &Supervisor{opts: o}
	_, err := s.helper()
	return s, err
}

// Run is [Run] for a child of the supervisor.
func (s *Supervisor) Run(ctx context.Context, c Command) (Exit, error) {
	return run(ctx, c, s.start)
}

// Close ends all running commands that are not detached and waits for that, at most four seconds.
func (s *Supervisor) Close() error {
	s.mu.Lock()
	h := s.current
	s.current, s.closed = nil, true
	s.mu.Unlock()
	if h == nil {
		return nil
	}
	_ = h.link.conn.CloseWrite() // it may be gone already
	timer := time.NewTimer(closeMax)
	defer timer.Stop()
	defer h.link.conn.Close()
	end := h.gone
	if h.detached.Load() {
		end = h.dead
	}
	select {
	case <-end:
		return nil
	case <-timer.C:
		return errors.New("the supervisor is still ending commands")
	}
}

// helper is the living process, a new one if there is none.
func (s *Supervisor) helper() (*helper, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, refuse("internal", "the server is shutting down", "the supervisor is closed")
	}
	if s.current != nil {
		select {
		case <-s.current.dead:
		default:
			return s.current, nil
		}
	}
	h, err := startHelper(s.opts)
	if err != nil {
		return nil, refuse("internal", "look at the limits of this user and at the server's log", "starting the supervisor: %v", err)
	}
	s.current = h
	return h, nil
}

// drop makes the next command start a new process.
func (s *Supervisor) drop(h *helper) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current == h {
		s.current = nil
	}
	h.link.conn.Close()
}

func (s *Supervisor) start(spec spec) (process, error) {
	h, err := s.helper()
	if err != nil {
		return nil, err
	}
	if spec.dir == "" { // the supervisor's own is another
		if spec.dir, err = os.Getwd(); err != nil {
			return nil, startError(spec.program, err)
		}
	}
	p := h.add(spec.id)
	m := startMessage(spec)
	m.seq = p.seq
	if err := h.link.send(m); err != nil {
		h.remove(p)
		if !errors.Is(err, errTooLarge) {
			s.drop(h)
		}
		return nil, startError(spec.program, err)
	}
	timer := time.NewTimer(startMax)
	defer timer.Stop()
	select {
	case m := <-p.answers:
		if m.kind == msgStarted {
			p.process = m.number(0)
			return p, nil
		}
		h.remove(p)
		return nil, startError(spec.program, syscall.Errno(m.number(0)))
	case <-h.dead:
		p.localTree().end() // it may have been started
		return nil, p.died()
	case <-timer.C:
		s.drop(h)
		return nil, refuse("internal", "its file system may hang; the next command gets a new supervisor", "%s did not start within %v", spec.program, startMax)
	}
}
