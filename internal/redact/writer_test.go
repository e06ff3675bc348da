package redact

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

// streamed is what a Writer makes of s when it comes in pieces of n bytes.
func streamed(t testing.TB, r *Redactor, s string, n int) string {
	t.Helper()
	var out bytes.Buffer
	w := r.NewWriter(&out)
	for at := 0; at < len(s); at += n {
		p := []byte(s[at:min(at+n, len(s))])
		if got, err := w.Write(p); got != len(p) || err != nil {
			t.Fatalf("Write = %d, %v", got, err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// sample is every template and every line of the corpus, one after the other.
func sample(t testing.TB, seed uint64) string {
	m := newMaker(seed)
	var b strings.Builder
	for _, templates := range []string{secretTemplates, ordinaryTemplates} {
		for _, template := range strings.Split(strings.TrimSpace(templates), "\n") {
			text, _ := m.fill(strings.NewReplacer(`⏎`, "\n", `⇥`, "\t", `␍`, "\r", `␛`, "\x1b", "~", "").Replace(template))
			b.WriteString(text + "\n")
		}
	}
	for _, l := range corpus(t) {
		b.WriteString(l.text + "\n")
	}
	return b.String()
}

// TestWriterSplits wants the same result for every size of the pieces, and so for every place where a text can be cut.
func TestWriterSplits(t *testing.T) {
	r := New(Options{Known: []string{fresh("aaaa-0000-AAAA")}})
	text := sample(t, 1)
	want := r.String(text)
	if !HasMark(want) {
		t.Fatal("nothing was masked")
	}
	for n := 1; n <= 64; n++ {
		if got := streamed(t, r, text, n); got != want {
			t.Fatalf("pieces of %d bytes: %s", n, firstDifference(got, want))
		}
	}
}

// TestWriterEverySplit cuts each labelled text once at each place.
func TestWriterEverySplit(t *testing.T) {
	r := New(Options{})
	for _, l := range corpus(t) {
		want := r.String(l.text)
		for cut := 1; cut < len(l.text); cut++ {
			var out bytes.Buffer
			w := r.NewWriter(&out)
			w.Write([]byte(l.text[:cut]))
			w.Write([]byte(l.text[cut:]))
			w.Close()
			if out.String() != want {
				t.Fatalf("cut at %d: %q, want %q", cut, out.String(), want)
			}
		}
	}
}

// TestWriterLongLines has secrets at and across the edges of windows, in lines that have no end.
func TestWriterLongLines(t *testing.T) {
	m := newMaker(3)
	r := New(Options{})
	var b strings.Builder
	var secrets []string
	for b.Len() < 6*unitMax {
		b.WriteString(`{"name":"` + m.from(lowers, 5+m.IntN(40)) + `","blob":"` + m.from(base62+"+/", m.IntN(3000)) + `",`)
		switch m.IntN(3) {
		case 0:
			s := m.password()
			secrets = append(secrets, s)
			b.WriteString(`"password":"` + s + `"},`)
		case 1:
			s := m.from(base62, 36)
			secrets = append(secrets, s)
			b.WriteString(`"x":"ghp_` + s + `"},`)
		case 2:
			s := m.from(base62, 200+m.IntN(30000))
			secrets = append(secrets, s)
			b.WriteString(`"api_token":"` + s + `"},`)
		}
	}
	for pad := range 40 {
		text := strings.Repeat(" ", pad*37) + b.String()
		want := r.String(text)
		for _, s := range secrets {
			if strings.Contains(want, s) || len(s) > 64 && strings.Contains(want, s[len(s)-40:]) {
				t.Fatalf("padding %d: a secret of %d bytes is left", pad, len(s))
			}
		}
		for _, n := range []int{4093, 65536, 1 << 20} {
			if got := streamed(t, r, text, n); got != want {
				t.Fatalf("padding %d, pieces of %d bytes: %s", pad, n, firstDifference(got, want))
			}
		}
	}
}

// TestWriterEndlessToken is a secret that is longer than any window.
func TestWriterEndlessToken(t *testing.T) {
	r := New(Options{})
	secret := newMaker(5).from(base62, 1<<20)
	text := "API_TOKEN=" + secret + " and more\nTOKEN_B=\"" + secret + "\"\n"
	want := r.String(text)
	if len(want) > 200 || !strings.Contains(want, " and more\n") {
		t.Errorf("%d bytes are left: %.200q", len(want), want)
	}
	if got := streamed(t, r, text, 1000); got != want {
		t.Error(firstDifference(got, want))
	}
}

// TestWriterHolds bounds what is held back, and wants lines to come through as they are complete.
func TestWriterHolds(t *testing.T) {
	var out bytes.Buffer
	w := New(Options{}).NewWriter(&out)
	w.Write([]byte("one\ntwo"))
	if out.String() != "one\n" {
		t.Errorf("after a line: %q", out.String())
	}
	w.Flush()
	if out.String() != "one\ntwo" {
		t.Errorf("after Flush: %q", out.String())
	}
	line := bytes.Repeat([]byte("x y "), 64<<10)
	w.Write(line)
	if held := len("one\ntwo") + len(line) - out.Len(); held > 2*(unitMax+ahead) {
		t.Errorf("%d bytes are held back", held)
	}
	key := "-----BEGIN RSA PRIVATE KEY-----\n" + strings.Repeat(newMaker(1).from(base62, 64)+"\n", 20000)
	w.Write([]byte("\n" + key))
	if cap(w.buf)+cap(w.out)+cap(w.assembler.held) > 1<<20 {
		t.Errorf("a key keeps %d bytes", cap(w.buf)+cap(w.out)+cap(w.assembler.held))
	}
	w.Close()
	if _, err := w.Write([]byte("x")); err == nil {
		t.Error("a closed writer takes more")
	}
	if err := w.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
}

func TestWriterError(t *testing.T) {
	broken := errors.New("broken")
	w := New(Options{}).NewWriter(failing{broken})
	if _, err := w.Write([]byte("a line\n")); !errors.Is(err, broken) {
		t.Errorf("Write: %v", err)
	}
	if _, err := w.Write([]byte("more")); !errors.Is(err, broken) {
		t.Errorf("second Write: %v", err)
	}
	if err := w.Close(); !errors.Is(err, broken) {
		t.Errorf("Close: %v", err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

func firstDifference(got, want string) string {
	i := 0
	for i < len(got) && i < len(want) && got[i] == want[i] {
		i++
	}
	from := max(0, i-80)
	return "\n got …" + got[from:min(len(got), i+120)] + "\nwant …" + want[from:min(len(want), i+120)]
}
