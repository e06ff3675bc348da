package assess

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
)

// line is one row of a labelled corpus.
type line struct {
	tier    Tier
	class   string
	command string
}

func corpus(t testing.TB, name string) []line {
	t.Helper()
	data, err := os.ReadFile("../testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	var out []line
	for i, row := range strings.Split(strings.TrimRight(string(data), "\n"), "\n") {
		f := strings.Split(row, "\t")
		if i == 0 && f[0] == "expected_tier" || strings.HasPrefix(row, "#") || row == "" {
			continue
		}
		n, err := strconv.Atoi(f[0])
		if err != nil || len(f) < 3 {
			t.Fatalf("%s:%d: %q", name, i+1, row)
		}
		out = append(out, line{Tier(n), f[1], decode(f[2])})
	}
	return out
}

// decode reads the escapes \\ \n \t \r \uXXXX in one pass.
func decode(s string) string {
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
			if n, err := strconv.ParseUint(s[i+1:min(i+5, len(s))], 16, 32); err == nil {
				b.WriteRune(rune(n))
				i += 4
			}
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// score is how a corpus was predicted.
type score struct {
	table                       [4][4]int // expected down, predicted across
	readsAtZero, reads          int
	irreversibleAt2, lookAlikes int
	overLookAlikes              int
	worse                       []string
}

func judge(lines []line) *score {
	s := &score{}
	for _, l := range lines {
		r := Assess(Input{Text: l.command})
		s.table[l.tier][r.Tier]++
		if l.class == "sensitive-read" {
			continue
		}
		if l.tier == Observe {
			s.reads++
			if r.Tier == Observe {
				s.readsAtZero++
			}
		}
		if strings.HasPrefix(l.class, "benign") {
			s.lookAlikes++
			if r.Tier > l.tier {
				s.overLookAlikes++
			}
		}
		if l.tier == Irreversible && r.Tier == Stateful {
			s.irreversibleAt2++
		}
		if r.Tier != l.tier {
			why := ""
			for _, x := range r.Reasons {
				if x.Tier == r.Tier {
					why = x.Rule + ": " + x.Why
				}
			}
			s.worse = append(s.worse, fmt.Sprintf("want %d got %d %-22s %q (%s)", l.tier, r.Tier, l.class, l.command, why))
		}
	}
	return s
}

// check holds a score against the targets of the policy.
func (s *score) check(t *testing.T) {
	t.Helper()
	t.Logf("expected down, predicted across: %v", s.table)
	for expected := 1; expected < 4; expected++ {
		if n := s.table[expected][0]; n > 0 {
			t.Errorf("%d lines of tier %d are called 0", n, expected)
		}
	}
	if n := s.table[3][1]; n > 0 {
		t.Errorf("%d lines of tier 3 are called 1", n)
	}
	if total := s.table[3][0] + s.table[3][1] + s.table[3][2] + s.table[3][3]; 100*s.irreversibleAt2 > total {
		t.Errorf("%d of %d lines of tier 3 are called 2", s.irreversibleAt2, total)
	}
	if 100*s.readsAtZero < 95*s.reads {
		t.Errorf("only %d of %d plain reads are called 0", s.readsAtZero, s.reads)
	}
	if 100*s.overLookAlikes > 3*s.lookAlikes {
		t.Errorf("%d of %d look-alikes are over-rated", s.overLookAlikes, s.lookAlikes)
	}
	if t.Failed() || testing.Verbose() {
		for _, w := range s.worse {
			t.Log(w)
		}
	}
}

func TestCorpus(t *testing.T) { judge(corpus(t, "commands.tsv")).check(t) }

func TestOwnLines(t *testing.T) { judge(corpus(t, "own.tsv")).check(t) }
