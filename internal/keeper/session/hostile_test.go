package session

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// hostile is output that asks a terminal for too much, leaves it waiting for an end, or asks it to type.
func hostile() string {
	r := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 200_000)
	for i := range noise {
		noise[i] = byte(r.Uint32())
	}
	return strings.Join([]string{
		"x\x1b[999999999999b", "\x1b[2147483647b", strings.Repeat("\x1b[65535b", 200), // repeat the last character
		strings.Repeat("\x1b[9999999L\x1b[9999999M\x1b[9999999@\x1b[9999999P\x1b[9999999S\x1b[9999999T\x1b[9999999X", 100),
		"\x1b[99999999;99999999H\x1b[99999999;1r\x1b[8;60000;60000t\x1b[?1049h\x1b[?1049l\x1b[?69h\x1b[9999;1s",
		strings.Repeat("\x1b[6n\x1b[c\x1b[>c\x1b[5n\x1b[?6n\x1b]11;?\x07\x1bP$qm\x1b\\\x1b[21t", 500), // questions
		"\x1b]0;" + strings.Repeat("title", 100_000), "\x1bP" + strings.Repeat("q", 300_000),          // strings without an end
		"\x18\x1b_" + strings.Repeat("a", 300_000) + "\x1b\\", "\x1b[" + strings.Repeat("1;", 100_000) + "m",
		strings.Repeat("\u0301", 20_000), strings.Repeat("\u200d👨", 5_000), "\x1b[" + strings.Repeat("\x1b[", 50_000),
		string(noise), "\x18\x1bc\x1b[!p",
	}, "")
}

// TestHostileOutput: no output, and no storm of sizes, hangs or ends a keeper, and the screen can be seen all the while.
func TestHostileOutput(t *testing.T) {
	w := newWorld(t)
	file := filepath.Join(w.dir, "hostile")
	if err := os.WriteFile(file, []byte(hostile()), 0o600); err != nil {
		t.Fatal(err)
	}
	id := w.spawn(Params{Argv: []string{"/bin/sh", "-c", `stty -echo; read x; cat "$0"; cat "$0"; printf '\033cover'; read x; printf '\033c\033[!pthe end'; read x; exit 7`, file}, Recordings: filepath.Join(w.dir, "rec")})
	person := w.visit(id, true, Frame{})
	w.call(id, OpSend, Send{Enter: true}, nil)
	var work sync.WaitGroup
	work.Go(func() {
		for n := range 150 {
			w.call(id, OpResize, Resize{1 + n*37%400, 1 + n*53%200}, nil)
		}
		w.call(id, OpResize, Resize{80, 24}, nil)
	})
	work.Go(func() {
		for range 20 {
			var s Seen
			w.call(id, OpScreen, struct{}{}, &s)
		}
	})
	_ = person.terminal.SetReadDeadline(time.Now().Add(2 * time.Minute))
	seen := ""
	for buf := make([]byte, 32<<10); !strings.HasSuffix(seen, "over"); {
		n, err := person.terminal.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		seen = (seen + string(buf[:n]))[max(0, len(seen)+n-100):]
	}
	work.Wait()
	w.call(id, OpSend, Send{Keys: []string{"C-u"}, Enter: true}, nil) // without what was typed as answers
	if s := w.shows(id, `^the end$`); s.Cols != 80 || s.Rows != 24 || len(s.Title) > 1024 {
		t.Errorf("%+v", s)
	}
	w.call(id, OpSend, Send{Enter: true}, nil)
	if _, last := person.stays(); last.Exit == nil || *last.Exit != 7 {
		t.Errorf("%+v", last)
	}
	if st := w.status(id); st.RecordingError != "" {
		t.Error(st.RecordingError)
	}
}
