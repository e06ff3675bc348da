package audit

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// segment checks every line of one file.
func (v *verifier) segment(ctx context.Context, s *segment) error {
	v.file, v.line, v.offset, v.headed = s.base(), 0, 0, false
	if _, ok := v.lay.ownFirst(s.name); ok && s.first < v.tree.size {
		return &Fault{File: v.file, Line: 1, Seq: v.tree.size, Reason: fmt.Sprintf("the file's name says that it begins with record %d, which another file holds", s.first)}
	}
	r, err := v.log.open(s)
	if err != nil {
		return err
	}
	defer r.Close()
	v.report.Segments++
	lines := newLineReader(r, 0)
	for {
		v.offset = lines.at
		text, whole, err := lines.next()
		if errors.Is(err, io.EOF) {
			v.report.Bytes += lines.at
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading %s: %w", s.name, err)
		}
		v.line++
		if v.line%1024 == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if !whole && s.live {
			v.line--
			v.note("the last line of %s is torn; the next record will say so", v.file)
			continue
		}
		if err := v.check(text); err != nil {
			return err
		}
	}
}

// check checks one line.
func (v *verifier) check(text []byte) error {
	seq, ok := parseSeq(text)
	switch {
	case ok && seq == v.tree.size:
		if err := v.own(text); err != nil {
			return err
		}
	case ok && v.line == 1 && seq > v.tree.size:
		return v.here(fmt.Sprintf("records %d to %d are missing before this one", v.tree.size, seq-1))
	default:
		if !ok {
			seq = -1
		}
		v.damage.addAt(v.tree.size, text, v.file, v.line, v.offset, seq)
	}
	leaf := v.hasher.sum(text)
	v.scratch = v.tree.add(leaf, v.scratch[:0])
	v.report.Records++
	if v.stored != nil && v.suspect == nil && !v.stored.match(v.scratch) {
		v.suspect = &Fault{File: v.file, Line: v.line, Offset: v.offset, Seq: v.tree.size - 1, Reason: "the line is not the one that was written: its hash is not the stored one"}
	}
	if len(v.heads) > 0 && v.heads[0].size == v.tree.size {
		return v.checkHeads()
	}
	return nil
}

func (v *verifier) here(reason string) *Fault {
	return &Fault{File: v.file, Line: v.line, Offset: v.offset, Seq: v.tree.size, Reason: reason}
}

// own checks what a housekeeping record claims.
func (v *verifier) own(text []byte) error {
	r, ok := housekeeping(text)
	if !v.headed && (!ok || r.Action != actionSegment && r.Action != actionRecovery) {
		return v.here("the file does not begin with a record that says what it continues")
	}
	if !ok {
		return nil
	}
	switch r.Action {
	case actionSegment:
		if e, ok := edgeOf(text); !ok || e.root() != v.tree.root() {
			return v.here("the segment continues a tree with another root")
		}
		v.headed = true
	case actionRecovery:
		if r.Log.From == nil {
			return nil
		}
		if !v.damage.cover(r.Log) {
			return v.here(fmt.Sprintf("the record describes damage from record %d on that is not there", *r.Log.From))
		}
		v.report.Damaged += *r.Log.To - *r.Log.From
	case actionRetention:
		if r.Log.First != nil {
			v.dropped = max(v.dropped, *r.Log.First)
		}
	}
	return nil
}

// reason says what is wrong with the first line of a damaged run.
func (r *run) reason() string {
	switch {
	case r.seq < 0:
		return "the line is not a whole record, and no record says that a crash tore it"
	case r.seq > r.from:
		return fmt.Sprintf("the line holds record %d: one was removed, or the order was changed", r.seq)
	}
	return fmt.Sprintf("the line holds record %d again: one was inserted or repeated, or the order was changed", r.seq)
}

// leafHasher is leafHash without an allocation for each line.
type leafHasher struct{ h hash.Hash }

func (l *leafHasher) sum(line []byte) (sum tlog.Hash) {
	if l.h == nil {
		l.h = sha256.New()
	}
	l.h.Reset()
	l.h.Write(leafPrefix)
	l.h.Write(line)
	l.h.Sum(sum[:0])
	return sum
}

// storedHashes reads the stored hashes in step with the lines.
type storedHashes struct {
	r     *bufio.Reader
	buf   []byte
	at    int64 // leaves matched
	total int64
}

func (v *verifier) openStored() {
	if v.hashes == nil {
		return
	}
	from := tlog.StoredHashCount(v.tree.size) * tlog.HashSize
	v.stored = &storedHashes{r: bufio.NewReaderSize(v.hashes.reader(from, v.storedBytes), readBuffer), at: v.tree.size, total: leaves(v.storedBytes)}
}

// match compares what one leaf adds with what was stored for it. Hashes that are not stored yet match anything: the log is written first.
func (s *storedHashes) match(want []byte) bool {
	if s.at >= s.total {
		return true
	}
	s.at++
	if cap(s.buf) < len(want) {
		s.buf = make([]byte, len(want)*2)
	}
	got := s.buf[:len(want)]
	if _, err := io.ReadFull(s.r, got); err != nil {
		return true
	}
	return bytes.Equal(got, want)
}

// left is the number of leaves that are stored beyond the lines.
func (s *storedHashes) left() int64 { return s.total - s.at }

// beganAt is the time of a segment's first record.
func beganAt(fsys FS, s *segment) (time.Time, error) {
	text, err := firstLine(fsys, s)
	if err != nil {
		return time.Time{}, err
	}
	return timeOf(text), nil
}

// firstEdge is the edge in a segment's first record.
func firstEdge(fsys FS, s *segment) (e edge, external bool, err error) {
	text, err := firstLine(fsys, s)
	if err != nil {
		return edge{}, false, err
	}
	e, ok := edgeOf(text)
	if !ok {
		return edge{size: -1}, false, nil
	}
	r, _ := housekeeping(text)
	return e, r.Log.Rotation == "external", nil
}

func firstLine(fsys FS, s *segment) ([]byte, error) {
	r, err := openSegment(fsys, s)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	text, _, err := newLineReader(r, 0).next()
	return text, ignoreEOF(err)
}

// verifierKey parses a verifier key, by default the one beside the log.
func verifierKey(fsys FS, lay *layout, given string) (string, note.Verifier, error) {
	if given == "" {
		text, err := readFile(fsys, lay.key()+".pub")
		if err != nil {
			return "", nil, err
		}
		given = string(text)
	}
	given = strings.TrimSpace(given)
	v, err := ParsePublicKey(given)
	return given, v, err
}
