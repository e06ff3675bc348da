package keeper

import (
	"net"
	"os"
	"path/filepath"
	"sync"
)

// Socket is a listening unix socket that only processes of this user reach. When its file is taken away, as by a logout that clears
// the runtime directory, [Socket.Mend] makes it anew.
type Socket struct {
	path string
	// accepted has the connections of whichever listener is current.
	accepted chan net.Conn
	closed   chan struct{}

	mu       sync.Mutex
	listener *net.UnixListener
	file     os.FileInfo // the socket's file as it was made
	work     sync.WaitGroup
	once     sync.Once
}

// Listen makes a socket at path, and its directory (0700) where it is missing.
func Listen(path string) (*Socket, error) {
	s := &Socket{path: path, accepted: make(chan net.Conn), closed: make(chan struct{})}
	if err := s.open(); err != nil {
		return nil, err
	}
	return s, nil
}

// open listens under another name first, so that a socket that can be seen has its listener.
func (s *Socket) open() error {
	if err := makeDir(filepath.Dir(s.path)); err != nil {
		return err
	}
	tmp := filepath.Join(filepath.Dir(s.path), "."+filepath.Base(s.path))
	_ = os.Remove(tmp)
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: tmp, Net: "unix"})
	if err != nil {
		return err
	}
	l.SetUnlinkOnClose(false) // the name is another by then, and may be another's
	if err = os.Chmod(tmp, 0o600); err == nil {
		err = os.Rename(tmp, s.path)
	}
	var info os.FileInfo
	if err == nil {
		info, err = os.Lstat(s.path)
	}
	if err != nil {
		l.Close()
		_ = os.Remove(tmp)
		return err
	}
	s.mu.Lock()
	old := s.listener
	s.listener, s.file = l, info
	s.mu.Unlock()
	if old != nil {
		old.Close()
	}
	s.work.Go(func() { s.accept(l) })
	return nil
}

// accept passes connections of this user on. It ends when its listener is closed.
func (s *Socket) accept(l *net.UnixListener) {
	for {
		c, err := l.AcceptUnix()
		if err != nil {
			return
		}
		if peer, err := peerOf(c); err != nil || peer.uid != os.Getuid() {
			c.Close()
			continue
		}
		select {
		case s.accepted <- c:
		case <-s.closed:
			c.Close()
			return
		}
	}
}

// Accept waits for a connection. It fails with net.ErrClosed after Close.
func (s *Socket) Accept() (net.Conn, error) {
	select {
	case c := <-s.accepted:
		return c, nil
	case <-s.closed:
		return nil, net.ErrClosed
	}
}

// Mend makes the socket anew if its file is gone or another's.
func (s *Socket) Mend() error {
	select {
	case <-s.closed:
		return nil
	default:
	}
	if s.ours() {
		return nil
	}
	return s.open()
}

func (s *Socket) ours() bool {
	s.mu.Lock()
	made := s.file
	s.mu.Unlock()
	info, err := os.Lstat(s.path)
	return err == nil && os.SameFile(info, made)
}

// Path is the socket's file.
func (s *Socket) Path() string { return s.path }

// Close ends listening and removes the file. Connections live on. It may be called twice.
func (s *Socket) Close() error {
	var err error
	s.once.Do(func() {
		close(s.closed)
		if s.ours() {
			err = os.Remove(s.path)
		}
		s.mu.Lock()
		l := s.listener
		s.mu.Unlock()
		l.Close()
		s.work.Wait()
	})
	return err
}
