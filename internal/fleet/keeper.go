package fleet

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"relay-shell/internal/output"
)

const (
	// runningMemory bounds what all running hosts are remembered of, in bytes; each gets at least leastExcerpt.
	runningMemory = 16 << 20
	leastExcerpt  = 4 << 10
	// longLine is where a line without an end is broken, in bytes.
	longLine = 8 << 10
)

// keeper takes the output of all hosts: an excerpt of each, and everything in one spooled output.
type keeper struct {
	opts Options
	// excerpt is how much of a running host is remembered.
	excerpt int
	hosts   int

	mu       sync.Mutex
	capture  *output.Capture // nil without a spool
	written  int64
	finished []*Excerpt // of hosts that have ended and printed something
	held     int        // bytes in them
}

func newKeeper(o Options, hosts int) *keeper {
	k := &keeper{opts: o, hosts: max(hosts, 1)}
	k.excerpt = min(o.Budget, max(leastExcerpt, runningMemory/max(1, min(o.Concurrency, hosts))))
	if o.Spool != nil {
		// The spool is used as soon as it is not certain that the answer shows all: a byte may take six there, and each host some more.
		budget := max(1, (o.Budget-200*hosts)/8)
		k.capture = output.NewCapture(output.CaptureOptions{Budget: budget, Spool: o.Spool, Merge: true})
	}
	return k
}

// open makes the writer for one host's output.
func (k *keeper) open(host string) *printed {
	p := &printed{keeper: k, prefix: host + ": ", recorder: newRecorder(k.excerpt)}
	if k.opts.Mask != nil {
		p.filter = k.opts.Mask(shownWriter{p})
	}
	return p
}

// took holds the memory of all ended hosts within twice the budget. An output that an answer shows in part is never shown beyond the
// level at which all ended ones together fill the budget, and further hosts only lower that level.
func (k *keeper) took(e *Excerpt) {
	if e.Total == 0 {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.finished = append(k.finished, e)
	if k.held += e.kept(); k.held <= 2*k.opts.Budget {
		return
	}
	sizes := make([]int, len(k.finished))
	for i, e := range k.finished {
		sizes[i] = e.kept()
	}
	limit := level(sizes, k.opts.Budget)
	k.held = 0
	for _, e := range k.finished {
		e.shrink(limit)
		k.held += e.kept()
	}
}

// level is the largest share that every size can have of the budget, where those that need less leave the rest to the others.
func level(sizes []int, budget int) int {
	sizes = slices.Sorted(slices.Values(sizes))
	for i, size := range sizes {
		share := budget / (len(sizes) - i)
		if size > share {
			return share
		}
		budget -= size
	}
	return budget
}

// note adds a line about a host to the spooled output.
func (k *keeper) note(host, line string) {
	shown, _ := output.Visible(strings.ReplaceAll(line, "\n", "; "))
	k.keep([]byte(host+": "+shown+"\n"), nil)
}

// keep writes lines to the spool and to whoever watches. used counts what the host has had of the spool, nil for a note; the first half of the
// spool goes to whoever comes, of the second each host has its share. It reports whether the lines were kept.
func (k *keeper) keep(lines []byte, used *int64) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.opts.Live != nil && used != nil {
		k.opts.Live(lines)
	}
	if k.capture == nil {
		return false
	}
	n := int64(len(lines))
	half := k.opts.SpoolPerCall / 2
	if used != nil {
		if k.written+n > half && *used+n > half/int64(k.hosts) {
			return false
		}
		*used += n
	}
	k.written += n
	_, _ = k.capture.Stdout().Write(lines) // never fails; Finish says what could not be kept
	return true
}

// finish ends the spooled output with a table of all hosts and gives its id.
func (k *keeper) finish(results []Result) (string, error) {
	if k.capture == nil {
		return "", nil
	}
	var table bytes.Buffer
	for i := range results {
		r := &results[i]
		fmt.Fprintf(&table, "%s: [%s, %d bytes, %s]\n", r.Host, r.status(), r.Output.Printed, r.Duration.Round(time.Millisecond))
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	_, _ = k.capture.Stdout().Write(table.Bytes())
	out := k.capture.Finish()
	return out.OutputID, out.SpoolErr
}

// status is the outcome in a word or two.
func (r *Result) status() string {
	switch {
	case r.Outcome != OK:
		return string(r.Outcome)
	case r.ExitCode == nil:
		return "exit unknown"
	}
	return fmt.Sprintf("exit %d", *r.ExitCode)
}

// printed takes what one host prints, standard output and standard error as one stream.
type printed struct {
	keeper *keeper
	prefix string

	mu       sync.Mutex
	recorder recorder
	filter   output.Filter // nil without a mask
	line     []byte        // of the newest line, what has no end yet
	used     int64
	lost     int64
	closed   bool
}

// Write takes all bytes; it never fails.
func (p *printed) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || len(b) == 0 {
		return len(b), nil // the result is given; a process that was left behind may still print
	}
	p.recorder.print(b)
	if p.filter == nil {
		p.take(b)
	} else {
		_, _ = p.filter.Write(b) // take never fails
	}
	return len(b), nil
}

// shownWriter takes what the mask lets through, with the lock held.
type shownWriter struct{ p *printed }

func (w shownWriter) Write(b []byte) (int, error) {
	w.p.take(b)
	return len(b), nil
}

// take remembers what may be shown, and keeps its lines.
func (p *printed) take(b []byte) {
	p.recorder.write(b)
	if p.keeper.capture == nil && p.keeper.opts.Live == nil {
		return
	}
	var lines bytes.Buffer
	for rest := b; len(rest) > 0; {
		i := bytes.IndexByte(rest, '\n')
		part := rest
		if i >= 0 {
			part = rest[:i]
		}
		part = part[:min(len(part), longLine-len(p.line))]
		p.line = append(p.line, part...)
		rest = rest[len(part):]
		switch {
		case len(rest) > 0 && rest[0] == '\n':
			rest = rest[1:]
			p.flush(&lines)
		case len(p.line) == longLine:
			p.flush(&lines)
		}
	}
	p.keep(lines.Bytes())
}

func (p *printed) flush(lines *bytes.Buffer) {
	lines.WriteString(p.prefix)
	lines.Write(p.line)
	lines.WriteByte('\n')
	p.line = p.line[:0]
}

func (p *printed) keep(lines []byte) {
	if len(lines) > 0 && !p.keeper.keep(lines, &p.used) {
		p.lost += int64(len(lines))
	}
}

// close ends the output and gives its excerpt.
func (p *printed) close() Excerpt {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	if p.filter != nil {
		_ = p.filter.Flush() // take never fails
	}
	if len(p.line) > 0 {
		var last bytes.Buffer
		p.flush(&last)
		p.keep(last.Bytes())
	}
	if p.lost > 0 && p.keeper.capture != nil {
		p.keeper.note(strings.TrimSuffix(p.prefix, ": "), fmt.Sprintf("[about %d bytes more were not kept (SPOOL_PER_CALL)]", p.lost))
	}
	return p.recorder.finish()
}
