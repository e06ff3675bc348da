package redact

import (
	"bufio"
	"compress/gzip"
	"os"
	"strconv"
	"strings"
	"testing"
)

// labelled is a line of the labelled corpus.
type labelled struct {
	secret string // "" for a line without one
	text   string
}

func corpus(t testing.TB) []labelled { return labelledLines(t, "testdata/secrets.tsv.gz") }

// labelledLines reads a file of labelled lines.
func labelledLines(t testing.TB, file string) []labelled {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var out []labelled
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		fields := strings.Split(lines.Text(), "\t")
		if len(fields) != 3 || fields[0] == "has_secret" {
			continue
		}
		l := labelled{text: unescape(fields[2])}
		if fields[0] == "1" {
			l.secret = unescape(fields[1])
		}
		out = append(out, l)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	if len(out) < 100 {
		t.Fatalf("the corpus has %d lines", len(out))
	}
	return out
}

// unescape decodes \\ \n \t \r \uXXXX in one pass from left to right.
func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		switch s[i] {
		case 'n':
			b.WriteByte('\n')
		case 't':
			b.WriteByte('\t')
		case 'r':
			b.WriteByte('\r')
		case 'u':
			if i+4 < len(s) {
				if n, err := strconv.ParseUint(s[i+1:i+5], 16, 32); err == nil {
					b.WriteRune(rune(n))
					i += 4
					continue
				}
			}
			b.WriteString(`\u`)
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// TestCorpus holds the engine to its targets on the labelled lines: 98 % of the secrets wholly gone, 1 % of the others
// touched. Both are at 100 and 0 and must not get worse unseen.
func TestCorpus(t *testing.T) {
	r := New(Options{})
	for _, l := range corpus(t) {
		got := r.String(l.text)
		switch {
		case l.secret == "" && got != l.text:
			t.Errorf("touched: %q\n    now: %q", l.text, got)
		case l.secret != "" && strings.Contains(got, l.secret):
			t.Errorf("missed %q\n  in %q\n got %q", l.secret, l.text, got)
		}
		if again := r.String(got); again != got {
			t.Errorf("not idempotent: %q\n then %q", got, again)
		}
	}
}
