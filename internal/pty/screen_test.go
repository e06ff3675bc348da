package pty

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// rendered is the screen after some output.
func rendered(t testing.TB, cols, rows int, out ...string) Screen {
	t.Helper()
	r := NewRing(0)
	s := newScreen(r, cols, rows)
	defer s.close()
	for _, o := range out {
		r.Write([]byte(o))
	}
	return s.snapshot()
}

// rested is the same of a screen that rests after each piece.
func rested(cols, rows int, out ...string) Screen {
	r := NewRing(0)
	s := newScreen(r, cols, rows)
	defer s.close()
	for _, o := range out {
		r.Write([]byte(o))
		s.sync()
		s.rest()
	}
	return s.snapshot()
}

// TestScreenRests: a screen that nobody looks at costs little, what it was asked stays answered, and one that can't be made again stays.
func TestScreenRests(t *testing.T) {
	r := NewRing(64 << 10)
	s := newScreen(r, 20, 5)
	defer s.close()
	r.Write([]byte("abc\x1b[6n"))
	if got := string(s.answers()); got != "\x1b[1;4R" {
		t.Errorf("%q", got)
	}
	s.rest()
	if s.emu != nil {
		t.Error("the emulator is still there")
	}
	r.Write([]byte("d\x1b[6n"))
	if got := string(s.answers()); got != "\x1b[1;5R" {
		t.Errorf("asked once more after a rest: %q", got)
	}
	s.rest()
	s.resize(10, 5)
	r.Write([]byte("\x1b[6n"))
	if got := string(s.answers()); got != "\x1b[1;5R" {
		t.Errorf("after a rest and a resize: %q", got)
	}
	s.rest()
	if s.emu == nil {
		t.Error("lines that were wrapped at another width are gone")
	}
}

