package sshbin

import (
	"context"
	"errors"
	"net"
	"os"
	"sync"
	"syscall"

	"relay-shell/internal/sshbin/dest"
	"relay-shell/internal/sshbin/mux"
)

// Session is a command, or a subsystem, whose descriptors the caller works with.
type Session struct {
	// Stdin, Stdout and Stderr are the near ends of pipes, nil for those that the command brought itself. The caller
	// closes them, or has Close do it.
	Stdin, Stdout, Stderr *os.File

	call  *call
	once  sync.Once
	ended chan struct{}
	exit  Exit
	err   error
}

// Open starts a command and gives its pipes. A Stdin, Stdout or Stderr of the command that is an *os.File is handed to the
// master as it is, whatever it is; the others are ignored, and a pipe is made for each.
//
// The session belongs to the caller: it does not end with ctx, which bounds the opening alone.
func (e *Engine) Open(ctx context.Context, r *dest.Resolved, c Command) (*Session, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	s := &Session{ended: make(chan struct{})}
	c.raw = true
	call, err := e.begin(ctx, r, &c)
	if err != nil {
		return nil, err
	}
	s.call = call
	s.Stdin, s.Stdout, s.Stderr = call.streams.near[0], call.streams.near[1], call.streams.near[2]
	if !e.background(s.follow) {
		_ = s.Close()
		return nil, &Error{Op: "running", Host: r.Alias, Started: true, Err: errClosed}
	}
	return s, nil
}

// follow waits for the end of the session. It ends with the session, or by Kill, Close or the engine's Close.
func (s *Session) follow() {
	k := s.call
	defer close(s.ended)
	exit := Exit{Started: k.started}
	select {
	case <-k.channel.Exited():
		if status, known := k.status(); known {
			exit.Code, exit.Signal = &status, signalName(status)
		} else if err := k.seat.alive(k.engine.ctx); err != nil {
			s.err = k.connectionLost(err)
		}
	case <-k.seat.lost:
		s.err = k.connectionLost(nil)
	}
	k.forget()
	s.exit = exit
}

// Wait waits until the command has exited; output may still be in the pipes. The error is a *[Error] when the connection was
// lost, and context.Cause(ctx) when ctx ends first, which leaves the session as it is.
func (s *Session) Wait(ctx context.Context) (Exit, error) {
	select {
	case <-s.ended:
		return s.exit, s.err
	case <-ctx.Done():
		return Exit{Started: s.call.started}, context.Cause(ctx)
	}
}

// Kill ends the processes of the command and says what is left, as Exit.Survivors does.
func (s *Session) Kill() []string { return s.call.kill() }

// Close hangs up and closes the pipes. What the command started and still runs is left alone. It may be called twice.
func (s *Session) Close() error {
	var errs []error
	s.once.Do(func() {
		errs = append(errs, s.call.channel.Close())
		s.call.forget()
		s.call.seat.leave()
		for _, f := range s.call.streams.near {
			if f != nil {
				if err := f.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
					errs = append(errs, err)
				}
			}
		}
	})
	return errors.Join(errs...)
}

// newPipes makes the descriptors of a session whose near ends the caller gets.
func newPipes(c *Command, preamble string) (s *streams, err error) {
	s = &streams{preamble: preamble, done: make(chan struct{})}
	defer func() {
		if err != nil {
			s.discard()
		}
	}()
	if f, ok := c.Stdin.(*os.File); ok && preamble == "" {
		s.stdin = f
	} else {
		if s.stdin, s.near[0], err = os.Pipe(); err != nil {
			return s, err
		}
		s.theirs = append(s.theirs, s.stdin)
	}
	if f, ok := c.Stdout.(*os.File); ok {
		s.stdout = f
	} else {
		if s.near[1], s.stdout, err = os.Pipe(); err != nil {
			return s, err
		}
		s.theirs = append(s.theirs, s.stdout)
	}
	if f, ok := c.Stderr.(*os.File); ok {
		s.stderr = f
		return s, nil
	}
	if s.near[2], s.stderr, err = os.Pipe(); err != nil {
		return s, err
	}
	s.theirs = append(s.theirs, s.stderr)
	return s, nil
}

// DialStdio connects to host and port as seen from the destination, over its live connection, like ssh -W. It takes none of the
// server's sessions. Closing the connection closes the stream.
func (e *Engine) DialStdio(ctx context.Context, r *dest.Resolved, host string, port int, store bool) (net.Conn, error) {
	p, err := e.pool(r)
	if err != nil {
		return nil, &Error{Op: "forwarding", Host: r.Alias, Err: err}
	}
	for losses := 0; ; losses++ {
		s, err := p.acquire(ctx, wants{store: store})
		if err != nil {
			return nil, err
		}
		conn, err := s.dial(ctx, host, port)
		s.leave() // the stream holds the master up by itself
		var refused *mux.RefusedError
		switch {
		case err == nil:
			return conn, nil
		case ctx.Err() != nil:
			return nil, context.Cause(ctx)
		case errors.As(err, &refused):
			return nil, &Error{Op: "forwarding", Host: r.Alias, Code: "unreachable", Message: net.JoinHostPort(host, itoa(port)) + ": " + refused.Reason, Err: err,
				Hint: "check host and port as seen from " + r.Alias + ", and whether its sshd allows forwarding (AllowTcpForwarding)"}
		}
		s.end()
		if losses >= maxLosses {
			return nil, &Error{Op: "forwarding", Host: r.Alias, Code: "connection_lost", Message: s.why(err), Err: err, Hint: "call again"}
		}
	}
}

// dial opens a forwarded stream over one end of a socket pair.
func (m *master) dial(ctx context.Context, host string, port int) (net.Conn, error) {
	near, far, err := socketPair()
	if err != nil {
		return nil, err
	}
	defer near.Close()
	defer far.Close()
	conn, err := net.FileConn(near)
	if err != nil {
		return nil, err
	}
	ctx, cancel := m.attended(ctx)
	defer cancel()
	c, err := mux.Dial(ctx, m.path)
	if err == nil {
		var s *mux.Session
		if s, err = c.StdioForward(ctx, host, port, far, far); err == nil {
			return &stream{Conn: conn, session: s}, nil
		}
	}
	conn.Close()
	return nil, err
}

func socketPair() (near, far *os.File, err error) {
	syscall.ForkLock.RLock() // no process may be started before the descriptors are marked
	defer syscall.ForkLock.RUnlock()
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		return nil, nil, err
	}
	syscall.CloseOnExec(fds[0])
	syscall.CloseOnExec(fds[1])
	return os.NewFile(uintptr(fds[0]), "near"), os.NewFile(uintptr(fds[1]), "far"), nil
}

// stream is a forwarded connection.
type stream struct {
	net.Conn
	session *mux.Session
}

// CloseWrite tells the other side that nothing more comes.
func (s *stream) CloseWrite() error { return s.Conn.(*net.UnixConn).CloseWrite() }

func (s *stream) Close() error { return errors.Join(s.Conn.Close(), s.session.Close()) }
