package sftp

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	other "github.com/pkg/sftp"
)

// TestAgainstAnother talks to a server that is not OpenSSH's.
func TestAgainstAnother(t *testing.T) {
	near, far := net.Pipe()
	server, err := other.NewServer(far)
	if err != nil {
		t.Fatal(err)
	}
	go server.Serve() // ends with the pipe
	c, err := New(t.Context(), near, near)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx, name := t.Context(), filepath.Join(t.TempDir(), "f")
	h, err := c.Open(ctx, name, Write|Create|Exclusive, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	data := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	if n, err := h.WriteAt(ctx, data, 0); n != len(data) || err != nil {
		t.Fatal(n, err)
	}
	if err := h.Close(ctx); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(name); !bytes.Equal(got, data) || err != nil {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if h, err = c.Open(ctx, name, Read, 0); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(data)+10)
	if n, err := h.ReadAt(ctx, got, 0); n != len(data) || err != io.EOF || !bytes.Equal(got[:n], data) {
		t.Errorf("%d bytes, %v", n, err)
	}
	var status *StatusError
	if _, err := c.Stat(ctx, name+"x"); !errors.As(err, &status) || status.Status != StatusNoSuchFile {
		t.Errorf("got %v", err)
	}
	if err := c.Lsetstat(ctx, name, Attrs{}); !errors.As(err, &status) || status.Status != StatusUnsupported {
		t.Errorf("got %v", err)
	}
	near.Close()
	if _, err := c.Stat(ctx, name); err == nil {
		t.Error("a closed connection answered")
	}
}

// script is a server that says what it was told to, whatever it is asked.
type script struct {
	io.Reader
}

func (script) Write(b []byte) (int, error) { return len(b), nil }
func (script) Close() error                { return nil }

// FuzzServer hears anything from a server: nothing panics, hangs or takes memory without bound.
func FuzzServer(f *testing.F) {
	greeting := []byte{0, 0, 0, 5, typeVersion, 0, 0, 0, 3}
	answer := func(kind byte, id uint32, body ...byte) []byte {
		b := binary.BigEndian.AppendUint32(nil, uint32(5+len(body)))
		return append(binary.BigEndian.AppendUint32(append(b, kind), id), body...)
	}
	f.Add(greeting)
	f.Add(append(greeting, answer(typeAttrs, 1, 0, 0, 0, 15, 0, 0, 0, 0, 0, 0, 0, 9)...))
	f.Add(append(greeting, answer(typeName, 1, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 1, 'a')...))
	f.Add(append(greeting, answer(typeHandle, 1, 0, 0, 0, 1, 'h')...))
	f.Add(append(greeting, answer(typeStatus, 1, 0, 0, 0, 4, 0, 0, 0, 2, 'n', 'o')...))
	f.Add(append(greeting, answer(typeData, 1, 0, 0, 0, 9, 'x')...))
	f.Fuzz(func(t *testing.T, said []byte) {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		s := script{bytes.NewReader(said)}
		c, err := New(ctx, s, s)
		if err != nil {
			return
		}
		defer c.Close()
		_, _ = c.Stat(ctx, "a")
		_, _ = c.Realpath(ctx, "a")
		if h, err := c.Opendir(ctx, "a"); err == nil {
			_, _ = h.Readdir(ctx)
			_, _ = h.ReadAt(ctx, make([]byte, 100), 0)
		}
		_ = c.Remove(ctx, "a")
		if ctx.Err() != nil {
			t.Error("it hung")
		}
	})
}

// TestAbandoned lets go of a request whose caller has gone, and closes what it would have opened.
func TestAbandoned(t *testing.T) {
	near, far := net.Pipe()
	asked := make(chan []byte, 10)
	go func() { // ends with the pipe
		_, _ = io.ReadFull(far, make([]byte, 9))
		_, _ = far.Write([]byte{0, 0, 0, 5, typeVersion, 0, 0, 0, 3})
		for {
			var size [4]byte
			if _, err := io.ReadFull(far, size[:]); err != nil {
				return
			}
			body := make([]byte, binary.BigEndian.Uint32(size[:]))
			if _, err := io.ReadFull(far, body); err != nil {
				return
			}
			asked <- body
		}
	}()
	c, err := New(t.Context(), near, near)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-asked
		cancel()
	}()
	if _, err := c.Open(ctx, "a", Read, 0); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	if c.Abandoned() != 1 {
		t.Errorf("%d abandoned", c.Abandoned())
	}
	if _, err := far.Write([]byte{0, 0, 0, 10, typeHandle, 0, 0, 0, 1, 0, 0, 0, 1, 'h'}); err != nil {
		t.Fatal(err)
	}
	if closed := <-asked; closed[0] != typeClose {
		t.Errorf("asked for %d instead of closing what nobody wants", closed[0])
	}
}

// TestLostIsNoEnd: a connection that ends is not the end of the file that was being read.
func TestLostIsNoEnd(t *testing.T) {
	near, far := net.Pipe()
	server, err := other.NewServer(far)
	if err != nil {
		t.Fatal(err)
	}
	go server.Serve() // ends with the pipe
	c, err := New(t.Context(), near, near)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	name := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(name, []byte("0123456789"), 0o600); err != nil {
		t.Fatal(err)
	}
	h, err := c.Open(t.Context(), name, Read, 0)
	if err != nil {
		t.Fatal(err)
	}
	far.Close()
	<-c.Dead()
	for _, size := range []int{5, 8 << 20} { // by one request, and by many
		var lost *LostError
		if n, err := h.ReadAt(t.Context(), make([]byte, size), 0); n != 0 || !errors.As(err, &lost) || errors.Is(err, io.EOF) {
			t.Errorf("%d bytes, %v", n, err)
		}
	}
}
