package redact

import (
	"bytes"
	"strings"
	"testing"
)

// paused is what a Writer makes of s when it pauses at each of the given places, and what it had written at the last one.
func paused(t testing.TB, r *Redactor, s string, cuts ...int) (all, before string) {
	t.Helper()
	var out bytes.Buffer
	w := r.NewWriter(&out)
	last := 0
	for _, cut := range append(cuts, len(s)) {
		if _, err := w.Write([]byte(s[last:cut])); err != nil {
			t.Fatal(err)
		}
		if last = cut; cut < len(s) {
			if err := w.Pause(); err != nil {
				t.Fatal(err)
			}
			if cut%16 == 0 {
				w.Rest()
			}
			before = out.String()
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String(), before
}

// TestPauseEverySplit pauses at every place of some kinds of tokens, also at all of them: nothing of a token is written, and in the end the stream
// is the same as without pauses.
func TestPauseEverySplit(t *testing.T) {
	known := fresh("aaaaAAAA00") + " " + fresh("AAAA0000aa")
	r := New(Options{Known: []string{known}})
	for name, secret := range map[string]string{
		"github": "ghp_" + fresh(strings.Repeat("aA0", 12)), "aws": "AKIA" + strings.ToUpper(fresh(strings.Repeat("a", 16))),
		"slack":    "xoxb-" + fresh("000000000000") + "-" + fresh("000000000000") + "-" + fresh(strings.Repeat("aA0", 8)),
		"known":    known,
		"coloured": "ghp_" + fresh(strings.Repeat("aA0", 4)) + "\x1b[1;31m" + fresh(strings.Repeat("aA0", 8)),
	} {
		for _, around := range []string{"$ echo ~ \n$ ", "~", "user@host:~$ export TOKEN=~\r\n", "\x1b[1mtoken\x1b[0m: \x1b[32m~\x1b[0m\r\nnext", "a ~ b ~\n"} {
			around = strings.Replace(around, ":~$", ":/$", 1)
			text := strings.ReplaceAll(around, "~", secret)
			want := r.String(text)
			if !HasMark(want) {
				t.Fatalf("%s: not masked in %q", name, text)
			}
			var each []int
			for cut := 1; cut < len(text); cut++ {
				each = append(each, cut)
				got, before := paused(t, r, text, cut)
				if got != want {
					t.Fatalf("%s: paused at %d of %q: %q, want %q", name, cut, text, got, want)
				}
				for n := 1; n <= len(secret); n++ {
					if cut >= len(text) || !strings.HasSuffix(text[:cut], secret[:n]) {
						continue
					}
					if n >= 5 && strings.HasSuffix(before, secret[:n]) {
						t.Fatalf("%s: paused at %d: %q was written", name, cut, before)
					}
				}
			}
			if got, _ := paused(t, r, text, each...); got != want {
				t.Fatalf("%s: paused everywhere: %q, want %q", name, got, want)
			}
		}
	}
}

// TestPauseTemplates pauses behind every byte of every kind of secret: what is masked without pauses does not come out, not in halves either.
func TestPauseTemplates(t *testing.T) {
	r, m := New(Options{}), newMaker(11)
	for _, template := range strings.Split(strings.TrimSpace(secretTemplates), "\n") {
		text, secret := m.fill(strings.NewReplacer(`⏎`, "\n", `⇥`, "\t", `␍`, "\r", `␛`, "\x1b", "~", "").Replace(template))
		half := secret[:len(secret)/2]
		if strings.Contains(text, "ConvertTo-SecureString") {
			continue // said by what follows a blank
		}
		if want := r.String(text); len(half) < 4 || strings.Contains(want, half) {
			continue
		}
		var each []int
		for cut := 1; cut < len(text); cut++ {
			each = append(each, cut)
		}
		if got, _ := paused(t, r, text, each...); strings.Contains(got, half) {
			t.Errorf("%q: %q", text, got)
		}
	}
}

// TestPausePrompt shows what waits for an answer.
func TestPausePrompt(t *testing.T) {
	r := New(Options{})
	for _, prompt := range []string{"$ ", "user@host:~$ ", "\x1b[1;32muser\x1b[0m# \x1b[?2004h", "Password:", "Password: ", ">>> ", "mysql> ", "Continue? [y/N] ", "\x1b]0;title\a$ ", "❯ ", "(gdb) ", "\x1b[5;10HMenu \x1b[1;1H"} {
		if _, got := paused(t, r, prompt+"x", len(prompt)); got != prompt {
			t.Errorf("%q: %q was written", prompt, got)
		}
	}
}

// TestPauseTail holds back what may go on.
func TestPauseTail(t *testing.T) {
	r := New(Options{})
	for text, want := range map[string]string{
		"a word": "a ", "https://user:": "", "\x1b[1": "", "x \x1b[31": "x ", "x ab\x1b[31": "x ", "x \x1b]0;ti": "x ", "ab\x1b[31mcd": "", "done. \x1b[2J\x1b[Hab": "done. \x1b[2J\x1b[H",
	} {
		if _, got := paused(t, r, text+"~", len(text)); got != want {
			t.Errorf("%q: %q was written, want %q", text, got, want)
		}
	}
}
