package sshbin

import (
	"os"
	"time"

	"golang.org/x/sys/unix"

	"relay-shell/internal/sshbin/mux"
)

// LeashCopy is the leash of a command in the hands of whoever follows it: copies of the leash's input and of its connection. While they are open the
// leash does not take this program for gone, so that there is no moment at which the command belongs to both or to none: until
// [LeashCopy.Forget] it ends with this program, afterwards it does not.
type LeashCopy struct{ In, Conn *os.File }

// copied makes one; nil where the leash cannot be shared.
func (l *leash) copied() *LeashCopy {
	s, ok := l.channel.(*mux.Session)
	if !ok {
		return nil
	}
	conn, err := s.Share()
	if err != nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	in, err := duplicated(l.in)
	if err != nil || l.broken {
		conn.Close()
		return nil
	}
	return &LeashCopy{In: in, Conn: conn}
}

// Close gives the copies up. It may be called twice.
func (c *LeashCopy) Close() {
	if c != nil {
		c.In.Close()
		c.Conn.Close()
	}
}

const (
	// readPause is how long the master is left to read the leash's input, readMost for how long it may take in all.
	readPause = time.Millisecond
	readMost  = 10 * time.Second
)

// Forget tells the leash that the call with this mark is somebody else's, and closes the copies as soon as the master has read that: when it
// sees the connection end it reads no further.
func (c *LeashCopy) Forget(mark string) error {
	_ = c.In.SetWriteDeadline(time.Now().Add(leashWriteTimeout))
	if _, err := c.In.WriteString("e " + mark + "\n"); err != nil { // short enough never to mix with another's line
		c.Close()
		return err
	}
	go func() { // ends with the master's reading, or with its patience
		defer c.Close()
		for pause, deadline := readPause, time.Now().Add(readMost); unread(c.In) && time.Now().Before(deadline); pause *= 2 {
			time.Sleep(pause)
		}
	}()
	return nil
}

// unread says whether something stands in a pipe.
func unread(f *os.File) bool {
	n := 0
	if raw, err := f.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { n, _ = unix.IoctlGetInt(int(fd), bytesQueued) })
	}
	return n > 0
}

// duplicated is a second descriptor for an open file.
func duplicated(f *os.File) (*os.File, error) {
	raw, err := f.SyscallConn()
	if err != nil {
		return nil, err
	}
	fd, derr := -1, error(nil)
	if err := raw.Control(func(old uintptr) { fd, derr = unix.FcntlInt(old, unix.F_DUPFD_CLOEXEC, 0) }); err != nil {
		return nil, err
	}
	if derr != nil {
		return nil, derr
	}
	return os.NewFile(uintptr(fd), f.Name()), nil
}
