package redact

import (
	"strings"
	"testing"
)

// TestPart cuts text with tokens at every two places: no part shows a half of one.
func TestPart(t *testing.T) {
	r := New(Options{Known: []string{"x" + fresh("aaaa0000")}}).ForOutput(Keys)
	for name, secret := range map[string]string{
		"github": "ghp_" + fresh(strings.Repeat("aA0", 12)),
		"slack":  "xoxb-" + fresh("000000000000") + "-" + fresh("000000000000") + "-" + fresh(strings.Repeat("aA0", 8)),
		"gitlab": "glpat-" + fresh("aA0aA0aA0aA0aA0aA0aA"),
		"colour": "ghp_" + fresh(strings.Repeat("aA0", 4)) + "\x1b[1;31m" + fresh(strings.Repeat("aA0", 8)),
	} {
		text := "one ä " + secret + " ö two\n"
		if !HasMark(r.String(text)) {
			t.Fatalf("%s is not masked", name)
		}
		for i := 0; i <= len(text); i++ {
			if !aligned(text, i) {
				continue
			}
			for j := i; j <= len(text); j++ {
				if !aligned(text, j) {
					continue
				}
				for _, got := range []string{r.Part(text[:i], text[i:j], text[j:], true), r.Part(text[:i], text[i:j], "", true)} {
					for at := 0; at+10 <= len(secret); at++ {
						if strings.Contains(got, secret[at:at+10]) {
							t.Fatalf("%s: %q of %q shows a piece", name, got, text[i:j])
						}
					}
					if open, whole := strings.Count(got, "‹"), strings.Count(got, "›"); open != whole {
						t.Fatalf("%s: %q has a torn mark", name, got)
					}
				}
			}
			// Two parts show all that is no secret, and the mark.
			got := r.Part("", text[:i], text[i:], true) + r.Part(text[:i], text[i:], "", false)
			if want := r.String(text); got != want && i <= 8 || !strings.HasPrefix(got, "one ä ") || !strings.HasSuffix(got, " ö two\n") || !HasMark(got) {
				t.Fatalf("%s cut at %d: %q", name, i, got)
			}
		}
	}
	for _, plain := range []string{"", "$ ", "Continue", "key-value", "task-list", "ghp_", "a\n"} {
		if got := r.Part("before ", plain, "", true); got != plain && plain != "key-value" {
			t.Errorf("%q: %q", plain, got)
		}
	}
	if got := r.ForOutput(Off).Part("", "ghp_abcdefgh", "", true); got != "ghp_abcdefgh" {
		t.Errorf("%q although nothing is to be masked", got)
	}
}

// aligned tells whether s[at] begins a character.
func aligned(s string, at int) bool { return at >= len(s) || s[at]&0xC0 != 0x80 }
