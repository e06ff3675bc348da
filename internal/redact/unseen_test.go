package redact

import (
	"embed"
	"path/filepath"
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

// TestBlind holds the engine to the same targets on batches of whole lines, with secrets in them, that were written without a look at the rules.
// What they missed at first stands in docs/security.md. A text that was read must not change when it is read again, nor with the pieces it comes in.
func TestBlind(t *testing.T) {
	r := New(Options{})
	files, err := filepath.Glob("testdata/blind*.tsv.gz")
	if err != nil || len(files) == 0 {
		t.Fatal("no batches", err)
	}
	for _, file := range files {
		missed, secrets, touched, others := 0, 0, 0, 0
		for i, l := range labelledLines(t, file) {
			got := r.String(l.text)
			if l.secret == "" {
				others++
				if got != l.text {
					touched++
					t.Logf("touched: %q\n   now %q", l.text, got)
				}
			} else {
				secrets++
				if strings.Contains(got, l.secret) {
					missed++
					t.Logf("missed: %q\n   in %q", l.secret, got)
				}
			}
			if again := r.String(got); again != got {
				t.Errorf("not idempotent: %q\n then %q", got, again)
			}
			if piece := streamed(t, r, l.text, 1+i%7); piece != got {
				t.Errorf("in pieces of %d: %q, want %q", 1+i%7, piece, got)
			}
		}
		t.Logf("%s: %d of %d missed, %d of %d touched", file, missed, secrets, touched, others)
		if missed*100 > secrets*2 || touched*100 > others {
			t.Errorf("%s: %d of %d secrets missed, %d of %d others touched", file, missed, secrets, touched, others)
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
