package session

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"relay-shell/internal/keeper"
)

// visitor is a person who is attached by two pipes.
type visitor struct {
	t        *testing.T
	stream   *keeper.Stream
	keys     *os.File // what they type
	terminal *os.File // what they see
}

func (w *world) visit(id string, readOnly bool, first Frame) *visitor {
	w.t.Helper()
	var files [4]*os.File
	var err error
	for i := 0; i < len(files) && err == nil; i += 2 {
		files[i], files[i+1], err = os.Pipe()
	}
	if err != nil {
		w.t.Fatal(err)
	}
	v := &visitor{t: w.t, keys: files[1], terminal: files[2]}
	v.stream, err = w.Stream(w.t.Context(), id, OpAttach, Attach{ReadOnly: readOnly}, files[0], files[3])
	files[0].Close()
	files[3].Close()
	if err == nil {
		err = v.stream.Send(first)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		v.stream.Close()
		v.keys.Close()
		v.terminal.Close()
	})
	return v
}

func (v *visitor) types(text string) {
	v.t.Helper()
	if _, err := io.WriteString(v.keys, text); err != nil {
		v.t.Fatal(err)
	}
}

// stays reads to the end and returns all that was shown and how it ended.
func (v *visitor) stays() (string, Frame) {
	v.t.Helper()
	var last Frame
	_ = v.terminal.SetReadDeadline(time.Now().Add(60 * time.Second))
	seen, err := io.ReadAll(v.terminal)
	if err == nil {
		err = v.stream.Next(&last)
	}
	if err != nil {
		v.t.Fatalf("%v after %q", err, seen)
	}
	return string(seen), last
}

// TestAttach: two people on one session, one of whom only looks.
func TestAttach(t *testing.T) {
	w := newWorld(t)
	id := w.spawn(Params{Argv: []string{"/bin/sh"}})
	w.until(id, `\$ `)
	typist := w.visit(id, false, Frame{Cols: 90, Rows: 20})
	viewer := w.visit(id, true, Frame{Cols: 10, Rows: 10})
	viewer.types("echo never\r")
	typist.types("stty size; exit 3\r")
	for _, v := range []*visitor{typist, viewer} {
		seen, last := v.stays()
		if last.Exit == nil || *last.Exit != 3 || last.Left {
			t.Errorf("%+v", last)
		}
		if !strings.Contains(seen, "20 90") || strings.Contains(seen, "never") {
			t.Errorf("%q", seen)
		}
	}
}

// TestDetach: what precedes the key is typed, what follows it is not, and the session goes on without the person.
func TestDetach(t *testing.T) {
	w := newWorld(t)
	id := w.spawn(Params{Argv: []string{"/bin/sh"}})
	w.until(id, `\$ `)
	for _, readOnly := range []bool{false, true} {
		v := w.visit(id, readOnly, Frame{})
		v.types("echo be\"\"fore\r\x1decho after\r")
		if _, last := v.stays(); !last.Left || last.Exit != nil {
			t.Errorf("%+v", last)
		}
	}
	hangsUp := w.visit(id, false, Frame{})
	hangsUp.keys.Close()
	if _, last := hangsUp.stays(); !last.Left {
		t.Errorf("%+v", last)
	}
	killed := w.visit(id, false, Frame{})
	killed.stream.Close()
	if _, err := io.ReadAll(killed.terminal); err != nil { // ends when the keeper has let go
		t.Error(err)
	}
	if r := w.until(id, `before`); strings.Contains(string(r.Data), "after") {
		t.Errorf("%q", r.Data)
	}
	w.call(id, OpSend, Send{Data: "echo $((40+2))", Enter: true}, nil)
	if r := w.until(id, `42`); r.Status.People != 0 {
		t.Errorf("%d people", r.Status.People)
	}
}

// TestSlowPerson: somebody whose terminal takes nothing holds nobody up, and sees the newest output once it does.
func TestSlowPerson(t *testing.T) {
	w := newWorld(t)
	id := w.spawn(Params{Argv: []string{"/bin/sh", "-c", `read x; seq 300000; echo told; read x; echo "the end"`}, Buffer: 64 << 10})
	slow, quick := w.visit(id, true, Frame{}), w.visit(id, true, Frame{})
	seen := make(chan string, 1)
	go func() { // ends with the session
		all, _ := io.ReadAll(quick.terminal)
		seen <- string(all)
	}()
	w.call(id, OpSend, Send{Enter: true}, nil)
	w.until(id, `told`)
	w.call(id, OpSend, Send{Enter: true}, nil)
	if all, last := slow.stays(); last.Exit == nil || !strings.HasSuffix(all, "\r\n300000\r\ntold\r\n\r\nthe end\r\n") {
		t.Errorf("%+v, %q", last, all[max(0, len(all)-100):])
	}
	if all := <-seen; !strings.HasSuffix(all, "told\r\n\r\nthe end\r\n") {
		t.Errorf("%q", all[max(0, len(all)-100):])
	}
	stuck := w.spawn(Params{Argv: []string{"/bin/sh", "-c", `seq 300000; read x`}})
	w.visit(stuck, true, Frame{}).types("\x1d")
	w.until(stuck, `300000`)
	for deadline := time.Now().Add(60 * time.Second); w.status(stuck).People > 0; {
		if time.Now().After(deadline) {
			t.Fatal("who does not read can't leave")
		}
	}
}

// TestLineTooLong: a person hears that a line was not taken, and can go on.
func TestLineTooLong(t *testing.T) {
	w := newWorld(t)
	id := w.spawn(Params{Argv: []string{"/bin/sh", "-c", `stty -echo; echo ready; cat`}})
	w.until(id, `ready`)
	v := w.visit(id, false, Frame{})
	v.types(strings.Repeat("x", 4000))
	for at := (Prompt{}); !at.Typed.Unknown; { // until it is typed
		w.call(id, OpTyped, struct{}{}, &at)
	}
	var heard bytes.Buffer
	_ = v.terminal.SetReadDeadline(time.Now().Add(60 * time.Second))
	v.types(strings.Repeat("y", 4000))
	for buf := make([]byte, 4096); !bytes.Contains(heard.Bytes(), []byte("\a")); {
		n, err := v.terminal.Read(buf)
		if heard.Write(buf[:n]); err != nil {
			t.Fatalf("%v after %q", err, heard.Bytes())
		}
	}
	v.types("\r")
	if r := w.until(id, `x+\n`); strings.Count(string(r.Data), "x") != 4000 || strings.Contains(string(r.Data), "y") {
		t.Errorf("%d bytes: %.80q", len(r.Data), r.Data)
	}
}

// TestStrangeFiles: a person who brings nothing that can show a session does no harm.
func TestStrangeFiles(t *testing.T) {
	w := newWorld(t)
	id := w.spawn(Params{Argv: []string{"/bin/sh"}})
	plain, err := os.Create(filepath.Join(w.dir, "plain"))
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	for _, files := range [][]*os.File{nil, {plain}, {plain, plain}, {plain, plain, plain}} {
		stream, err := w.Stream(t.Context(), id, OpAttach, Attach{}, files...)
		if err != nil {
			t.Fatal(err)
		}
		_ = stream.Send(Frame{}) // it may be closed
		for f := (Frame{}); stream.Next(&f) == nil; {
		}
		stream.Close()
	}
	w.call(id, OpSend, Send{Data: "echo $((40+2))", Enter: true}, nil)
	w.until(id, `42`)
	if err := w.Close(context.Background(), id); err != nil {
		t.Error(err)
	}
}
