package session

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// need skips a test whose program is missing, unless the run promised to have it.
func need(t *testing.T, program string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		if os.Getenv("TESTS_REQUIRE_PROGRAMS") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
}

// shows waits until the screen matches.
func (w *world) shows(id, pattern string) Seen {
	w.t.Helper()
	re := regexp.MustCompile(pattern)
	for deadline := time.Now().Add(60 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		var s Seen
		w.call(id, OpScreen, struct{}{}, &s)
		if text := strings.Join(s.Lines, "\n"); re.MatchString(text) {
			return s
		} else if time.Now().After(deadline) {
			w.t.Fatalf("no %s on the screen:\n%s", pattern, text)
		}
	}
}

// TestVi edits a file with vi, by keys alone, to a known screen.
func TestVi(t *testing.T) {
	need(t, "vi")
	w := newWorld(t)
	file := filepath.Join(w.dir, "file.txt")
	id := w.spawn(Params{Argv: []string{"vi", "-N", "-u", "NONE", "-n", file}, Cols: 60, Rows: 12})
	if s := w.shows(id, `(?m)^~`); !s.Alternate || s.Cols != 60 || s.Rows != 12 {
		t.Errorf("%+v", s)
	}
	w.call(id, OpSend, Send{Keys: []string{"i"}}, nil)
	for _, line := range []string{"one 漢字", "two"} {
		w.call(id, OpSend, Send{Data: line, Enter: true}, nil)
	}
	w.call(id, OpSend, Send{Data: "three", Keys: []string{"Escape"}}, nil)
	w.shows(id, `(?m)^three$`)
	w.call(id, OpSend, Send{Data: "gg0"}, nil)
	s := w.shows(id, `(?m)\Aone 漢字\ntwo\nthree\n~`)
	for deadline := time.Now().Add(30 * time.Second); (s.CursorX != 0 || s.CursorY != 0) && time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		w.call(id, OpScreen, struct{}{}, &s)
	}
	if s.CursorX != 0 || s.CursorY != 0 {
		t.Errorf("the cursor is at column %d, row %d", s.CursorX, s.CursorY)
	}
	w.call(id, OpResize, Resize{40, 8}, nil)
	w.call(id, OpSend, Send{Data: "ddGoend", Keys: []string{"Escape"}}, nil)
	if s = w.shows(id, `(?m)\Atwo\nthree\nend\n~`); s.Cols != 40 || s.Rows != 8 {
		t.Errorf("%+v", s)
	}
	w.call(id, OpSend, Send{Data: ":wq", Enter: true}, nil)
	for deadline := time.Now().Add(30 * time.Second); w.status(id).Alive && time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != "two\nthree\nend\n" {
		t.Errorf("%q, %v", text, err)
	}
}

// TestTop watches top, which draws its screen again and again, and leaves it by a key.
func TestTop(t *testing.T) {
	need(t, "top")
	w := newWorld(t)
	id := w.spawn(Params{Argv: []string{"top", "-d", "0.3"}, Cols: 100, Rows: 40})
	first := w.shows(id, `(?m)^ *PID +USER .* COMMAND`)
	if !strings.HasPrefix(first.Lines[0], "top - ") {
		t.Errorf("%q", first.Lines)
	}
	w.call(id, OpSend, Send{Keys: []string{"h"}}, nil)
	w.shows(id, `Help for Interactive Commands`)
	w.call(id, OpSend, Send{Keys: []string{"Escape", "q"}}, nil)
	for deadline := time.Now().Add(30 * time.Second); w.status(id).Alive; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("top goes on")
		}
		w.call(id, OpSend, Send{Keys: []string{"q"}}, nil)
	}
}
