package redact

import (
	"slices"
	"strings"
	"testing"
)

// TestAutomaton wants every literal found wherever it ends, as a plain search finds it, the longest first; of alphabets so small that literals are
// prefixes, suffixes and parts of one another.
func TestAutomaton(t *testing.T) {
	type match struct{ end, id int }
	m := newMaker(11)
	for range 400 {
		alphabet := "abC_"[:2+m.IntN(3)]
		var literals []string
		for range 1 + m.IntN(12) {
			literals = append(literals, strings.ToLower(m.from(alphabet, 1+m.IntN(7))))
		}
		slices.Sort(literals)
		literals = slices.Compact(literals)
		text := m.from(alphabet+"c", 200)
		a := newAutomaton[uint16](literals, true)
		var got, want []match
		a.each(text, func(id int32, end int) { got = append(got, match{end, int(id)}) })
		folded := strings.ToLower(text)
		for end := 1; end <= len(text); end++ {
			var here []match
			for id, l := range literals {
				if strings.HasSuffix(folded[:end], l) {
					here = append(here, match{end, id})
				}
			}
			slices.SortFunc(here, func(x, y match) int { return len(literals[y.id]) - len(literals[x.id]) })
			want = append(want, here...)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%q in %q: %v, want %v", literals, text, got, want)
		}
		end, ok := a.find(text)
		if ok != (len(want) > 0) || ok && end != want[0].end {
			t.Fatalf("%q in %q: first ends at %d, %t", literals, text, end, ok)
		}
	}
}

// TestTableSize holds the tables to a size that a process which records one terminal can spare.
func TestTableSize(t *testing.T) {
	a := newRules(All).literals
	if size := 2*len(a.next) + 4*len(a.edges) + 4*len(a.from) + 2*len(a.fail); size > 300<<10 {
		t.Errorf("%d bytes for %d states", size, int(a.bare)+len(a.fail))
	} else {
		t.Logf("%d bytes for %d states", size, int(a.bare)+len(a.fail))
	}
}
