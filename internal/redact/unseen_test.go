package redact

import (
	"embed"
	"strings"
	"testing"
)

//go:embed testdata/unseen*.txt
var unseen embed.FS

// TestUnseen holds the engine to its targets on batches of lines that were written without a look at the rules, in the form of the templates:
// 98 % of the secrets wholly gone, at most 1 % of the others touched. What they missed at first is what the rules have been mended by since, so that only a new batch says how they do on lines unseen.
func TestUnseen(t *testing.T) {
	r := New(Options{})
	for _, batch := range []string{"unseen1", "unseen2", "unseen3", "unseen4"} {
		missed, secrets, touched, others := 0, 0, 0, 0
		eachFilled(t, batch+"-secrets.txt", func(template, text, secret string) {
			secrets++
			if got := r.String(text); strings.Contains(got, secret) || leaks(got, secret) {
				missed++
				t.Logf("missed: %s\n   in %q", template, got)
			}
		})
		eachFilled(t, batch+"-ordinary.txt", func(template, text, _ string) {
			others++
			if got := r.String(text); got != text {
				touched++
				t.Logf("touched: %s\n   now %q", template, got)
			}
		})
		t.Logf("%s: %d of %d missed, %d of %d touched", batch, missed, secrets, touched, others)
		if secrets < 480 || others < 480 {
			t.Errorf("%s: only %d and %d lines", batch, secrets, others)
		}
		if missed*100 > secrets*2 {
			t.Errorf("%s: %d of %d secrets missed", batch, missed, secrets)
		}
		if touched*100 > others {
			t.Errorf("%s: %d of %d others touched", batch, touched, others)
		}
	}
}

// eachFilled fills each template of a file with four lots of random values.
func eachFilled(t *testing.T, file string, look func(template, text, secret string)) {
	t.Helper()
	data, err := unseen.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	for i, template := range strings.Split(strings.TrimSpace(string(data)), "\n") {
		raw := strings.NewReplacer(`⏎`, "\n", `⇥`, "\t", `␍`, "\r", `␛`, "\x1b").Replace(template)
		for seed := range uint64(4) {
			text, secret := newMaker(uint64(i)*16 + seed + 5000).fill(raw)
			look(template, text, secret)
		}
	}
}
