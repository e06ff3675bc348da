package pty

import (
	"context"
	"sync"
	"unicode/utf8"
)

// DefaultBuffer is how many bytes of output a Ring keeps when nothing else is said.
const DefaultBuffer = 256 << 10

// Ring keeps the newest output. Every byte has its offset in the whole output, from the first byte on, so that readers know
// what they have missed. It is safe for one writer and any number of readers.
type Ring struct {
	mu     sync.Mutex
	buf    []byte // grows up to size
	size   int
	end    int64 // offset behind the newest byte
	closed bool
	wake   chan struct{} // closed and replaced when something changes; nil when nobody waits
}

// Chunk is a part of the output.
type Chunk struct {
	// Data begins at the offset Start and never with or at a part of a character. Next is where to read on.
	Data        []byte
	Start, Next int64
	// Dropped is how many bytes between the cursor asked for and Start can't or won't be given.
	Dropped int64
	// Ended: the output is complete, and Next is its end.
	Ended bool
}

// NewRing makes a ring of size bytes, DefaultBuffer if size is 0.
func NewRing(size int) *Ring {
	if size <= 0 {
		size = DefaultBuffer
	}
	return &Ring{size: max(size, utf8.UTFMax)}
}

// Write adds output. It never fails.
func (r *Ring) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := len(p)
	if len(p) > r.size {
		r.end += int64(len(p) - r.size)
		p = p[len(p)-r.size:]
		r.buf = r.buf[:0]
	}
	for len(p) > 0 {
		at := int(r.end % int64(r.size))
		var k int
		if at >= len(r.buf) && len(r.buf) < r.size {
			k = r.grow(at, p)
		} else {
			k = copy(r.buf[at:], p)
		}
		p = p[k:]
		r.end += int64(k)
	}
	r.changed()
	return n, nil
}

// grow adds to a buffer that has not reached its size: at is where the next byte belongs.
func (r *Ring) grow(at int, p []byte) int {
	k := min(len(p), r.size-at)
	if cap(r.buf) < at+k {
		next := make([]byte, len(r.buf), min(r.size, max(2*cap(r.buf), at+k, 4096)))
		copy(next, r.buf)
		r.buf = next
	}
	r.buf = r.buf[:at+k]
	copy(r.buf[at:], p[:k])
	return k
}

// Close says that the output is complete.
func (r *Ring) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	r.changed()
	return nil
}

func (r *Ring) changed() {
	if r.wake != nil {
		close(r.wake)
		r.wake = nil
	}
}

// Bounds are the offset of the oldest byte kept and the one behind the newest.
func (r *Ring) Bounds() (start, end int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.start(), r.end
}

func (r *Ring) start() int64 { return max(0, r.end-int64(r.size)) }

// Read reads at most limit bytes from the cursor on, oldest first. A cursor beyond the end is at the end.
func (r *Ring) Read(cursor int64, limit int) Chunk {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.readLocked(cursor, r.end, limit, false)
}

// Newest reads from the cursor to the offset end (-1: to the end of the output); if that is more than limit, the newest bytes
// win and the others count as dropped.
func (r *Ring) Newest(cursor, end int64, limit int) Chunk {
	r.mu.Lock()
	defer r.mu.Unlock()
	if end < 0 || end > r.end {
		end = r.end
	}
	return r.readLocked(cursor, end, limit, true)
}

// Around is at most n bytes of what stands before a chunk, and behind it, as far as it is kept.
func (r *Ring) Around(c Chunk, n int) (before, after []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	start := r.start()
	if n <= 0 || c.Start < start { // overwritten meanwhile
		return nil, nil
	}
	return r.copyLocked(max(start, c.Start-int64(n)), c.Start), r.copyLocked(c.Next, min(r.end, c.Next+int64(n)))
}

// Raw reads at most limit bytes from the cursor on without regard to characters, so that Next is the very end when it has read up to there.
func (r *Ring) Raw(cursor int64, limit int) Chunk {
	r.mu.Lock()
	defer r.mu.Unlock()
	from := min(max(cursor, r.start()), r.end)
	to := min(r.end, from+int64(limit))
	return Chunk{Data: r.copyLocked(from, to), Start: from, Next: to, Dropped: max(0, from-cursor)}
}

func (r *Ring) readLocked(cursor, end int64, limit int, newest bool) Chunk {
	cursor = min(max(cursor, 0), end)
	from := max(cursor, min(r.start(), end))
	to := end
	if to-from > int64(limit) {
		if newest {
			from = to - int64(limit)
		} else {
			to = from + int64(limit)
		}
	}
	b := r.copyLocked(from, to)
	if from > cursor { // cut in the middle of the output, perhaps in the middle of a character
		k := orphaned(b)
		b, from = b[k:], from+int64(k)
	}
	if to < r.end || !r.closed {
		if k := unfinished(b); k < len(b) || to == r.end { // a character longer than limit is given in parts
			b = b[:len(b)-k]
			to -= int64(k)
		}
	}
	return Chunk{Data: b, Start: from, Next: to, Dropped: from - cursor, Ended: r.closed && to == r.end}
}

func (r *Ring) copyLocked(from, to int64) []byte {
	b := make([]byte, to-from)
	for n := 0; n < len(b); {
		at := int((from + int64(n)) % int64(r.size))
		n += copy(b[n:], r.buf[at:])
	}
	return b
}

// orphaned is the length of what is left of a character at the start of b.
func orphaned(b []byte) int {
	for i := 0; i < len(b) && i < utf8.UTFMax-1; i++ {
		if utf8.RuneStart(b[i]) {
			return i
		}
	}
	return min(len(b), utf8.UTFMax-1)
}

// unfinished is the length of the beginning of a character at the end of b.
func unfinished(b []byte) int {
	for i := 1; i < utf8.UTFMax && i <= len(b); i++ {
		if utf8.RuneStart(b[len(b)-i]) {
			if utf8.FullRune(b[len(b)-i:]) {
				return 0
			}
			return i
		}
	}
	return 0
}

// Wait waits until there is output behind the cursor or the output is complete, and says which offset is the end now. The beginning of a character
// is none yet. It fails when ctx ends first.
func (r *Ring) Wait(ctx context.Context, cursor int64) (end int64, complete bool, err error) {
	for {
		r.mu.Lock()
		end, complete = r.end, r.closed
		if !complete {
			end -= int64(unfinished(r.copyLocked(max(r.start(), end-utf8.UTFMax), end)))
		}
		if end > cursor || complete {
			r.mu.Unlock()
			return end, complete, nil
		}
		if r.wake == nil {
			r.wake = make(chan struct{})
		}
		wake := r.wake
		r.mu.Unlock()
		select {
		case <-wake:
		case <-ctx.Done():
			return end, false, context.Cause(ctx)
		}
	}
}
