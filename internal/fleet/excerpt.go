package fleet

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Excerpt is what is remembered of one host's output: all of it, or its beginning and its end.
type Excerpt struct {
	head, tail []byte
	// Total is how many bytes there were to show: what was printed, with secrets masked.
	Total int64
	// Printed is how many bytes were printed, SHA256 the hash of them in hexadecimal.
	Printed int64
	SHA256  string
}

// kept is how many bytes are remembered.
func (e *Excerpt) kept() int { return len(e.head) + len(e.tail) }

func (e *Excerpt) whole() bool { return int64(e.kept()) == e.Total }

// shrink forgets the middle, so that no more than limit bytes are remembered.
func (e *Excerpt) shrink(limit int) {
	if e.kept() <= limit {
		return
	}
	all := append(append(make([]byte, 0, e.kept()), e.head...), e.tail...)
	front := (limit + 1) / 2
	back := limit - front
	e.head, e.tail = bytes.Clone(all[:front]), bytes.Clone(all[len(all)-back:])
}

// Shown is an output as an answer shows it.
type Shown struct {
	// Text is valid UTF-8; a cut output has a mark between its beginning and its end.
	Text string
	// Truncated: something is not in Text. Lossy: bytes that are not UTF-8 stand as U+FFFD.
	Truncated, Lossy bool
}

// lineSlack is how many bytes a cut gives up to fall between two lines.
const lineSlack = 256

// small is up to what size an output is shown whole whatever the limit, in bytes: the mark of a cut would not be shorter.
const small = 64

// Show shows at most limit bytes of the output, all or its beginning and its end around a mark; up to 64 bytes are never cut.
func (e *Excerpt) Show(limit int) Shown {
	if e.Total == 0 {
		return Shown{}
	}
	if e.whole() && e.kept() <= max(limit, small) {
		var b strings.Builder
		lossy := valid(&b, e.head, e.tail)
		return Shown{Text: b.String(), Lossy: lossy}
	}
	front, back := e.cut(max(limit, 0))
	var b strings.Builder
	lossy := valid(&b, front)
	if len(front) > 0 && front[len(front)-1] != '\n' {
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "[TRUNCATED - %d bytes total, %d shown]\n", e.Total, len(front)+len(back))
	lossy = valid(&b, back) || lossy
	return Shown{Text: b.String(), Truncated: true, Lossy: lossy}
}

// cut gives the beginning and the end of what is remembered, together at most limit bytes, at line ends where those are near and never
// within a character.
func (e *Excerpt) cut(limit int) (front, back []byte) {
	limit = min(limit, e.kept())
	n := (limit + 1) / 2
	front, back = e.head, e.tail
	if e.whole() {
		all := append(append(make([]byte, 0, e.kept()), e.head...), e.tail...)
		front, back = all, all
	}
	front, back = front[:min(n, len(front))], back[max(0, len(back)-(limit-n)):]
	if slack := min(lineSlack, len(front)/3); slack > 0 {
		if i := bytes.LastIndexByte(front[len(front)-slack:], '\n'); i >= 0 {
			front = front[:len(front)-slack+i+1]
		}
	}
	if i := bytes.IndexByte(back[:min(lineSlack, len(back)/3)], '\n'); i >= 0 {
		back = back[i+1:]
	}
	return wholeEnd(front), wholeStart(back)
}

// wholeEnd drops a character that was cut at the end.
func wholeEnd(b []byte) []byte {
	for i := 1; i < utf8.UTFMax && i <= len(b); i++ {
		if utf8.RuneStart(b[len(b)-i]) {
			if !utf8.FullRune(b[len(b)-i:]) {
				return b[:len(b)-i]
			}
			break
		}
	}
	return b
}

// wholeStart drops the rest of a character that was cut at the start.
func wholeStart(b []byte) []byte {
	for i := 0; i < utf8.UTFMax-1 && i < len(b); i++ {
		if utf8.RuneStart(b[i]) {
			return b[i:]
		}
	}
	return b
}

// valid writes the joined parts as UTF-8, and reports whether a byte had to be replaced.
func valid(b *strings.Builder, parts ...[]byte) (lossy bool) {
	all := parts[0]
	if len(parts) > 1 && len(parts[1]) > 0 {
		all = bytes.Join(parts, nil)
	}
	if utf8.Valid(all) {
		b.Write(all)
		return false
	}
	for len(all) > 0 {
		r, size := utf8.DecodeRune(all)
		lossy = lossy || r == utf8.RuneError && size == 1
		b.WriteRune(r)
		all = all[size:]
	}
	return lossy
}

// recorder fills an excerpt. Its owner serializes the calls.
type recorder struct {
	limit int
	e     Excerpt
	sum   hasher
}

type hasher interface {
	Write([]byte) (int, error)
	Sum([]byte) []byte
}

func newRecorder(limit int) recorder { return recorder{limit: max(limit, 2), sum: sha256.New()} }

// print counts what was printed.
func (r *recorder) print(p []byte) {
	r.e.Printed += int64(len(p))
	_, _ = r.sum.Write(p) // a hash never fails
}

// write remembers what there is to show.
func (r *recorder) write(p []byte) {
	r.e.Total += int64(len(p))
	front := (r.limit + 1) / 2
	if room := front - len(r.e.head); room > 0 {
		n := min(room, len(p))
		r.e.head = append(r.e.head, p[:n]...)
		p = p[n:]
	}
	back := r.limit - front
	if len(p) > back {
		r.e.tail = append(r.e.tail[:0], p[len(p)-back:]...)
		return
	}
	r.e.tail = append(r.e.tail, p...)
	if len(r.e.tail) > 2*back { // moved only once for every back bytes
		r.e.tail = append(r.e.tail[:0], r.e.tail[len(r.e.tail)-back:]...)
	}
}

func (r *recorder) finish() Excerpt {
	r.e.shrinkTail(r.limit / 2)
	r.e.SHA256 = hex.EncodeToString(r.sum.Sum(nil))
	return r.e
}

// shrinkTail forgets what the end holds beyond n bytes, which is the middle.
func (e *Excerpt) shrinkTail(n int) {
	e.head = bytes.Clone(e.head)
	e.tail = bytes.Clone(e.tail[max(0, len(e.tail)-n):])
}
