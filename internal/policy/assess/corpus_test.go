package assess_test

import (
	"os"
	"testing"

	"relay-shell/internal/policy/corpus"
)

// The labelled commands that the tests here run; package corpus scores them.
var corpora = []string{"commands.tsv", "own.tsv", "fresh.tsv"}

func labelled(t testing.TB, names ...string) []corpus.Line {
	t.Helper()
	var out []corpus.Line
	for _, name := range names {
		f, err := os.Open("../testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		lines, err := corpus.Read(f)
		f.Close()
		if err != nil {
			t.Fatal(name, err)
		}
		out = append(out, lines...)
	}
	return out
}
