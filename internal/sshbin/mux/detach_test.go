package mux

import (
	"encoding/binary"
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// exitMessage is what a master says of the end of session 7.
func exitMessage(status uint32) []byte {
	b := binary.BigEndian.AppendUint32(nil, 12)
	b = binary.BigEndian.AppendUint32(b, ansExit)
	b = binary.BigEndian.AppendUint32(b, 7)
	return binary.BigEndian.AppendUint32(b, status)
}

// pair is a session and the master's end of its connection.
func pair(t *testing.T) (*Session, *net.UnixConn) {
	t.Helper()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(t.TempDir(), "s"), Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	near, err := net.DialUnix("unix", nil, l.Addr().(*net.UnixAddr))
	if err != nil {
		t.Fatal(err)
	}
	far, err := l.AcceptUnix()
	if err != nil {
		t.Fatal(err)
	}
	s := newSession(&Conn{sock: near}, 7)
	go s.follow()
	t.Cleanup(func() { _ = far.Close(); _ = s.Close() })
	return s, far
}

// TestDetachAnywhere detaches with any part of the master's message read: it is told whole to whoever goes on.
func TestDetachAnywhere(t *testing.T) {
	message := exitMessage(9)
	for cut := range len(message) + 1 {
		s, far := pair(t)
		if _, err := far.Write(message[:cut]); err != nil {
			t.Fatal(err)
		}
		if cut == len(message) {
			<-s.Exited()
		}
		conn, d, err := s.Detach()
		if cut == len(message) {
			if !errors.Is(err, ErrEnded) || s.Exit().Status != 9 {
				t.Errorf("an ended session: %v, %+v", err, s.Exit())
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		next, err := Resume(conn, d)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil { // the first one's connection; the copy stays open
			t.Error(err)
		}
		if _, err := far.Write(message[cut:]); err != nil {
			t.Fatal(err)
		}
		select {
		case <-next.Exited():
		case <-time.After(20 * time.Second):
			t.Fatalf("cut at %d: the end is not told", cut)
		}
		if e := next.Exit(); !e.Known || e.Status != 9 {
			t.Errorf("cut at %d: %+v", cut, e)
		}
		if err := next.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestDetachRefused goes on with a session that could not be detached.
func TestDetachRefused(t *testing.T) {
	s, far := pair(t)
	if _, err := far.Write(exitMessage(3)[:5]); err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	s.exit.Known = true // as if the message had come just now
	s.mu.Unlock()
	if _, _, err := s.Detach(); !errors.Is(err, ErrEnded) {
		t.Fatal(err)
	}
	s.mu.Lock()
	s.exit.Known = false
	s.mu.Unlock()
	if _, err := far.Write(exitMessage(3)[5:]); err != nil {
		t.Fatal(err)
	}
	<-s.Exited()
	if e := s.Exit(); !e.Known || e.Status != 3 {
		t.Errorf("%+v", e)
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Resume(null, Detached{}); err == nil {
		t.Error("resumed what is no socket")
	}
}
