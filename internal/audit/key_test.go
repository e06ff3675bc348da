package audit

import (
	"crypto/rand"
	"testing"

	"golang.org/x/mod/sumdb/note"
)

// Base64 has plus signs too, which separate the parts of a key.
func TestParseKeyDerivesPublicHalf(t *testing.T) {
	for range 200 {
		private, public, err := note.GenerateKey(rand.Reader, "relay-shell/test")
		if err != nil {
			t.Fatal(err)
		}
		k, err := parseKey(private)
		if err != nil {
			t.Fatalf("%s: %v", public, err)
		}
		if k.public != public {
			t.Fatalf("public half %s, want %s", k.public, public)
		}
	}
	for _, bad := range []string{"", "PRIVATE+KEY+x", "PRIVATE+KEY+x+00000000+AAAA"} {
		if _, err := parseKey(bad); err == nil {
			t.Errorf("%q was taken for a key", bad)
		}
	}
}
