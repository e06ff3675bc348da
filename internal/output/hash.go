package output

import (
	"bytes"
	"crypto/sha256"
	"hash"
)

// rawKept is how much of a masked standard error is remembered as it was printed, in bytes, for the hash.
const rawKept = 1 << 20

// rawStream remembers separate standard error as it was printed: the output's hash covers it behind standard output, so its bytes are needed
// at the end, when those that were shown and kept may be masked.
type rawStream struct {
	kept           []byte
	total          int64
	printed, shown hash.Hash
}

func newRawStream() *rawStream { return &rawStream{printed: sha256.New(), shown: sha256.New()} }

func (r *rawStream) print(p []byte) {
	r.total += int64(len(p))
	r.printed.Write(p)
	r.kept = append(r.kept, p[:min(len(p), rawKept-len(r.kept))]...)
}

func (r *rawStream) show(p []byte) { r.shown.Write(p) }

// changed tells whether something was masked.
func (r *rawStream) changed() bool { return !bytes.Equal(r.printed.Sum(nil), r.shown.Sum(nil)) }

// finishHash adds standard error to the hash of standard output, from memory or from the spool, and says how many bytes
// the hash covers.
func (c *Capture) finishHash() int64 {
	if len(c.streams) == 1 {
		return c.printed
	}
	hashed := c.streams[0].total
	if c.raw != nil {
		hashed = c.printed - c.raw.total
		if c.raw.changed() {
			c.hash.Write(c.raw.kept)
			return hashed + int64(len(c.raw.kept))
		}
	}
	if e := &c.streams[1]; e.whole() {
		c.hash.Write(e.all())
		return hashed + e.total
	}
	if c.entry == nil {
		return hashed
	}
	n, err := c.entry.copyStream(c.hash, 1)
	if err != nil && c.spoolErr == nil {
		c.spoolErr = err
	}
	return hashed + n
}
