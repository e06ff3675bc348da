package assess_test

import (
	"os"
	"strings"
	"testing"

	"relay-shell/internal/policy/assess"
	"relay-shell/internal/policy/corpus"
)

// The labelled commands that the tests here run; package corpus scores them.
var corpora = []string{"commands.tsv", "own.tsv", "fresh.tsv", "attack.tsv", "fresh2-shell.tsv", "fresh2-programs.tsv", "fresh3-programs.tsv", "fresh4-programs.tsv", "fresh5-shell.tsv", "fresh5-evaders.tsv", "fresh5-corpus.tsv", "fresh5-operators.tsv", "fresh5-families.tsv", "fresh6-corpus.tsv", "fresh6-operators.tsv", "fresh6-evaders.tsv", "fresh6-agents.tsv"}

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

// TestSensitive checks the other axis: what is shown, not what is done.
func TestSensitive(t *testing.T) {
	data, err := os.ReadFile("../testdata/sensitive.tsv")
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range strings.Split(strings.TrimSpace(string(data)), "\n") {
		if strings.HasPrefix(row, "#") {
			continue
		}
		want, text, ok := strings.Cut(row, "\t")
		command, err := corpus.Decode(text)
		if !ok || err != nil || want != "0" && want != "1" {
			t.Fatalf("sensitive.tsv:%d: %q %v", i+1, row, err)
		}
		if got := assess.Assess(assess.Input{Text: command}); got.Sensitive != (want == "1") {
			t.Errorf("%q: sensitive %v, want %s", command, got.Sensitive, want)
		}
	}
}
