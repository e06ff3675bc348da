package mux

import (
	"context"
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
)

// noEscape asks for no escape character.
const noEscape = 0xffffffff

// Request describes a session to open.
type Request struct {
	// Command is the command line for the remote user's shell, or the name of the subsystem. At most some 250 kB together
	// with Env (the master's limit on one message); one argument of the remote kernel takes less.
	Command string
	// Subsystem asks for the subsystem named Command.
	Subsystem bool
	// TTY asks for a remote terminal. Its modes and size are those of Stdin at that moment, if that is a terminal.
	TTY bool
	// Term is the terminal type for TTY.
	Term string
	// ForwardAgent asks for agent forwarding; the master grants it only if its own configuration has it too.
	ForwardAgent bool
	// Env are NAME=value strings. The master drops those that its SendEnv does not name, the server those that its
	// AcceptEnv does not name.
	Env []string
	// Stdin, Stdout and Stderr are handed to the master, which sets them to non-blocking unless they are terminals. The
	// caller closes its own copies, usually at once. The same file for the last two gives one stream.
	Stdin, Stdout, Stderr *os.File
}

// Exit is how a session ended.
type Exit struct {
	// Status is the remote exit status. It is valid only if Known: a remote shell that died of a signal, like a lost
	// master, ends the session without one.
	Status uint32
	Known  bool
	// TTYFailed says that the server gave no terminal though one was asked for.
	TTYFailed bool
}

// Session is a session, or a forwarded stream, that a master carries for us.
type Session struct {
	conn   *Conn
	id     uint32
	exited chan struct{} // closed when the exit status is known or the session has ended
	ended  chan struct{} // closed when the master has closed the session
	once   sync.Once
	in     *messages

	// detaching asks the follower to stop, which closes stopped.
	detaching atomic.Bool
	stopped   chan struct{}

	mu   sync.Mutex
	exit Exit
}

func newSession(c *Conn, id uint32) *Session {
	return &Session{conn: c, id: id, exited: make(chan struct{}), ended: make(chan struct{}), in: &messages{r: c.sock}, stopped: make(chan struct{})}
}

// Session asks for a session and waits until the server has opened it or refused. A *[RefusedError] means that nothing was
// started. A *[LostError] with Sent means that the command may have been started; without, that it has not.
//
// The connection belongs to the session afterwards; on an error it is closed.
func (c *Conn) Session(ctx context.Context, r Request) (*Session, error) {
	p := c.begin(reqNewSession)
	p.string("") // reserved
	p.bool(r.TTY)
	p.bool(false) // X11 forwarding
	p.bool(r.ForwardAgent)
	p.bool(r.Subsystem)
	p.uint32(noEscape)
	p.string(r.Term)
	p.string(r.Command)
	for _, env := range r.Env {
		p.string(env)
	}
	return c.passenger(ctx, "session", p, r.Stdin, r.Stdout, r.Stderr)
}

// StdioForward asks the server to connect to host and port and hands it in and out. It counts as a session of this
// connection, but not towards the server's MaxSessions.
func (c *Conn) StdioForward(ctx context.Context, host string, port int, in, out *os.File) (*Session, error) {
	p := c.begin(reqStdioForward)
	p.string("") // reserved
	p.string(host)
	p.uint32(uint32(port))
	return c.passenger(ctx, "stdio forward", p, in, out)
}

func (c *Conn) passenger(ctx context.Context, op string, request *packet, files ...*os.File) (*Session, error) {
	if err := c.Greet(ctx); err != nil {
		_ = c.Close()
		return nil, err
	}
	var id uint32
	err := c.exchange(ctx, op, func(sent *bool) error {
		if err := c.send(request); err != nil {
			return err
		}
		// Without pause from here: the master reads nothing else until it has the descriptors.
		for _, f := range files {
			if err := c.pass(f); err != nil {
				return err
			}
		}
		*sent = true
		kind, body, err := c.answer(op)
		if err != nil {
			return err
		}
		id = body.uint32()
		if kind != ansOpened || body.bad {
			return &ProtocolError{Op: op, What: "no session id"}
		}
		return nil
	})
	if err != nil {
		_ = c.Close()
		return nil, err
	}
	s := newSession(c, id)
	go s.follow()
	return s, nil
}

// pass sends one descriptor as the master expects it: one byte with one SCM_RIGHTS message (monitor_fdpass.c).
func (c *Conn) pass(f *os.File) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var sendErr error
	// Not f.Fd(): that would set the description to blocking.
	err = raw.Control(func(fd uintptr) {
		_, _, sendErr = c.sock.WriteMsgUnix([]byte{0}, syscall.UnixRights(int(fd)), nil)
	})
	return errors.Join(err, sendErr)
}

// follow reads what the master says of the session. It ends when the master closes the connection, or when Close or Detach does.
func (s *Session) follow() {
	if s.read() {
		close(s.stopped)
		return
	}
	s.once.Do(func() { close(s.exited) })
	close(s.ended)
}

// read reads to the end of the session, or until it is to be detached.
func (s *Session) read() (detached bool) {
	for {
		s.in.next()
		kind, body, err := readMessage(s.in)
		if err != nil {
			return s.detaching.Load() && errors.Is(err, os.ErrDeadlineExceeded)
		}
		id := body.uint32()
		if id != s.id {
			return false // not ours to understand; the session ends without a status
		}
		s.mu.Lock()
		switch kind {
		case ansExit:
			status := body.uint32()
			if !body.bad && !s.exit.Known {
				s.exit.Status, s.exit.Known = status, true
				s.once.Do(func() { close(s.exited) })
			}
		case ansTTYFailed:
			s.exit.TTYFailed = true
		}
		s.mu.Unlock()
	}
}

// Exited is closed as soon as the exit status is known, at the latest when the session has ended. Output can still be on
// its way then.
func (s *Session) Exited() <-chan struct{} { return s.exited }

// Ended is closed when the master has closed the session, or is gone.
func (s *Session) Ended() <-chan struct{} { return s.ended }

// Exit says how the session ended, as far as that is known now.
func (s *Session) Exit() Exit {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.exit
}

// Close hangs up. The master closes the remote channel, which by itself ends no remote process. It may be called twice.
func (s *Session) Close() error {
	err := s.conn.Close()
	select {
	case <-s.ended:
	case <-s.stopped:
	}
	return err
}
