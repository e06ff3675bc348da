package mux

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
)

func message(words ...any) []byte {
	p := &packet{}
	p.open()
	for _, w := range words {
		switch w := w.(type) {
		case int:
			p.uint32(uint32(w))
		case string:
			p.string(w)
		}
	}
	p.close()
	return p.bytes
}

func TestReadMessage(t *testing.T) {
	long := binary.BigEndian.AppendUint32(nil, maxMessage+1)
	for _, test := range []struct {
		name string
		in   []byte
		want error
	}{
		{"nothing", nil, io.EOF},
		{"cut in the length", []byte{0, 0}, io.ErrUnexpectedEOF},
		{"cut in the type", []byte{0, 0, 0, 8, 1}, io.ErrUnexpectedEOF},
		{"cut in the body", []byte{0, 0, 0, 8, 0, 0, 0, 1, 0}, io.ErrUnexpectedEOF},
		{"nothing behind the type", []byte{0, 0, 0, 8, 0, 0, 0, 1}, io.ErrUnexpectedEOF},
		{"whole", message(1, 4), nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, _, err := readMessage(bytes.NewReader(test.in)); err != test.want {
				t.Errorf("error %v, want %v", err, test.want)
			}
		})
	}
	var protocol *ProtocolError
	for _, in := range [][]byte{long, {0, 0, 0, 3, 1, 2, 3}} {
		if _, _, err := readMessage(bytes.NewReader(in)); !errors.As(err, &protocol) {
			t.Errorf("%v: error %v", in, err)
		}
	}
}

func FuzzReadMessage(f *testing.F) {
	f.Add(message(msgHello, 4))
	f.Add(message(ansFailure, 1, "Session open refused by peer"))
	f.Add(message(ansOpened, 1, 2))
	f.Add([]byte{0, 0, 0, 8, 0x80, 0, 0, 3, 255, 255, 255, 255})
	f.Fuzz(func(t *testing.T, in []byte) {
		r := bytes.NewReader(in)
		for {
			_, body, err := readMessage(r)
			if err != nil {
				return
			}
			_, text, _ := body.uint32(), body.string(), body.uint32()
			if len(text) > len(in) {
				t.Fatal("text out of nowhere")
			}
		}
	})
}

// TestStrangeMasters talks to masters that no OpenSSH is.
func TestStrangeMasters(t *testing.T) {
	hello := message(msgHello, 4)
	for _, test := range []struct {
		name  string
		reply []byte
		lost  bool // a *LostError is due, else a *ProtocolError
		sent  bool // and its Sent
	}{
		{"hangs up", nil, true, false},
		{"hangs up inside the greeting", hello[:7], true, false},
		{"hangs up after the greeting", hello, true, true},
		{"hangs up inside an answer", append(bytes.Clone(hello), 0, 0, 0, 12, 1), true, true},
		{"another version", message(msgHello, 5), false, false},
		{"no greeting", message(ansAlive, 1, 7), false, false},
		{"another request's answer", append(bytes.Clone(hello), message(ansAlive, 9, 7)...), false, false},
		{"an unknown answer", append(bytes.Clone(hello), message(7, 1)...), false, false},
		{"noise", []byte("SSH-2.0-OpenSSH_9.2\r\n"), false, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir, err := os.MkdirTemp("", "mux")
			if err != nil {
				t.Fatal(err)
			}
			defer os.RemoveAll(dir)
			path := filepath.Join(dir, "s")
			l, err := net.Listen("unix", path)
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			done := make(chan struct{})
			go func() { // ends after one client
				defer close(done)
				conn, err := l.Accept()
				if err != nil {
					return
				}
				defer conn.Close()
				greeting, request := make([]byte, 12), make([]byte, 12)
				_, _ = io.ReadFull(conn, greeting)
				_, _ = conn.Write(test.reply)
				_, _ = io.ReadFull(conn, request) // comes only where the greeting was one
			}()
			_, err = Alive(t.Context(), path)
			var lost *LostError
			var protocol *ProtocolError
			if test.lost && (!errors.As(err, &lost) || lost.Sent != test.sent) || !test.lost && !errors.As(err, &protocol) {
				t.Errorf("error %v", err)
			}
			<-done
		})
	}
}