// TestLongScreenRests: of a shell's output only the newest lines are rendered once more, of a full-screen program's nothing.
func TestLongScreenRests(t *testing.T) {
	for _, test := range []struct {
		name, before, line, after string
		rests                     bool
	}{
		{"plain", "", "line %d", "$ ", true},
		{"prompts", "\x1b]0;title\x07\x1b[?2004h\x1b[1m$ \x1b[0m", "\x1b[32mline\x1b[K %d and more than fits", "$ ec\b\b\x1b[K", true},
		{"a hidden cursor", "\x1b[?25l", "line %d", "", true},
		{"a region", "\x1b[2;3r", "line %d", "", false},
		{"up", "x", "\x1b[Aline %d", "", false},
		{"alternate", "x\x1b[?1049h", "line %d", "", false},
		{"another character set", "\x0e", "line %d", "", false},
		{"bare newlines", "", "line %d\n\x1b[9D", "", false},
		{"one line", "", "%d\r", "", false},
		{"newlines in a title", "", "%d\x1b]0;a\r\nb\a", "", false},
		{"newlines in a colour", "", "%d\x1b[\r\n31m", "", false},
	} {
		r := NewRing(128 << 10)
		s := newScreen(r, 20, 5)
		r.Write([]byte(test.before))
		for i := range 9000 {
			fmt.Fprintf(r, test.line, i)
			if test.name != "bare newlines" && test.name != "one line" {
				r.Write([]byte("\r\n"))
			}
			if i%100 == 0 {
				s.sync()
			}
		}
		r.Write([]byte(test.after))
		want := s.snapshot()
		s.rest()
		if rests := s.emu == nil; rests != test.rests {
			t.Errorf("%s: rests: %v", test.name, rests)
		}
		if diff := cmp.Diff(want, s.snapshot()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
		s.close()
	}
}

// TestEmulatorsData: the emulator holds no more than it can be given.
func TestEmulatorsData(t *testing.T) {
	emu := newEmulator(80, 24)
	data := reflect.ValueOf(emu).Elem().FieldByName("parser").Elem().FieldByName("data")
	if data.Len() != maxSequence {
		t.Errorf("%d bytes of data", data.Len())
	}
}

func TestScreen(t *testing.T) {
	for _, test := range []struct {
		name string
		out  string
		want Screen
	}{
		{"nothing", "", Screen{CursorVisible: true}},
		{"lines", "one\r\ntwo  \r\n", Screen{Lines: []string{"one", "two"}, CursorY: 2, CursorVisible: true}},
		{"wrapping", "0123456789abc", Screen{Lines: []string{"0123456789", "abc"}, Full: []int{0}, CursorX: 3, CursorY: 1, CursorVisible: true}},
		{"scrolling", "1\r\n2\r\n3\r\n4\r\n5\r\n6", Screen{Lines: []string{"2", "3", "4", "5", "6"}, CursorX: 1, CursorY: 4, CursorVisible: true}},
		{"colours", "\x1b[1;31mred\x1b[0m plain", Screen{Lines: []string{"red plain"}, CursorX: 9, CursorVisible: true}},
		{"moving", "\x1b[3;4Hx\x1b[1;1Hy", Screen{Lines: []string{"y", "", "   x"}, CursorX: 1, CursorVisible: true}},
		{"erasing", "abcdef\x1b[3D\x1b[K", Screen{Lines: []string{"abc"}, CursorX: 3, CursorVisible: true}},
		{"wide", "日本x", Screen{Lines: []string{"日本x"}, CursorX: 5, CursorVisible: true}},
		{"combining", "e\u0301x", Screen{Lines: []string{"e\u0301x"}, CursorX: 2, CursorVisible: true}},
		{"title", "\x1b]2;my title\x07x", Screen{Lines: []string{"x"}, CursorX: 1, CursorVisible: true, Title: "my title"}},
		{"hidden cursor", "\x1b[?25lx", Screen{Lines: []string{"x"}, CursorX: 1}},
		{"alternate", "main\x1b[?1049h\x1b[Halt", Screen{Lines: []string{"alt"}, CursorX: 3, CursorVisible: true, Alternate: true}},
		{"and back", "main\x1b[?1049h\x1b[Halt\x1b[?1049l", Screen{Lines: []string{"main"}, CursorX: 4, CursorVisible: true}},
		{"repeat", "x\x1b[3b", Screen{Lines: []string{"xxxx"}, CursorX: 4, CursorVisible: true}},
	} {
		test.want.Cols, test.want.Rows = 10, 5
		for _, size := range []int{1, 3, 1000} {
			var parts []string
			for rest := test.out; rest != ""; {
				n := min(size, len(rest))
				parts = append(parts, rest[:n])
				rest = rest[n:]
			}
			if diff := cmp.Diff(test.want, rendered(t, 10, 5, parts...)); diff != "" {
				t.Errorf("%s by %d (-want +got):\n%s", test.name, size, diff)
			}
			if diff := cmp.Diff(test.want, rested(10, 5, parts...)); diff != "" {
				t.Errorf("%s by %d, resting in between (-want +got):\n%s", test.name, size, diff)
			}
		}
	}
}

// A few bytes must not cost seconds.
func TestScreenHostile(t *testing.T) {
	for _, seq := range []string{
		"x\x1b[2147483647b", "\x1b[99999999999999999999b", "\x1b[2147483647L", "\x1b[2147483647@", "\x1b[2147483647S", "\x1b[2147483647T", "\x1b[2147483647I",
		"\x1b[2147483647X", "\x1b[65535;65535H", "\x1b[2147483647;1r", "\x1b]0;" + strings.Repeat("x", 1<<16), "\x1bP" + strings.Repeat("1;", 1<<15), "\x1b[" + strings.Repeat("1;", 1<<15) + "m",
		"\x1b[?1049h\x1b[?1049l", "\x1b[8;65535;65535t", "\x1b[6n", "\x1b#8",
	} {
		begin := time.Now()
		s := rendered(t, 120, 40, strings.Repeat(seq, max(1, 60000/len(seq))))
		if took := time.Since(begin); took > 10*time.Second || len(s.Lines) > 40 {
			t.Errorf("%.30q: %v", seq, took)
		}
	}
}

func TestScreenAfterAFlood(t *testing.T) {
	r := NewRing(64 << 10)
	s := newScreen(r, 80, 24)
	defer s.close()
	r.Write([]byte("\x1b[?1049h"))
	s.fed(Modes{AlternateScreen: true})
	for i := range 20000 {
		fmt.Fprintf(r, "line %d of a flood\r\n", i)
		if i%100 == 0 {
			s.fed(Modes{AlternateScreen: true})
		}
	}
	shot := s.snapshot()
	if n := len(shot.Lines); n != 23 || shot.Lines[22] != "line 19999 of a flood" || !shot.Alternate {
		t.Errorf("%+v", shot)
	}
}

func TestTerminalAnswersQuestions(t *testing.T) {
	term := start(t, "/bin/sh", "-c", `stty raw -echo; printf 'abc\033[6n'; head -c 6 | od -c | head -1; printf '\033[c'; head -c 9 | od -c | head -1; stty sane; echo end`)
	ended(t, term)
	text := strings.Join(strings.Fields(regexp.MustCompile(`0000000`).ReplaceAllString(all(term), "")), "")
	if !strings.Contains(text, `033[1;4R`) || !strings.Contains(text, `033[?62;22c`) {
		t.Errorf("%q", all(term))
	}
}

func TestTerminalLeavesQuestionsToAPerson(t *testing.T) {
	term := start(t, "/bin/sh", "-c", `stty raw -echo; echo ready; head -c 1 >/dev/null; printf '\033[c'; head -c 3 | od -c | head -1; stty sane; echo end`)
	term.Answer(false)
	expect(t, term, 0, "ready")
	typed(t, term, "x")
	expect(t, term, 0, `\x1b\[c`)
	typed(t, term, "abc")
	expect(t, term, 0, `a +b +c`)
	ended(t, term)
}

func TestVim(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file.txt")
	if err := os.WriteFile(path, []byte("first line\nsecond line\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	editor := findEditor(t)
	term := startWith(t, Options{Argv: append(editor, path), Env: environ, Cols: 60, Rows: 12})
	shows := func(line int, want string) func() bool {
		return func() bool {
			s := term.Screen()
			return s.Alternate == strings.Contains(editor[0], "vim") && len(s.Lines) > line && strings.HasPrefix(s.Lines[line], want)
		}
	}
	await(t, "the file on the screen", shows(1, "second line"))
	press := func(names ...string) {
		keys, err := Keys(names, term.Modes())
		if err != nil {
			t.Fatal(err)
		}
		typed(t, term, string(keys))
	}
	press("Down", "i", "X", "Escape")
	await(t, "the letter", shows(1, "Xsecond line"))
	press(":", "w", "q", "Enter")
	if e := ended(t, term); e.Code != 0 {
		t.Errorf("%+v", e)
	}
	if b, err := os.ReadFile(path); err != nil || string(b) != "first line\nXsecond line\n" {
		t.Errorf("%q, %v", b, err)
	}
}

// findEditor finds an editor with vi's keys; busybox has one.
func findEditor(t *testing.T) []string {
	t.Helper()
	for _, c := range []struct{ file, arg string }{{"/usr/bin/vim", "-u"}, {"/bin/busybox", ""}, {"/usr/bin/busybox", ""}} {
		if _, err := os.Stat(c.file); err == nil {
			if c.arg != "" {
				return []string{c.file, "-u", "NONE", "-n"}
			}
			return []string{c.file, "vi"}
		}
	}
	t.Fatal("neither vim nor busybox is installed")
	return nil
}

func TestTop(t *testing.T) {
	term := startWith(t, Options{Argv: []string{"top", "-d", "1"}, Env: environ, Cols: 100, Rows: 30})
	await(t, "top's screen", func() bool {
		s := term.Screen()
		return len(s.Lines) > 10 && strings.HasPrefix(s.Lines[0], "top - ") && strings.Contains(strings.Join(s.Lines, "\n"), "PID USER")
	})
	typed(t, term, "q")
	ended(t, term)
}

func FuzzScreen(f *testing.F) {
	for _, s := range []string{"a\x1b[31mb\x1b[2Jc", "\x1b[?1049h日\x1b[5;5r\x1bM\x1b[L\x1b[?1049l", "\x1b]0;t\x07\x1bP$q\x1b\\\x1b[999b\xff", "\x1b(0qqq\x1b[?6h\x1b[3;3H\x1b[S"} {
		f.Add([]byte(s), 20, 5)
	}
	f.Fuzz(func(t *testing.T, b []byte, cols, rows int) {
		if checkSize(cols, rows) != nil || cols > 200 || rows > 60 {
			return
		}
		begin := time.Now()
		s := rendered(t, cols, rows, string(b))
		if took := time.Since(begin); took > 10*time.Second {
			t.Fatalf("took %v", took)
		}
		if len(s.Lines) > rows || s.CursorX < 0 || s.CursorX >= cols || s.CursorY < 0 || s.CursorY >= rows {
			t.Fatalf("%+v", s)
		}
	})
}

// Random sequences, as a broken or malicious program prints them, with changes of size in between.
func TestScreenRandom(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	tokens := []string{"a", "日", "e\u0301", "\r", "\n", "\t", "\b", "\x1bM", "\x1bD", "\x1b7", "\x1b8", "\x1bc", "\x1b(0", "\x1b(B", "\x1b[?1049h", "\x1b[?1049l", "\x1b[?6h", "\x1b[!p", "\x1b[?7l", "\U0001f469\u200d\U0001f4bb"}
	for range 300 {
		r := NewRing(0)
		s := newScreen(r, 40, 10)
		for range 60 {
			switch rnd.IntN(4) {
			case 0:
				fmt.Fprintf(r, "\x1b[%d;%d%c", rnd.IntN(70), rnd.IntN(70), "@ABCDEFGHIJKLMPSTXZ`abdefghlmnqrsu"[rnd.IntN(33)])
			case 1:
				s.resize(1+rnd.IntN(60), 1+rnd.IntN(20))
			default:
				r.Write([]byte(tokens[rnd.IntN(len(tokens))]))
			}
		}
		s.snapshot()
		s.close()
	}
}

func BenchmarkScreen(b *testing.B) {
	r := NewRing(0)
	s := newScreen(r, 120, 40)
	defer s.close()
	line := []byte(strings.Repeat("\x1b[32msome\x1b[0m text on a line\r\n", 100))
	b.SetBytes(int64(len(line)))
	for b.Loop() {
		r.Write(line)
		s.sync()
	}
}
