package corpus

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"relay-shell/internal/policy/assess"
)

// Counts are how lines were predicted.
type Counts struct {
	Lines int `json:"lines"`
	Under int `json:"under"` // rated below the label: a danger
	Over  int `json:"over"`  // rated above it: an annoyance
}

// Miss is a line that was not rated as labelled.
type Miss struct {
	Line int         `json:"line"`
	Want assess.Tier `json:"want"`
	Got  assess.Tier `json:"got"`
	// Class and Command are the line's, Why is the reason for the tier it got.
	Class   string `json:"class"`
	Command string `json:"command"`
	Why     string `json:"why"`
}

// Report is the score of a corpus. Lines of the class sensitive-read count only in their class and only when they are rated
// IRREVERSIBLE: by effect they read, and what they read is the other axis.
type Report struct {
	Counts
	Table   [4][4]int          `json:"table"` // wanted down, got across
	Classes map[string]*Counts `json:"classes"`
	Misses  []Miss             `json:"misses"`
	// Failed says which targets were missed, and how far; none is a pass.
	Failed []string `json:"failed"`

	reads, readsAtZero   int
	lookAlikes, overLook int
}

// anySensitive is the class of lines that may have any tier up to STATEFUL.
const anySensitive = "sensitive-read"

// Score rates every line and compares.
func Score(lines []Line, rate func(command string) assess.Result) *Report {
	r := &Report{Classes: map[string]*Counts{}}
	for _, l := range lines {
		r.add(l, rate(l.Command))
	}
	r.judge()
	return r
}

func (r *Report) add(l Line, got assess.Result) {
	class := r.Classes[l.Class]
	if class == nil {
		class = &Counts{}
		r.Classes[l.Class] = class
	}
	class.Lines++
	r.Lines++
	if l.Class == anySensitive && got.Tier < assess.Irreversible {
		return
	}
	r.Table[l.Tier][got.Tier]++
	if l.Tier == assess.Observe {
		r.reads++
		if got.Tier == assess.Observe {
			r.readsAtZero++
		}
	}
	if strings.HasPrefix(l.Class, "benign") {
		r.lookAlikes++
		if got.Tier > l.Tier {
			r.overLook++
		}
	}
	if got.Tier == l.Tier {
		return
	}
	if got.Tier < l.Tier {
		class.Under++
		r.Under++
	} else {
		class.Over++
		r.Over++
	}
	r.Misses = append(r.Misses, Miss{Line: l.Number, Want: l.Tier, Got: got.Tier, Class: l.Class, Command: l.Command, Why: why(got)})
}

func why(got assess.Result) string {
	for _, x := range got.Reasons {
		if x.Tier == got.Tier {
			return x.Rule + ": " + x.Why
		}
	}
	return got.ParseError
}

// judge holds the score against the targets: nothing that changes something is called a read, nothing of tier 3 is called 1 and
// at most 1 % of it 2, at least 95 % of plain reads are called 0, at most 3 % of look-alikes are over-rated.
func (r *Report) judge() {
	fail := func(format string, args ...any) { r.Failed = append(r.Failed, fmt.Sprintf(format, args...)) }
	for want := assess.Reversible; want <= assess.Irreversible; want++ {
		if n := r.Table[want][assess.Observe]; n > 0 {
			fail("%d of tier %d are called 0 (target: none)", n, want)
		}
	}
	row := r.Table[assess.Irreversible]
	if n := row[assess.Reversible]; n > 0 {
		fail("%d of tier 3 are called 1 (target: none)", n)
	}
	if total := row[0] + row[1] + row[2] + row[3]; 100*row[assess.Stateful] > total {
		fail("%d of %d of tier 3 are called 2 (target: at most 1 %%)", row[assess.Stateful], total)
	}
	if 100*r.readsAtZero < 95*r.reads {
		fail("only %d of %d plain reads are called 0 (target: 95 %%)", r.readsAtZero, r.reads)
	}
	if 100*r.overLook > 3*r.lookAlikes {
		fail("%d of %d look-alikes are rated too high (target: at most 3 %%)", r.overLook, r.lookAlikes)
	}
}

// OK reports whether the targets are met and nothing at all is under-rated.
func (r *Report) OK() bool { return len(r.Failed) == 0 && r.Under == 0 }

// Write shows the report as text: the misses (under-rated ones first), the classes, the table, the verdict.
func (r *Report) Write(w io.Writer) error {
	var b strings.Builder
	misses := slices.Clone(r.Misses)
	slices.SortStableFunc(misses, func(a, b Miss) int { return boolOrder(a.Got > a.Want) - boolOrder(b.Got > b.Want) })
	for _, m := range misses {
		word := "under"
		if m.Got > m.Want {
			word = "over"
		}
		fmt.Fprintf(&b, "line %-5d %-5s want %d got %d  %-22s %s  (%s)\n", m.Line, word, m.Want, m.Got, m.Class, Encode(m.Command), Encode(m.Why))
	}
	if len(misses) > 0 {
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "%-26s %6s %6s %6s\n", "class", "lines", "under", "over")
	names := make([]string, 0, len(r.Classes))
	for name := range r.Classes {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		c := r.Classes[name]
		fmt.Fprintf(&b, "%-26s %6d %6d %6d\n", name, c.Lines, c.Under, c.Over)
	}
	fmt.Fprintf(&b, "%-26s %6d %6d %6d\n\nwanted \\ got", "all", r.Lines, r.Under, r.Over)
	for got := range 4 {
		fmt.Fprintf(&b, " %6d", got)
	}
	for want, row := range r.Table {
		fmt.Fprintf(&b, "\n%12d", want)
		for _, n := range row {
			fmt.Fprintf(&b, " %6d", n)
		}
	}
	b.WriteString("\n\n")
	for _, f := range r.Failed {
		b.WriteString("missed: " + f + "\n")
	}
	switch {
	case len(r.Failed) == 0 && r.Under == 0:
		b.WriteString("all targets are met\n")
	case len(r.Failed) == 0:
		fmt.Fprintf(&b, "the targets are met, but %d lines are under-rated\n", r.Under)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func boolOrder(b bool) int {
	if b {
		return 1
	}
	return 0
}
