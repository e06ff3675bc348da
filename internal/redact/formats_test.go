package redact

import (
	"strings"
	"testing"
)

// TestFormatsAtRandom wants the tokens of every format masked whole, whatever their random characters are: thousands for each, as short as
// the provider makes them. Some have prefixes so common, or bodies so short, that by chance one looks like a word: those may be missed once
// in two hundred, all others once in a thousand.
func TestFormatsAtRandom(t *testing.T) {
	r := New(Options{}).ForOutput(Keys)
	const trials = 3000
	all := 0
	for i := range formats {
		f := &formats[i]
		var alphabet []byte
		for c := byte(0x21); c < 0x7f; c++ {
			if f.is(c) && strings.IndexByte(".,%=~@/$", c) < 0 {
				alphabet = append(alphabet, c)
			}
		}
		m := newMaker(uint64(i))
		missed, first := 0, ""
		for range trials {
			token := f.prefix + m.from(string(alphabet), f.least)
			if got := r.String("x " + token + " y"); strings.Contains(got, token[len(f.prefix):]) || !strings.HasPrefix(got, "x ") || !strings.HasSuffix(got, " y") {
				if missed++; missed == 1 {
					first = token + " → " + got
				}
			}
		}
		all += missed
		bound := trials / 1000
		if f.least <= 12 {
			bound = trials / 200
		}
		if missed > bound {
			t.Errorf("%s %s: %d of %d missed, such as %s", f.kind, f.prefix, missed, trials, first)
		}
	}
	if rate := float64(all) / float64(trials*len(formats)); rate > 1e-4 {
		t.Errorf("%d missed in all, %.5f of the tokens", all, rate)
	} else {
		t.Logf("%d of %d missed", all, trials*len(formats))
	}
}

// TestTokensInPlaces wants a token found wherever it is glued to: behind an escape of JSON or of a URL, at a sentence's end, in quotes.
func TestTokensInPlaces(t *testing.T) {
	r := New(Options{}).ForOutput(Keys)
	m := newMaker(3)
	for _, place := range []string{`{"text":"one\n@@"}`, `{"text":"one\t@@\n"}`, `'\u001b@@'`, `\x1b@@`, "https://x/cb?u=https%3A%2F%2Fy%3Ft%3D@@", "It is @@.", "(@@)", "'@@'",
		"a=@@,b=c", "x\\\n@@\n", "\x1b[1m@@\x1b[0m", "\u00a0@@\u00a0", "≥@@"} {
		for _, token := range []string{"ghp_" + m.from(base62, 36), "glpat-" + m.from(base62, 20), "xoxb-" + m.from(digits, 12) + "-" + m.from(base62, 24), "sk-ant-api03-" + m.from(base62, 90), "hvs." + m.from(base62, 24), "AKIA" + m.must("b32:16"), "npm_" + m.from(base62, 36)} {
			text := strings.Replace(place, "@@", token, 1)
			before, after, _ := strings.Cut(place, "@@")
			got := r.String(text)
			if leaks(got, token) || !strings.HasPrefix(got, before) || !strings.HasSuffix(got, after) {
				t.Errorf("in  %q\ngot %q", text, got)
			}
		}
	}
}
