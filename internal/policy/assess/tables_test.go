package assess

import "testing"

// TestExamples runs every example of the tables.
func TestExamples(t *testing.T) {
	_, examples, err := parseTables(tableFiles)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range examples {
		if got := Assess(Input{Text: e.command}); got.Tier != e.tier {
			t.Errorf("%s: %q is tier %d, want %d: %+v", e.where, e.command, got.Tier, e.tier, got.Reasons)
		}
	}
}
