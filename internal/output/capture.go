package output

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"sync"
)

// DefaultBudget is how many bytes of output are shown when CaptureOptions names no number.
const DefaultBudget = 64 << 10

// CaptureOptions say how one command's output is kept.
type CaptureOptions struct {
	// Budget is the most bytes that standard output and standard error show together; 0 is DefaultBudget. The mark at a cut
	// counts from markRoom bytes on.
	Budget int
	// Spool takes what does not fit the budget; nil keeps nothing.
	Spool *Spool
	// Merge makes one stream of both, in the order of the writes.
	Merge bool
	// Progress is called with the newest line after each write, by the writing goroutine: it must return at once.
	Progress func(lastLine string)
	// Mask, if set, makes what is shown and kept out of what was printed: secrets leave neither in an answer nor on the disk. Hashes and
	// TotalBytes are of what was printed.
	Mask func(io.Writer) Filter
}

// Filter is a writer that may hold back what it can't decide about yet.
type Filter interface {
	io.Writer
	// Flush writes what is held back.
	Flush() error
}

// Output is what a command printed, ready to show.
type Output struct {
	// Stdout and Stderr are valid UTF-8, each with its head and its tail around a mark if it was cut. Of merged streams,
	// Stdout has both.
	Stdout, Stderr string
	// Truncated: something is not shown. Lossy: bytes shown as U+FFFD were not UTF-8.
	Truncated, Lossy bool
	// TotalBytes were printed, ShownBytes of them are in Stdout and Stderr, KeptBytes can be read back under OutputID.
	TotalBytes, ShownBytes, KeptBytes int64
	// OutputID names the whole output in the spool, "" when all is shown or nothing could be kept. Of separate streams it
	// holds standard output, then standard error.
	OutputID string
	// SHA256 is the hash, in hexadecimal, of the raw bytes of standard output followed by those of standard error. It covers
	// HashedBytes of them, which is TotalBytes unless separate standard error was larger than the spool keeps.
	SHA256      string
	HashedBytes int64
	// SpoolErr is why the output could not be kept, nil if it could.
	SpoolErr error
}

// Capture takes the output of one command. It is safe for concurrent use.
type Capture struct {
	opts CaptureOptions

	mu       sync.Mutex
	streams  []stream // standard output, then standard error unless merged
	filters  []Filter // for each stream, when there is a mask
	printed  int64
	hash     hash.Hash
	raw      *rawStream // separate standard error, when there is a mask
	entry    *entry
	spoolErr error
	recent   []byte // the newest output, for progress
	finished *Output
}

// NewCapture starts a capture.
func NewCapture(o CaptureOptions) *Capture {
	if o.Budget <= 0 {
		o.Budget = DefaultBudget
	}
	c := &Capture{opts: o, hash: sha256.New(), streams: []stream{newStream(o.Budget)}}
	if !o.Merge {
		c.streams = append(c.streams, newStream(o.Budget))
	}
	if o.Mask == nil {
		return c
	}
	for n := range c.streams {
		c.filters = append(c.filters, o.Mask(shownWriter{c, n}))
	}
	if !o.Merge {
		c.raw = newRawStream()
	}
	return c
}

// Stdout is the writer for standard output. Writing never fails and waits for nothing but the spool's disk, so that the
// command is never held up by its output.
func (c *Capture) Stdout() io.Writer { return writer{c, 0} }

// Stderr is the writer for standard error, equal to Stdout when the streams are merged.
func (c *Capture) Stderr() io.Writer { return writer{c, len(c.streams) - 1} }

type writer struct {
	c      *Capture
	stream int
}

// Write takes the bytes; it always takes them all.
func (w writer) Write(p []byte) (int, error) {
	if line := w.c.write(w.stream, p); line != "" {
		w.c.opts.Progress(line)
	}
	return len(p), nil
}

func (c *Capture) write(n int, p []byte) (line string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.finished != nil || len(p) == 0 {
		return "" // the answer is given; a background child may still print
	}
	c.printed += int64(len(p))
	if n == 0 {
		c.hash.Write(p)
	} else if c.raw != nil {
		c.raw.print(p)
	}
	before := c.total()
	if c.filters == nil {
		c.take(n, p)
	} else {
		_, _ = c.filters[n].Write(p) // take never fails
	}
	if c.opts.Progress == nil || c.total() == before {
		return ""
	}
	return LastLine(c.recent)
}

// shownWriter takes what the mask lets through. It writes with the capture's lock held.
type shownWriter struct {
	c      *Capture
	stream int
}

func (w shownWriter) Write(p []byte) (int, error) {
	w.c.take(w.stream, p)
	return len(p), nil
}

// take remembers what may be shown.
func (c *Capture) take(n int, p []byte) {
	if c.entry == nil && c.spoolErr == nil && c.total()+int64(len(p)) > int64(c.opts.Budget) {
		c.spill()
	}
	c.keep(n, p)
	if n > 0 && c.raw != nil {
		c.raw.show(p)
	}
	c.streams[n].write(p)
	if c.opts.Progress != nil {
		c.recent = append(c.recent, p[max(0, len(p)-lineBytes):]...)
		c.recent = c.recent[max(0, len(c.recent)-lineBytes):]
	}
}

// flush lets through what the mask holds back.
func (c *Capture) flush() {
	for _, f := range c.filters {
		_ = f.Flush() // take never fails
	}
}

func (c *Capture) total() (n int64) {
	for i := range c.streams {
		n += c.streams[i].total
	}
	return n
}

// spill opens the spool's entry and puts what memory holds into it. Until now nothing has been dropped.
func (c *Capture) spill() {
	if c.opts.Spool == nil {
		return
	}
	c.entry, c.spoolErr = c.opts.Spool.create(len(c.streams))
	for i := range c.streams {
		c.keep(i, c.streams[i].all())
	}
}

// keep writes to the spool's entry, if there is one. The first failure ends the keeping, never the command.
func (c *Capture) keep(n int, p []byte) {
	if c.entry == nil || c.spoolErr != nil {
		return
	}
	c.spoolErr = c.entry.write(n, p)
}

// Snapshot is the output so far, for a command that goes on: what is not shown cannot be read back yet.
func (c *Capture) Snapshot() Output {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.finished != nil {
		return *c.finished
	}
	c.flush()
	return c.render("", true)
}

// Finish ends the capture and gives the output. Later writes are dropped; a further Finish gives the same.
func (c *Capture) Finish() Output {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.finished != nil {
		return *c.finished
	}
	c.flush()
	if c.entry == nil && c.spoolErr == nil && c.render("", false).Truncated {
		c.spill() // it fitted as bytes, but not as text
	}
	hashed := c.finishHash()
	id, kept := "", int64(0)
	if c.entry != nil {
		var err error
		if id, err = c.entry.finish(); err != nil && c.spoolErr == nil {
			c.spoolErr = err
		}
		if id != "" {
			kept = c.entry.total()
		}
	}
	out := c.render(id, false)
	out.KeptBytes, out.SpoolErr = kept, c.spoolErr
	out.SHA256, out.HashedBytes = hex.EncodeToString(c.hash.Sum(nil)), hashed
	c.finished = &out
	c.streams, c.recent, c.filters, c.raw = nil, nil, nil, nil
	return out
}
