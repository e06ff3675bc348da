package mux

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"time"
)

// Detached is a session without a process that follows it: what another one needs, beside the connection, to go on.
type Detached struct {
	// ID is the session's id on the master.
	ID uint32 `json:"id"`
	// Partial is the beginning of a message that has not come whole.
	Partial []byte `json:"partial,omitempty"`
}

// ErrEnded says that there is nothing to detach: how the session ended is known, or it has been closed.
var ErrEnded = errors.New("the session has ended")

// Detach stops following the session, which goes on as long as conn, a copy of its connection, or the session's own is open. [Resume]
// follows it again, here or in a process that conn was passed to. Close then closes the session's own connection alone.
func (s *Session) Detach() (conn *os.File, d Detached, err error) {
	s.detaching.Store(true)
	_ = s.conn.sock.SetReadDeadline(time.Unix(1, 0))
	select {
	case <-s.stopped:
	case <-s.ended:
		return nil, d, ErrEnded
	}
	if s.known() {
		s.resume()
		return nil, d, ErrEnded
	}
	if conn, err = s.conn.sock.File(); err != nil {
		s.resume()
		return nil, d, err
	}
	return conn, Detached{ID: s.id, Partial: s.in.partial()}, nil
}

// Share is a copy of the session's connection: the session goes on as long as that is open, whatever becomes of this process.
func (s *Session) Share() (*os.File, error) { return s.conn.sock.File() }

// known reports whether the exit status has come.
func (s *Session) known() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.exit.Known
}

// resume follows a session that could not be detached.
func (s *Session) resume() {
	s.detaching.Store(false)
	_ = s.conn.sock.SetReadDeadline(time.Time{})
	s.in.replay()
	s.stopped = make(chan struct{})
	go s.follow()
}

// Resume follows a detached session. conn is taken over.
func Resume(conn *os.File, d Detached) (*Session, error) {
	defer conn.Close()
	c, err := net.FileConn(conn)
	if err != nil {
		return nil, err
	}
	sock, ok := c.(*net.UnixConn)
	if !ok {
		c.Close()
		return nil, errors.New("the session's connection is no unix socket")
	}
	s := newSession(&Conn{sock: sock}, d.ID)
	s.in.pending = d.Partial
	go s.follow()
	return s, nil
}

// messages reads messages and remembers what it has read of the current one.
type messages struct {
	r       io.Reader
	pending []byte // to be read first
	taken   bytes.Buffer
}

// Read reads from what is pending, then from the connection.
func (m *messages) Read(p []byte) (n int, err error) {
	if len(m.pending) > 0 {
		n = copy(p, m.pending)
		m.pending = m.pending[n:]
	} else {
		n, err = m.r.Read(p)
	}
	m.taken.Write(p[:n])
	return n, err
}

// next begins another message.
func (m *messages) next() { m.taken.Reset() }

// partial is what has come of the current message.
func (m *messages) partial() []byte { return append(bytes.Clone(m.taken.Bytes()), m.pending...) }

// replay reads the current message again from its beginning.
func (m *messages) replay() {
	m.pending = m.partial()
	m.taken.Reset()
}
