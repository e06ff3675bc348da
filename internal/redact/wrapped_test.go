package redact

import (
	"strings"
	"testing"
)

// TestWrapped wants a secret masked that a line editor has wrapped at the terminal's width, wherever it is cut.
func TestWrapped(t *testing.T) {
	m := newMaker(17)
	r := New(Options{})
	for _, line := range []string{"$ export GITHUB_TOKEN=@@ && ./release.sh", "$ mysql -u root -p@@ shop", "$ curl -u bob:@@ https://x.example/", "$ echo hello there and good morning"} {
		secret := m.password()
		if strings.Contains(line, "TOKEN") {
			secret = "ghp_" + m.from(base62, 36)
		}
		text := strings.Replace(line, "@@", secret, 1)
		for cut := 3; cut < len(text)-1; cut++ {
			wrapped := text[:cut] + wrapMark + text[cut:]
			got := r.String(wrapped + "\n")
			if strings.Contains(strings.ReplaceAll(got, wrapMark, ""), secret) || strings.Contains(text, secret) && leaks(got, secret) {
				t.Fatalf("%q became %q", wrapped, got)
			}
			if !strings.Contains(text, secret) && strings.TrimSpace(got) != strings.TrimSpace(wrapped) {
				t.Fatalf("%q became %q, without a secret", wrapped, got)
			}
			if again := r.String(got); again != got {
				t.Fatalf("%q then %q", got, again)
			}
			if piece := streamed(t, r, wrapped+"\n", 1+cut%5); piece != got {
				t.Fatalf("in pieces %q, want %q", piece, got)
			}
		}
	}
	if s := "10% \r20% \r100% \n"; r.String(s) != s {
		t.Errorf("%q became %q", s, r.String(s))
	}
}
