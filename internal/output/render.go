package output

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// markRoom is the budget from which on the mark at a cut is paid from it. A smaller one would leave nothing to show.
const markRoom = 512

// render makes the output as it is shown; id is where the whole can be read, "" for nowhere.
func (c *Capture) render(id string, running bool) Output {
	out := Output{TotalBytes: c.printed}
	shares := c.shares()
	for i := range c.streams {
		s := &c.streams[i]
		where := place{id: id, err: c.spoolErr, running: running}
		if c.entry != nil {
			where.kept = c.entry.kept[i]
			if i == 1 {
				where.offset = c.entry.kept[0]
			}
		}
		text, shown, lossy := s.render(shares[i], where)
		out.Truncated = out.Truncated || shown < s.total
		out.Lossy = out.Lossy || lossy
		out.ShownBytes += shown
		if i == 0 {
			out.Stdout = text
		} else {
			out.Stderr = text
		}
	}
	if out.Truncated {
		out.OutputID = id
	}
	return out
}

// shares divides the budget: a stream that needs less than half of it leaves the rest to the other.
func (c *Capture) shares() []int {
	budget := c.opts.Budget
	if len(c.streams) == 1 {
		return []int{budget}
	}
	out, err := c.streams[0].need(budget), c.streams[1].need(budget)
	switch half := budget / 2; {
	case out+err <= budget:
		return []int{out, err}
	case err <= half:
		return []int{budget - err, err}
	case out <= half:
		return []int{out, budget - out}
	default:
		return []int{budget - half, half}
	}
}

// need is the budget that shows the whole stream, or something over the given one when that is not enough.
func (s *stream) need(budget int) int {
	if !s.whole() {
		return budget + 1
	}
	total := 0
	for raw := s.all(); len(raw) > 0 && total <= budget; {
		r, size := utf8.DecodeRune(raw)
		total += cost(r, size)
		raw = raw[size:]
	}
	return total
}

// render shows the stream within the budget and says how many raw bytes the shown text stands for.
func (s *stream) render(budget int, where place) (text string, shown int64, lossy bool) {
	if s.whole() {
		text, used, lossy := fit(s.all(), budget)
		if int64(used) == s.total {
			return text, s.total, lossy
		}
	}
	if budget >= markRoom {
		budget -= len(where.mark(s.total, s.total)) + len("\n\n")
	}
	head, tail := s.head, s.end()
	if s.whole() {
		head, tail = s.all(), s.all()
	} else {
		head, tail = trimEnd(head), trimStart(tail)
	}
	before, usedHead, lossyHead := fit(head, (budget+1)/2)
	if cut := headToLine(head[:usedHead]); len(cut) < usedHead {
		before, usedHead, lossyHead = fit(cut, len(head)*len(`\u001b`))
	}
	after, usedTail, lossyTail := fitEnd(tail, budget/2)
	if cut := tailToLine(tail[len(tail)-usedTail:]); len(cut) < usedTail {
		after, usedTail, lossyTail = fitEnd(cut, len(tail)*len(`\u001b`))
	}
	shown = int64(usedHead + usedTail)
	var b strings.Builder
	b.Grow(len(before) + len(after) + markRoom)
	b.WriteString(before)
	if before != "" && !strings.HasSuffix(before, "\n") {
		b.WriteByte('\n')
	}
	b.WriteString(where.mark(s.total, shown))
	b.WriteByte('\n')
	b.WriteString(after)
	return b.String(), shown, lossyHead || lossyTail
}

// place is where the whole of a stream can be read.
type place struct {
	id           string
	offset, kept int64
	err          error
	running      bool // it is not settled yet
}

// mark stands at a cut.
func (w place) mark(total, shown int64) string {
	rest := "the rest was not kept"
	switch {
	case w.running:
		rest = "the command goes on"
	case w.id == "" && w.err != nil:
		rest += ": " + strings.ReplaceAll(w.err.Error(), "\n", " ")
	case w.id != "":
		rest = "rest: output_read id=" + w.id
		if w.offset > 0 {
			rest += fmt.Sprintf(" offset=%d", w.offset)
		}
		if w.kept < total {
			rest += fmt.Sprintf(", which keeps the first %d bytes", w.kept)
		}
	}
	return fmt.Sprintf("[TRUNCATED - %d bytes total, %d shown; %s]", total, shown, rest)
}
