package assess

import (
	"strings"
	"testing"
)

// TestStatements checks how SQL is split: what is in strings and comments is no statement, what MySQL runs of a comment is.
func TestStatements(t *testing.T) {
	for text, want := range map[string]int{
		"select 1; drop table t":             2,
		"select 'a; drop table t'":           1,
		"select 1 -- ; drop table t":         1,
		"/* a; b */ select 1":                1,
		"/*!50000 drop table t */; select 1": 2,
		"select $$a; b$$":                    1,
		";;":                                 0,
	} {
		if got := statements(text); len(got) != want {
			t.Errorf("%q: %q, want %d statements", text, got, want)
		}
	}
}

// TestManyStatements: what stands behind more statements than are read one by one still counts.
func TestManyStatements(t *testing.T) {
	many := strings.Repeat("select 1;", maxStatements+1)
	for text, want := range map[string]Tier{"psql -c '" + many + "'": Stateful, "psql -c '" + many + "drop table t'": Irreversible} {
		if r := Assess(Input{Text: text}); r.Tier < want {
			t.Errorf("%q…: tier %v, want %v", text[:30], r.Tier, want)
		}
	}
}

// FuzzSQL: whatever stands around it, a statement that drops a table is never called a read.
func FuzzSQL(f *testing.F) {
	for _, s := range []string{"select 1", "select 'a;b'", "-- x", "/* x", "with a as (select 1) select", "explain", "$$", "$a$ x", `"`, "'", "`", "begin", "call f()", "\\g", "\x00", "é", "#"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, st := range statements(s) {
			if tier, why := statement(st); tier < Observe || tier > Irreversible || why == "" {
				t.Errorf("%q: tier %v, %q", st, tier, why)
			}
		}
		if strings.ContainsAny(s, "'\"`$#\\;\x00") || strings.Contains(s, "--") || strings.Contains(s, "/*") {
			return // it may take what follows into a string or a comment
		}
		r := Assess(Input{Text: "psql -c '" + s + "\n;drop table t'"})
		if r.Tier < Irreversible {
			t.Errorf("behind %q: tier %v", s, r.Tier)
		}
	})
}
