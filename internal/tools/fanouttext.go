package tools

import (
	"fmt"
	"strings"
	"time"

	"relay-shell/internal/fleet"
	"relay-shell/internal/output"
)

// text is the form for a reader: how many fared how, then failures, then the rest. Output stands two columns in, so that no host can print
// what looks like another's heading.
func (a *fanoutAnswer) text(d detail) string {
	var b, rest strings.Builder
	b.WriteString("[" + a.counts.String() + "]\n")
	listed := a.listed(d.results)
	var silent, skipped []string
	hints := &hintList{}
	for _, k := range listed {
		switch {
		case k.Outcome == fleet.Skipped:
			skipped = append(skipped, k.hosts...)
		case k.Good() && k.Output.Total == 0:
			silent = append(silent, k.hosts...)
		case k.Good():
			k.write(&rest, d)
		default:
			k.write(&b, d)
			hints.add(k, d)
		}
	}
	b.WriteString(rest.String())
	writeNames(&b, "exit 0 without output", silent, d.names)
	writeNames(&b, "skipped", skipped, d.names)
	shown := 0
	for _, k := range listed {
		shown += len(k.hosts)
	}
	if left := a.counts.Total - shown; left > 0 {
		fmt.Fprintf(&b, "=== %d hosts more are not listed here\n", left)
	}
	hints.write(&b)
	return b.String()
}

// write is one result: a heading, then its output.
func (k *block) write(b *strings.Builder, d detail) {
	b.WriteString("=== ")
	b.WriteString(names(k.hosts, d.names))
	b.WriteString(": ")
	if k.err != nil {
		words, _ := output.Visible(clipped(k.err.Message, d.message))
		b.WriteString(k.err.Code + ": " + strings.ReplaceAll(strings.TrimSpace(words), "\n", "; "))
	} else {
		b.WriteString(statusOf(k.Result))
	}
	if len(k.hosts) == 1 {
		fmt.Fprintf(b, " (%s)", rounded(k.Duration))
	}
	b.WriteByte('\n')
	if len(k.Survivors) > 0 {
		survivors, _ := output.Visible(strings.Join(k.Survivors, ", "))
		b.WriteString("  [SURVIVORS " + survivors + "]\n")
	}
	shown, _ := output.Visible(k.Output.Show(d.level).Text)
	for line := range strings.Lines(shown) {
		b.WriteString("  " + line)
	}
	if shown != "" && !strings.HasSuffix(shown, "\n") {
		b.WriteByte('\n')
	}
}

func writeNames(b *strings.Builder, what string, hosts []string, limit int) {
	if len(hosts) > 0 {
		fmt.Fprintf(b, "=== %s: %s\n", what, names(hosts, limit))
	}
}

// names lists hosts within about limit bytes.
func names(hosts []string, limit int) string {
	var b strings.Builder
	for i, h := range hosts {
		if b.Len()+len(h) > limit && i > 0 {
			fmt.Fprintf(&b, " and %d more", len(hosts)-i)
			break
		}
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(h)
	}
	return b.String()
}

func rounded(d time.Duration) string {
	if d < time.Second {
		return d.Round(time.Millisecond).String()
	}
	return d.Round(10 * time.Millisecond).String()
}

// hintList says once what each kind of failure asks for.
type hintList struct {
	codes map[string]bool
	lines []string
}

// maxHints bounds the hints of a text.
const maxHints = 6

func (h *hintList) add(k *block, d detail) {
	if k.err == nil || k.err.Hint == "" || h.codes[k.err.Code] || len(h.lines) == maxHints {
		return
	}
	if h.codes == nil {
		h.codes = map[string]bool{}
	}
	h.codes[k.err.Code] = true
	hint, _ := output.Visible(clipped(k.err.Hint, d.message))
	h.lines = append(h.lines, fmt.Sprintf("hint (%s): %s\n", k.err.Code, strings.ReplaceAll(hint, "\n", " ")))
}

func (h *hintList) write(b *strings.Builder) { b.WriteString(strings.Join(h.lines, "")) }
