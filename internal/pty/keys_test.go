package pty

import (
	"strings"
	"testing"
)

func TestKeys(t *testing.T) {
	app := Modes{ApplicationCursor: true}
	for _, test := range []struct {
		name string
		m    Modes
		want string
	}{
		{"a", Modes{}, "a"}, {"A", Modes{}, "A"}, {"é", Modes{}, "é"}, {"-", Modes{}, "-"}, {"^", Modes{}, "^"},
		{"C-c", Modes{}, "\x03"}, {"C-C", Modes{}, "\x03"}, {"^C", Modes{}, "\x03"}, {"Ctrl+C", Modes{}, "\x03"}, {"c-z", Modes{}, "\x1a"},
		{"C-[", Modes{}, "\x1b"}, {"C-\\", Modes{}, "\x1c"}, {"C-]", Modes{}, "\x1d"}, {"C-_", Modes{}, "\x1f"}, {"C-@", Modes{}, "\x00"},
		{"C-Space", Modes{}, "\x00"}, {"C-?", Modes{}, "\x7f"},
		{"M-x", Modes{}, "\x1bx"}, {"M-X", Modes{}, "\x1bX"}, {"Alt+x", Modes{}, "\x1bx"}, {"C-M-a", Modes{}, "\x1b\x01"}, {"M-é", Modes{}, "\x1bé"},
		{"S-a", Modes{}, "A"},
		{"Enter", Modes{}, "\r"}, {"return", Modes{}, "\r"}, {"M-Enter", Modes{}, "\x1b\r"}, {"Tab", Modes{}, "\t"}, {"S-Tab", Modes{}, "\x1b[Z"},
		{"BackTab", Modes{}, "\x1b[Z"}, {"Esc", Modes{}, "\x1b"}, {"Space", Modes{}, " "}, {"Backspace", Modes{}, "\x7f"}, {"BSpace", Modes{}, "\x7f"},
		{"C-Backspace", Modes{}, "\x08"},
		{"Up", Modes{}, "\x1b[A"}, {"Up", app, "\x1bOA"}, {"C-Up", app, "\x1b[1;5A"}, {"S-M-Left", Modes{}, "\x1b[1;4D"},
		{"Home", Modes{}, "\x1b[H"}, {"End", app, "\x1bOF"}, {"Delete", Modes{}, "\x1b[3~"}, {"DC", Modes{}, "\x1b[3~"}, {"C-Delete", Modes{}, "\x1b[3;5~"},
		{"PageUp", app, "\x1b[5~"}, {"NPage", Modes{}, "\x1b[6~"}, {"Insert", Modes{}, "\x1b[2~"},
		{"F1", Modes{}, "\x1bOP"}, {"f4", app, "\x1bOS"}, {"F5", Modes{}, "\x1b[15~"}, {"F12", Modes{}, "\x1b[24~"}, {"S-F1", Modes{}, "\x1b[1;2P"},
		{"C-F5", Modes{}, "\x1b[15;5~"}, {"F20", Modes{}, "\x1b[34~"},
	} {
		got, err := Keys([]string{test.name}, test.m)
		if err != nil || string(got) != test.want {
			t.Errorf("%s: %q, %v; want %q", test.name, got, err, test.want)
		}
	}
	if got, err := Keys([]string{"Escape", ":", "w", "Enter"}, Modes{}); err != nil || string(got) != "\x1b:w\r" {
		t.Errorf("%q, %v", got, err)
	}
	for _, bad := range []string{"", "Foo", "C-Enter", "C-é", "C-", "F21", "F0", "ab", "C-Foo"} {
		if got, err := Keys([]string{bad}, Modes{}); codeOf(err) != "invalid_argument" {
			t.Errorf("%q: %q, %v", bad, got, err)
		}
	}
	for _, name := range KeyNames() {
		if _, err := Keys([]string{name, "S-" + name, "M-" + name}, Modes{}); err != nil {
			t.Errorf("%s is listed: %v", name, err)
		}
	}
}

func FuzzKeys(f *testing.F) {
	for _, s := range []string{"C-c", "M-", "C-M-S-Up", "^", "Ctrl++"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if got, err := Keys([]string{name}, Modes{}); err == nil && len(got) == 0 {
			t.Fatalf("%q is nothing", name)
		}
	})
}

func TestPaste(t *testing.T) {
	on := Modes{BracketedPaste: true}
	for _, test := range []struct {
		in   string
		m    Modes
		want string
	}{
		{"a\nb", Modes{}, "a\nb"},
		{"one line", on, "one line"},
		{"a\nb\r\nc", on, "\x1b[200~a\rb\rc\x1b[201~"},
		{"a\n\x1b[201~rm", on, "\x1b[200~a\rrm\x1b[201~"},
		{"a\n\x1b[20\x1b[201~1~rm", on, "\x1b[200~a\rrm\x1b[201~"},
	} {
		if got := string(Paste([]byte(test.in), test.m)); got != test.want {
			t.Errorf("%q: %q, want %q", test.in, got, test.want)
		}
	}
}

