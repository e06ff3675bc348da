package session

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"relay-shell/internal/sshtest"
)

// shows waits until the screen matches.
func (w *world) shows(id, pattern string) Seen {
	w.t.Helper()
	re := regexp.MustCompile(pattern)
	return w.sees(id, pattern, func(s Seen) bool { return re.MatchString(strings.Join(s.Lines, "\n")) })
}

// sees waits until the screen is as it should be, which it can only become when something is printed.
func (w *world) sees(id, what string, is func(Seen) bool) Seen {
	w.t.Helper()
	for deadline := time.Now().Add(60 * time.Second); ; {
		end := w.status(id).End
		var s Seen
		w.call(id, OpScreen, struct{}{}, &s)
		if is(s) {
			return s
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("no %s on the screen:\n%s\ncursor at %d, %d", what, strings.Join(s.Lines, "\n"), s.CursorX, s.CursorY)
		}
		w.call(id, OpRecv, Receive{Cursor: &end, Wait: 5 * time.Second, Max: 1}, nil)
	}
}

// TestVi edits a file with vi, by keys alone, to a known screen.
func TestVi(t *testing.T) {
	sshtest.Need(t, "vi")
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
	w.shows(id, `(?m)\Aone 漢字\ntwo\nthree\n~`)
	w.sees(id, "cursor at the top", func(s Seen) bool { return s.CursorX == 0 && s.CursorY == 0 })
	w.call(id, OpResize, Resize{40, 8}, nil)
	w.call(id, OpSend, Send{Data: "ddGoend", Keys: []string{"Escape"}}, nil)
	if s := w.shows(id, `(?m)\Atwo\nthree\nend\n~`); s.Cols != 40 || s.Rows != 8 {
		t.Errorf("%+v", s)
	}
	w.call(id, OpSend, Send{Data: ":wq", Enter: true}, nil)
	w.ended(id)
	if text, err := os.ReadFile(file); err != nil || string(text) != "two\nthree\nend\n" {
		t.Errorf("%q, %v", text, err)
	}
}

// TestTop watches top, which draws its screen again and again, and leaves it by a key.
func TestTop(t *testing.T) {
	sshtest.Need(t, "top")
	w := newWorld(t)
	id := w.spawn(Params{Argv: []string{"top", "-d", "0.3"}, Cols: 100, Rows: 40})
	first := w.shows(id, `(?m)^ *PID +USER .* COMMAND`)
	if !strings.HasPrefix(first.Lines[0], "top - ") {
		t.Errorf("%q", first.Lines)
	}
	w.call(id, OpSend, Send{Keys: []string{"h"}}, nil)
	w.shows(id, `Help for Interactive Commands`)
	w.call(id, OpSend, Send{Keys: []string{"Escape"}}, nil)
	w.shows(id, `(?m)^ *PID +USER .* COMMAND`)
	w.call(id, OpSend, Send{Keys: []string{"q"}}, nil)
	w.ended(id)
}
