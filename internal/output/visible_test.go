package output

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestVisible(t *testing.T) {
	for _, test := range []struct {
		in, want string
		escaped  bool
	}{
		{"", "", false},
		{"plain\ttext\n", "plain\ttext\n", false},
		{"dos\r\nlines\r\n", "dos\nlines\n", false},
		{"over\rwritten", `over\rwritten`, true},
		{"\x1b[31mred\x1b[0m", `\x1b[31mred\x1b[0m`, true},
		{"\x00\x07\x08\x7f", `\x00\x07\x08\x7f`, true},
		{"\u009b31m", `\u009b31m`, true},
		{"user\u202etxt.exe", `user\u202etxt.exe`, true},
		{"\u2066a\u2069", `\u2066a\u2069`, true},
		{"pass\u200bword", `pass\u200bword`, true},
		{"\ufeffbom", `\ufeffbom`, true},
		{"soft\u00adhyphen", `soft\u00adhyphen`, true},
		{"tag\U000e0041", `tag\U000e0041`, true},
		{"selector\ufe01\U000e0100", `selector\ufe01\U000e0100`, true},
		{"filler\u3164", `filler\u3164`, true},
		{"line\u2028sep", `line\u2028sep`, true},
		{"❤\ufe0f 1\ufe0f\u20e3", "❤\ufe0f 1\ufe0f\u20e3", false},
		{"x\ufe0f", `x\ufe0f`, true},
		{"❤\ufe0f\ufe0f", "❤\ufe0f" + `\ufe0f`, true},
		{"日本語 é \U0001f600", "日本語 é \U0001f600", false},
		{"\u0600 has a shape", "\u0600 has a shape", false},
		{"bad \xff byte", "bad \ufffd byte", false},
		{`C:\x1b`, `C:\x1b`, false},
	} {
		got, escaped := Visible(test.in)
		if got != test.want || escaped != test.escaped {
			t.Errorf("Visible(%q) = %q, %v; want %q, %v", test.in, got, escaped, test.want, test.escaped)
		}
	}
}

func FuzzVisible(f *testing.F) {
	for _, s := range []string{"", "a\r\n\r", "\x1b]0;t\x07", "\u202e\u200b\ufe0f", "\xff\xc3", "1\ufe0f\ufe0f"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, escaped := Visible(s)
		if !utf8.ValidString(got) {
			t.Fatal("not UTF-8")
		}
		var previous rune
		for _, r := range got {
			if hidden(r) && !emojiStyle(previous, r) {
				t.Fatalf("%U left in %q", r, got)
			}
			previous = r
		}
		if !escaped && utf8.ValidString(s) && got != strings.ReplaceAll(s, "\r\n", "\n") {
			t.Fatalf("%q became %q without an escape", s, got)
		}
		if again, _ := Visible(got); again != got {
			t.Fatalf("not stable: %q, then %q", got, again)
		}
	})
}

func TestLastLine(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{"", ""},
		{"\n\n", ""},
		{"one\ntwo", "two"},
		{"one\ntwo\n", "two"},
		{"one\n  \n\n", "one"},
		{" 10%\r 20%\r", "20%"},
		{" 10%\r 20%", "20%"},
		{"\x1b[1;32mok\x1b[0m\x1b[K", "ok"},
		{"\x1b]0;title\x07prompt$ ", "prompt$"},
		{"a\x07b", `a\x07b`},
		{"cut \xe6\x97", "cut"},
		{strings.Repeat("é", 300), strings.Repeat("é", 199) + "…"},
		{strings.Repeat("日", 1000), strings.Repeat("日", 199) + "…"},
	} {
		if got := LastLine([]byte(test.in)); got != test.want {
			t.Errorf("LastLine(%q) = %q, want %q", test.in, got, test.want)
		}
	}
}

func FuzzLastLine(f *testing.F) {
	f.Add([]byte("a\nb\r\x1b[31m"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if got := LastLine(b); utf8.RuneCountInString(got) > lineRunes || strings.ContainsAny(got, "\n\r\x1b") || !utf8.ValidString(got) {
			t.Fatalf("%q", got)
		}
	})
}
