package redact

import (
	"crypto/rand"
	"encoding/hex"
	"strings"
	"testing"
)

// fresh is a random secret of a shape, so that none stands in this repository: a small letter stands for a random small
// letter, a capital for a capital, 0 for a digit; everything else stands for itself.
func fresh(shape string) string {
	b := []byte(shape)
	var r [1]byte
	for i, c := range b {
		rand.Read(r[:])
		switch {
		case isLower(c):
			b[i] = 'a' + r[0]%26
		case isUpper(c):
			b[i] = 'A' + r[0]%26
		case isDigit(c):
			b[i] = '0' + r[0]%10
		}
	}
	return string(b)
}

func TestMark(t *testing.T) {
	r := New(Options{Key: []byte(strings.Repeat("k", 32))})
	secret := fresh("Aaaaaaa000-aAaa")
	got := r.String("DB_PASSWORD=" + secret + " ./run")
	if strings.Contains(got, secret) || !strings.HasPrefix(got, "DB_PASSWORD=‹secret:password:") || !strings.HasSuffix(got, "› ./run") {
		t.Fatalf("got %q", got)
	}
	if !HasMark(got) || HasMark("DB_PASSWORD=x ./run") || HasMark("‹secret:password:12›") {
		t.Error("HasMark is wrong")
	}
	digits := got[len(got)-len("› ./run")-8 : len(got)-len("› ./run")]
	if _, err := hex.DecodeString(digits); err != nil {
		t.Errorf("digits %q", digits)
	}
	if again := r.String(`password: "` + secret + `"`); !strings.Contains(again, digits) {
		t.Errorf("equal secrets have different marks: %q and %q", got, again)
	}
	if other := New(Options{}).String("DB_PASSWORD=" + secret); strings.Contains(other, digits) {
		t.Error("another key gives the same mark")
	}
	if same := r.String(got); same != got {
		t.Errorf("not idempotent: %q", same)
	}
	if s := "nothing to see here\n"; r.String(s) != s {
		t.Error("touched text without a secret")
	}
}

func TestKnown(t *testing.T) {
	secret := fresh("aaa 000 aaa")
	r := New(Options{Known: []string{secret}})
	r.ForOutput(Off).AddKnown("ab", "two\nlines of it", " ", "")
	for in, want := range map[string]string{
		"it is " + secret + ".": "it is ‹›.",
		"ab cab ab":             "‹› cab ‹›",
		"lines of it":           "‹›",
		"percent " + strings.ReplaceAll(secret, " ", "%20"): "percent ‹›",
		"nothing": "nothing",
	} {
		for _, p := range []Profile{All, Keys, Off} {
			if got := unmarked(r.ForOutput(p).String(in)); got != want {
				t.Errorf("%s: %q became %q, want %q", p, in, got, want)
			}
		}
	}
}

// unmarked leaves ‹› of every mark.
func unmarked(s string) string {
	for i := strings.Index(s, markOpen); i >= 0; i = strings.Index(s, markOpen) {
		s = s[:i] + "‹›" + s[i+markLen(s[i:]):]
	}
	return s
}
