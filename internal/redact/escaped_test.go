package redact

import (
	"encoding/json"
	"strings"
	"testing"
)

// inJSON is text among other lines in a string of JSON, as the content of a file in a tool's arguments; again inside another one.
func inJSON(t testing.TB, text string, again bool) string {
	t.Helper()
	b, err := json.Marshal(map[string]string{"text": "first line\n" + text + "\nlast line"})
	if err != nil {
		t.Fatal(err)
	}
	if again {
		return inJSON(t, string(b), false)
	}
	return string(b)
}

// TestEscapedTemplates wants what is found in a text found as well where it is a part of a string of JSON.
func TestEscapedTemplates(t *testing.T) {
	r := New(Options{})
	for _, template := range strings.Split(strings.TrimSpace(secretTemplates), "\n") {
		template = strings.NewReplacer(`⏎`, "\n", `⇥`, "\t", `␍`, "\r", `␛`, "\x1b").Replace(template)
		template, _ = strings.CutPrefix(template, "~")
		for seed := range uint64(4) {
			text, secret := newMaker(seed).fill(template)
			quoted, _ := json.Marshal(secret)
			for _, again := range []bool{false, true} {
				got := r.String(inJSON(t, text, again))
				if leaks(got, secret) || leaks(got, strings.Trim(string(quoted), `"`)) {
					t.Errorf("template %s\n  got %q", template, got)
				}
				if masked := r.String(got); masked != got {
					t.Errorf("template %s\n not idempotent: %q\n then %q", template, got, masked)
				}
			}
		}
	}
}

// TestEscapedOrdinary wants text without secrets left alone there too.
func TestEscapedOrdinary(t *testing.T) {
	r := New(Options{})
	touched, all := 0, 0
	for _, template := range strings.Split(strings.TrimSpace(ordinaryTemplates), "\n") {
		template = strings.NewReplacer(`⏎`, "\n", `⇥`, "\t", `␍`, "\r").Replace(template)
		text, _ := newMaker(1).fill(template)
		for _, again := range []bool{false, true} {
			all++
			in := inJSON(t, text, again)
			if got := r.String(in); got != in {
				touched++
				t.Logf("template %s\n  in  %q\n  got %q", template, in, got)
			}
		}
	}
	if touched*100 > all {
		t.Errorf("%d of %d touched", touched, all)
	}
}

// TestTitles wants secrets masked in what a terminal is told beside its text: its title, the address of a link.
func TestTitles(t *testing.T) {
	m := newMaker(5)
	known, token, password := "typed-"+m.from(lowers+digits, 14), "ghp_"+m.from(base62, 36), m.password()
	r := New(Options{Known: []string{known}})
	for _, c := range []struct{ text, secret string }{
		{"\x1b]0;" + known + "\a", known},
		{"\x1b]2;at " + token + "\x1b\\prompt", token},
		{"see \x1b]8;;https://bob:" + password + "@h.example/\x1b\\here\x1b]8;;\x1b\\ now", password},
	} {
		got := r.String(c.text)
		if leaks(got, c.secret) {
			t.Errorf("%q became %q", c.text, got)
		}
		if before, after, _ := strings.Cut(c.text, c.secret); !strings.HasPrefix(got, before) || !strings.HasSuffix(got, after) {
			t.Errorf("%q lost more than its secret: %q", c.text, got)
		}
		if piece := streamed(t, r, c.text, 1); piece != got {
			t.Errorf("byte by byte %q, want %q", piece, got)
		}
		if again := r.String(got); again != got {
			t.Errorf("%q then %q", got, again)
		}
	}
}