func TestModes(t *testing.T) {
	for _, test := range []struct {
		in    string
		want  Modes
		asked bool
	}{
		{"\x1b[?1h\x1b=", Modes{ApplicationCursor: true}, false},
		{"\x1b[?1;2004h", Modes{ApplicationCursor: true, BracketedPaste: true}, false},
		{"\x1b[?1049h\x1b[?1000h", Modes{AlternateScreen: true, Mouse: true}, false},
		{"\x1b[?1049h\x1b[?1h\x1b[?1049l", Modes{ApplicationCursor: true}, false},
		{"\x1b[?1h\x1bc", Modes{}, false},
		{"\x1b[?1049h\x1b[?1h\x1b[!p", Modes{AlternateScreen: true}, false},
		{"\x1b]0;\x1b[?1h", Modes{ApplicationCursor: true}, false}, // the ESC ended the string
		{"\x1b]0;[?1h\x07", Modes{}, false},
		{"\x1b[?\x18 1h", Modes{}, false},
		{"\x1b[6n", Modes{}, true}, {"\x1b[c", Modes{}, true}, {"\x1b[>c", Modes{}, true}, {"\x1b[?2026$p", Modes{}, true}, {"\x1b[4 q", Modes{}, false},
	} {
		var tr tracker
		for _, c := range []byte(test.in) {
			tr.feed([]byte{c})
		}
		if got := tr.get(); got != test.want {
			t.Errorf("%q: %+v", test.in, got)
		}
		if got := tr.question(); got != test.asked || tr.question() {
			t.Errorf("%q: asked %v", test.in, got)
		}
	}
}

// collected is what a scanner finds, as a string of its own.
type collected struct{ b strings.Builder }

func (c *collected) text(p []byte)               { c.b.Write(p) }
func (c *collected) control(x byte)              { c.b.WriteByte(x) }
func (c *collected) escape(seq []byte, cut bool) { c.b.Write(seq) }
func (c *collected) str(seq []byte, cut bool)    { c.b.Write(seq) }

// In whatever pieces it comes, the scanner finds the same and keeps bounded memory.
func FuzzScanner(f *testing.F) {
	f.Add([]byte("a\x1b[1;2mb\x1b]0;t\x07\x1bP1$q\x1b\\\x1b(B\x18\xff"), 3)
	f.Add([]byte("\x1b]\x1b\x1b\x1b[\x1b"), 1)
	f.Fuzz(func(t *testing.T, data []byte, n int) {
		if n < 1 {
			return
		}
		var whole, pieces collected
		var a, b scanner
		a.feed(data, &whole)
		for rest := data; len(rest) > 0; rest = rest[min(n, len(rest)):] {
			b.feed(rest[:min(n, len(rest))], &pieces)
		}
		if whole.b.String() != pieces.b.String() || a.pos != int64(len(data)) || b.pos != a.pos {
			t.Fatalf("%q and %q", whole.b.String(), pieces.b.String())
		}
		if whole.b.Len() > len(data) {
			t.Fatal("more than there was")
		}
	})
}

func TestScannerMemory(t *testing.T) {
	var s scanner
	var c collected
	s.feed([]byte("\x1b]0;"), &c)
	for range 1000 {
		s.feed([]byte(strings.Repeat("x", 10000)), &c)
	}
	if len(s.seq) > maxSequence || cap(s.seq) > 2*maxSequence {
		t.Errorf("%d bytes kept", cap(s.seq))
	}
	s.feed([]byte("\x07after"), &c)
	if got := c.b.String(); !strings.HasSuffix(got, "after") || len(got) != maxSequence+len("after") {
		t.Errorf("%d bytes", len(got))
	}
}

func TestSafeWriter(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{"plain é 日\r\n\ttext\a", "plain é 日\r\n\ttext\a"},
		{"\x1b[31;1mred\x1b[0m\x1b[2J\x1b[5;5H\x1b[?1049h", "\x1b[31;1mred\x1b[0m\x1b[2J\x1b[5;5H\x1b[?1049h"},
		{"a\x1b[6nb\x1b[cc\x1b[>cd\x1b[21te\x1b[?1$pf\x1bZg\x05h", "abcdefgh"},
		{"\x1b]52;c;ZXZpbA==\x07x\x1b]0;title\x07y\x1b]8;;http://a\x1b\\z", "x\x1b]0;title\x07y\x1b]8;;http://a\x1b\\z"},
		{"a\x1bP$qm\x1b\\b\x1b_apc\x1b\\c\x1b^pm\x1b\\d\x1bXsos\x1b\\e", "abcde"},
		{"a\x1b[5ib", "ab"},
		{"a\u009b6nb\u00a0", "a6nb\u00a0"},
		{"é\xc2", "é"}, // held back
		{"\xc2A", "\xc2A"},
		{"a\x1b[31", "a"},
		{"\x11\x13", ""},
	} {
		for _, size := range []int{1, 2, 1000} {
			var b strings.Builder
			w := NewSafeWriter(&b)
			for rest := test.in; rest != ""; {
				n := min(size, len(rest))
				if k, err := w.Write([]byte(rest[:n])); k != n || err != nil {
					t.Fatal(k, err)
				}
				rest = rest[n:]
			}
			if b.String() != test.want {
				t.Errorf("%q by %d: %q, want %q", test.in, size, b.String(), test.want)
			}
		}
	}
}
