package policy

import (
	"fmt"
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

// TestRenderShowsTheDanger hides something of tier 3 in 12,000 characters of every kind of padding, and wants the person to see it.
func TestRenderShowsTheDanger(t *testing.T) {
	const danger = "rm -rf /srv/precious/*"
	distinct := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "systemctl restart a%d; ", i)
		}
		return b.String()
	}
	for name, text := range map[string]string{
		"behind distinct ones":    distinct(450) + danger,
		"amid distinct ones":      distinct(200) + danger + "; " + distinct(200),
		"unseen, amid others":     strings.Repeat("a\u200b", 3000) + danger + strings.Repeat("b\u200b", 3000),
		"behind many commands":    strings.Repeat("true; ", 2000) + danger,
		"behind many of tier 2":   strings.Repeat("systemctl restart a; ", 570) + danger,
		"behind lines":            strings.Repeat("\n", 12000) + danger,
		"behind blanks":           "true;" + strings.Repeat(" ", 12000) + danger,
		"behind a long argument":  "echo " + strings.Repeat("x", 12000) + "; " + danger,
		"amid its own arguments":  "rm -rf " + strings.Repeat("/tmp/aaaaaaaaaa ", 750) + "/srv/precious/*",
		"in a substitution":       "echo " + strings.Repeat("a ", 6000) + "$(" + danger + ")",
		"in a shell's argument":   "sh -c '" + strings.Repeat("true; ", 2000) + danger + "'",
		"behind a comment":        "# " + strings.Repeat("harmless ", 1300) + "\n" + danger,
		"before padding":          danger + strings.Repeat("; true", 2000),
		"in the middle":           strings.Repeat("true; ", 1000) + danger + strings.Repeat("; true", 1000),
		"in a here-document":      "sh <<E\n" + strings.Repeat("true\n", 2400) + danger + "\nE\n",
		"behind unseen ones":      strings.Repeat("\u200b", 4000) + danger,
		"behind a bidi override":  strings.Repeat("\u202e", 4000) + danger,
		"behind carriage returns": strings.Repeat("true\r", 2400) + "\n" + danger,
	} {
		s := Subject{Tool: "shell_exec", Text: text}
		got := Render(s, Assess(s))
		if !strings.Contains(got, "/srv/precious/*") {
			t.Errorf("%s: not shown in %d bytes:\n%.600s", name, len(got), got)
		}
		if len(got) > 64<<10 {
			t.Errorf("%s: %d bytes, more than a question holds", name, len(got))
		}
	}
	s := Subject{Tool: "shell_exec", Text: "bash -s", Stdin: strings.Repeat("true\n", 2400) + danger}
	if got := Render(s, Assess(s)); !strings.Contains(got, "/srv/precious/*") {
		t.Errorf("on standard input:\n%.600s", got)
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

// TestRenderCountsPadding keeps the screen short whatever pads a command.
func TestRenderCountsPadding(t *testing.T) {
	for _, pad := range []string{"a", " ", "\u200b", "é"} {
		s := Subject{Text: "rm -rf /srv; : " + strings.Repeat(pad, 12_000) + "; ls"}
		if text := Render(s, Assess(s)); len(text) > 3000 || !strings.Contains(text, "rm -rf /srv") || !strings.Contains(text, "(1200") {
			t.Errorf("%q: %d bytes: %.200q", pad, len(text), text)
		}
	}
}
