package assess

import (
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

func testFile(t *testing.T, name string) {
	var table [4][4]int
	wrong := 0
	for _, l := range corpus(t, name) {
		r := Assess(Input{Text: l.command})
		table[l.tier][r.Tier]++
		if l.class == "sensitive-read" && r.Tier <= Stateful {
			continue
		}
		if r.Tier != l.tier {
			wrong++
			why := ""
			for _, x := range r.Reasons {
				if x.Tier == r.Tier {
					why = x.Rule + ": " + x.Why
				}
			}
			t.Logf("want %d got %d %-22s %q (%s)", l.tier, r.Tier, l.class, l.command, why)
		}
	}
	t.Logf("%d wrong; expected down, predicted across: %v", wrong, table)
}

func TestCorpus(t *testing.T) { testFile(t, "commands.tsv") }

func TestOwnLines(t *testing.T) { testFile(t, "own.tsv") }
