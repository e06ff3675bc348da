package redact

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"
)

// TestKnownEncoded wants a known value masked in the base64 of whatever text holds it, and in hexadecimal.
func TestKnownEncoded(t *testing.T) {
	m := newMaker(5)
	for range 200 {
		value := m.password()
		r := New(Options{Known: []string{value}}).ForOutput(Off)
		text := m.from(lowers, m.IntN(5)) + ":" + value + m.from(lowers, m.IntN(5))
		for what, encoded := range map[string]string{
			"base64": base64.StdEncoding.EncodeToString([]byte(text)), "base64url": base64.RawURLEncoding.EncodeToString([]byte(text)),
			"hex": hex.EncodeToString([]byte(text)), "HEX": strings.ToUpper(hex.EncodeToString([]byte(text))),
		} {
			got := r.String("x " + encoded + " y")
			if !HasMark(got) || !strings.HasPrefix(got, "x ") || !strings.HasSuffix(got, " y") {
				t.Fatalf("%s of %q: %q", what, text, got)
			}
		}
	}
}

// TestKnownLater wants a stream that is already open to mask what becomes known later.
func TestKnownLater(t *testing.T) {
	r := New(Options{})
	var b strings.Builder
	w := r.NewWriter(&b)
	value := newMaker(6).password()
	_, _ = w.Write([]byte("first\n"))
	r.AddKnown(value)
	_, _ = w.Write([]byte("it is " + value + "\n"))
	_ = w.Close()
	if got := b.String(); strings.Contains(got, value) || !strings.HasPrefix(got, "first\nit is ‹secret:known:") {
		t.Errorf("%q", got)
	}
}
