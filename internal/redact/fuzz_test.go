package redact

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func seeds(f *testing.F) {
	m := newMaker(9)
	for _, templates := range []string{secretTemplates, ordinaryTemplates} {
		for _, template := range strings.Split(strings.TrimSpace(templates), "\n") {
			text, _ := m.fill(strings.NewReplacer(`⏎`, "\n", `⇥`, "\t", `␍`, "\r", `␛`, "\x1b").Replace(template))
			f.Add(text, 7)
		}
	}
	for _, l := range corpus(f) {
		f.Add(l.text, 13)
	}
	f.Add("", 1)
	f.Add("‹secret:password:0123abcd› ‹secret:", 3)
	f.Add("password=\x00\xff\x1b[31mx\x1b", 2)
}

// FuzzString wants every text to be read without a panic, to the same result however it is cut, a fixed point, with the
// spans that Find tells.
func FuzzString(f *testing.F) {
	seeds(f)
	r := New(Options{Key: []byte(strings.Repeat("k", 32)), Known: []string{"knownvalue"}})
	f.Fuzz(func(t *testing.T, s string, n int) {
		if len(s) > 4096 {
			return
		}
		got := r.String(s)
		if again := r.String(got); again != got {
			t.Errorf("not a fixed point: %q\n first %q\n then  %q", s, got, again)
		}
		if n < 1 || n > 64 {
			n = 1
		}
		if piece := streamed(t, r, s, n); piece != got {
			t.Errorf("in pieces of %d: %q, want %q", n, piece, got)
		}
		if got == s && HasMark(got) != HasMark(s) {
			t.Error("a mark from nowhere")
		}
		at := 0
		for _, span := range Find(s) {
			if span.Start < at || span.End <= span.Start || span.End > len(s) || span.Kind == "" {
				t.Fatalf("span %+v after %d of %d", span, at, len(s))
			}
			at = span.End
		}
		if utf8.ValidString(s) && !utf8.ValidString(got) {
			t.Errorf("%q became invalid UTF-8: %q", s, got)
		}
		for _, p := range []Profile{Keys, Off} {
			out := r.ForOutput(p).String(s)
			if again := r.ForOutput(p).String(out); again != out {
				t.Errorf("%s: not a fixed point: %q then %q", p, out, again)
			}
		}
	})
}

// FuzzValue wants every JSON document to keep its shape.
func FuzzValue(f *testing.F) {
	for _, s := range []string{`{"password":"x","a":[1,"two",{"token":null}]}`, `[["mysql","-pabc1234X"]]`, `"plain"`, `{"secrets":{"a":"b"}}`} {
		f.Add(s)
	}
	r := New(Options{})
	f.Fuzz(func(t *testing.T, s string) {
		v, ok := parse(s)
		if !ok || len(s) > 4096 {
			return
		}
		got := r.Value(v)
		if !sameShape(v, got) {
			t.Errorf("%s became %v", s, got)
		}
		if again := r.Value(got); !equal(again, got) {
			t.Errorf("not a fixed point: %s: %v then %v", s, got, again)
		}
	})
}
