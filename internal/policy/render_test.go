package policy

import (
	"strings"
	"testing"
	"unicode"
)

func TestVisible(t *testing.T) {
	for in, want := range map[string]string{
		"ls -la":                 "ls -la",
		"a\x1b[2Jb":              `a\x1b[2Jb`,
		"rm\u200b":               `rm\u{200b}`,
		"\u202egnp":              `\u{202e}gnp`,
		"\uff52\uff4d":           `\u{ff52}\u{ff4d}`,
		"r\u043c":                `r\u{43c}`,
		"rm\u00a0-rf":            `rm\u{a0}-rf`,
		"caf\u00e9 \u65e5\u672c": "caf\u00e9 \u65e5\u672c",
		"a\rb\tc":                `a\rb\tc`,
		"\xff":                   `\xff`,
		"\x7f":                   `\x7f`,
	} {
		if got := Visible(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestRenderShowsWhatMatters(t *testing.T) {
	s := Subject{
		Tool: "ssh_exec", Text: "echo hello; sudo rm -rf /srv/\u202edata", Dir: "/srv", Stdin: "a\x1bb",
		Env: []EnvVar{{Name: "A", Value: "b"}, {Name: "C", Unset: true}},
	}
	got := Render(s, Assess(s))
	for _, want := range []string{"tier 3 IRREVERSIBLE", `rm -rf /srv/\u{202e}data`, "sudo", "directory:", "A=b", "C removed", "input, 3 bytes", `a\x1bb`} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in:\n%s", want, got)
		}
	}
}

func FuzzRender(f *testing.F) {
	for _, s := range []string{"ls", "a\x1b]0;x\x07", "\u202e\u2066", "echo $(", strings.Repeat("x", 5000)} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, text, stdin string) {
		s := Subject{Text: text, Stdin: stdin}
		for _, r := range Render(s, Assess(s)) {
			if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Bidi_Control, r)) {
				t.Fatalf("%U is shown as itself", r)
			}
		}
	})
}
