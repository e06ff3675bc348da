package redact

import (
	"cmp"
	"slices"
	"strings"
)

// Rows masks the rows of a screen: what [Redactor.String] finds in the lines as they stand, and what it finds once each row that full says is
// written to its end goes on in the next. A secret of several rows is one mark in the first of them. Who wrote a row to its end and began a
// new line may have a little too much masked, never too little.
func (r *Redactor) Rows(rows []string, full func(row int) bool) []string {
	hidden := make([][]hiddenPart, len(rows))
	never := func(int) bool { return false }
	for _, joins := range []func(int) bool{full, never} {
		text, starts := layOut(rows, joins)
		for _, s := range r.spans(text) {
			mac := r.marker.start()
			measure(mac, s.Kind, text[s.Start:s.End])
			mark := r.marker.finish(s.Kind, mac)
			row, _ := slices.BinarySearch(starts, s.Start+1)
			for row--; row < len(rows) && starts[row] < s.End; row++ {
				from, to := max(0, s.Start-starts[row]), min(len(rows[row]), s.End-starts[row])
				hidden[row] = append(hidden[row], hiddenPart{from, to, mark})
				mark = ""
			}
		}
	}
	out := make([]string, len(rows))
	for i, row := range rows {
		out[i] = hide(row, hidden[i])
	}
	return out
}

// layOut is the rows as one text, and where in it each begins.
func layOut(rows []string, joins func(int) bool) (string, []int) {
	var b strings.Builder
	starts := make([]int, len(rows))
	for i, row := range rows {
		starts[i] = b.Len()
		b.WriteString(row)
		if !joins(i) {
			b.WriteByte('\n')
		}
	}
	return b.String(), starts
}

// hiddenPart is a part of a row that a mark takes the place of, or nothing.
type hiddenPart struct {
	from, to int
	mark     string
}

// hide replaces parts of a row. Those that overlap become one.
func hide(row string, parts []hiddenPart) string {
	slices.SortStableFunc(parts, func(a, b hiddenPart) int { return cmp.Compare(a.from, b.from) })
	var b strings.Builder
	at := 0
	for _, p := range parts {
		if p.from >= at {
			b.WriteString(row[at:p.from])
			b.WriteString(p.mark)
		}
		at = max(at, p.to)
	}
	return b.String() + row[at:]
}
