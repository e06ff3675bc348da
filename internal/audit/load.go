package audit

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"golang.org/x/mod/sumdb/tlog"
)

// load brings the state up to what is in the files: from the last signed tree head on, every line is hashed again, since what lies
// behind it may be torn. The caller holds the lock. Where the log has no live segment, one is begun.
func (l *Log) load() error {
	before := l.state
	l.dropLive()
	l.state.damage = damage{}
	l.state.pending, l.state.stored = nil, 0
	segs, err := segments(l.fsys, l.lay)
	if err != nil {
		return err
	}
	signed, err := l.signedEdge(segs)
	if err != nil {
		return err
	}
	l.state.tree, l.state.stored = signed, signed.size
	i, at, missing, err := l.locate(segs, signed)
	if err != nil {
		return err
	}
	torn, err := l.absorbFrom(segs, i, at)
	if err != nil {
		return err
	}
	if l.state.tree.size < before.tree.size {
		// Sequence numbers never go back: what this process knows of the tree is continued.
		l.state.flaw = fmt.Sprintf("the log went back from %d records to %d", before.tree.size, l.state.tree.size)
		l.state.tree, l.state.pending, l.state.stored, missing = before.tree, before.pending, before.stored, true
	}
	return l.mend(segs, torn, missing)
}

// signedEdge is the edge of the tree at the last checkpoint, empty if there is none. The stored hashes must lead to the signed root;
// where they don't, they are computed again from the log.
func (l *Log) signedEdge(segs []segment) (edge, error) {
	last, ok, err := l.checkpoints.last()
	if err != nil || !ok {
		return edge{}, err
	}
	l.state.signed = last.Size
	have, err := l.hashes.size()
	if err != nil {
		return edge{}, err
	}
	if have >= last.Size {
		e, err := edgeAt(last.Size, l.hashes)
		if err == nil && e.root() == last.Root {
			return e, nil
		}
	}
	return l.rebuild(segs, last)
}

// rebuild computes the stored hashes again. What comes out must have the signed root; where it has not, the log was changed behind a
// checkpoint, which nothing here can mend: the log goes on with what there is, unsigned and degraded, and verify names the record.
func (l *Log) rebuild(segs []segment, last Checkpoint) (edge, error) {
	var e edge
	if len(segs) == 0 {
		l.state.flaw = fmt.Sprintf("all of %d signed records are missing", last.Size)
		return e, nil
	}
	var stored []byte
	first := int64(0)
	flush := func() error {
		err := l.hashes.put(first, stored)
		first, stored = e.size, stored[:0]
		return err
	}
	for i := range segs {
		lines, done, err := l.readSegment(&segs[i])
		if err != nil {
			return edge{}, err
		}
		for e.size < last.Size {
			line, _, err := lines.next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				done()
				return edge{}, err
			}
			if next, ok := edgeOf(line); ok && next.size > e.size {
				e, first = next, next.size // its beginning was dropped
			}
			stored = e.add(leafHash(line), stored)
			if len(stored) > 1<<20 {
				if err := flush(); err != nil {
					done()
					return edge{}, err
				}
			}
		}
		done()
	}
	if err := flush(); err != nil {
		return edge{}, err
	}
	if e.size != last.Size || e.root() != last.Root {
		l.state.flaw = fmt.Sprintf("the log does not match its signed checkpoint of %d records", last.Size)
	}
	return e, nil
}

func (l *Log) readSegment(s *segment) (*lineReader, func(), error) {
	r, err := openSegment(l.fsys, s)
	if err != nil {
		return nil, nil, err
	}
	return newLineReader(r, 0), func() { r.Close() }, nil
}

// edgeOf reads the edge out of a segment's first record.
func edgeOf(line []byte) (edge, bool) {
	r, ok := housekeeping(line)
	if !ok || r.Action != actionSegment {
		return edge{}, false
	}
	e, ok := parseEdge(r.Seq, r.Log.Edge)
	if !ok || e.root().String() != r.Log.Root {
		return edge{}, false
	}
	return e, true
}

// locate finds where the line with index signed.size is: segment i, offset at. missing says that the lines before it are not there, or
// not all of them.
func (l *Log) locate(segs []segment, signed edge) (i int, at int64, missing bool, err error) {
	if len(segs) == 0 {
		if signed.size > 0 && !l.opts.Rotate.External {
			l.state.flaw = fmt.Sprintf("all of %d signed records are missing", signed.size)
		}
		return 0, 0, signed.size > 0, nil
	}
	if signed.size == 0 {
		return 0, 0, false, nil
	}
	last := signed.size - 1
	var leaf tlog.Hash
	if stored, err := l.hashes.ReadHashes([]int64{tlog.StoredHashIndex(0, last)}); err == nil {
		leaf = stored[0]
	}
	// Before anything else the line whose hash was signed; then, if it was changed or removed, what stands in its place.
	tries := []struct {
		seq     int64
		accept  func([]byte) bool
		missing bool
	}{
		{last, func(line []byte) bool { return leafHash(line) == leaf }, false},
		// A segment that continues what was signed; logrotate may have put the one before it anywhere.
		{signed.size, func(line []byte) bool { e, ok := edgeOf(line); return ok && e.root() == signed.root() }, false},
		{signed.size, func([]byte) bool { return true }, true},
		{last, func([]byte) bool { return true }, true},
	}
	for _, try := range tries {
		for i := len(segs) - 1; i >= 0; i-- {
			if segs[i].first > try.seq {
				continue
			}
			from, to, ok, err := l.findIn(&segs[i], try.seq, try.accept)
			if err != nil {
				return 0, 0, false, err
			}
			if !ok {
				continue
			}
			if try.seq == last {
				from = to
			}
			if try.missing {
				l.state.flaw = fmt.Sprintf("record %d, which was signed, was changed or removed", last)
			}
			return i, from, false, nil
		}
	}
	if !l.opts.Rotate.External {
		l.state.flaw = fmt.Sprintf("the log ends before record %d, which was signed", last)
	}
	end := len(segs) - 1
	return end, segs[end].size, true, nil
}

// findIn is find on one segment, compressed or not.
func (l *Log) findIn(s *segment, seq int64, accept func([]byte) bool) (from, to int64, ok bool, err error) {
	if s.compressed() {
		r, err := openSegment(l.fsys, s)
		if err != nil {
			return 0, 0, false, err
		}
		defer r.Close()
		lines := newLineReader(r, 0)
		for {
			from := lines.at
			line, _, err := lines.next()
			if err != nil {
				return 0, 0, false, ignoreEOF(err)
			}
			if got, ok := parseSeq(line); ok && got == seq && accept(line) {
				return from, lines.at, true, nil
			}
		}
	}
	f, err := l.fsys.OpenFile(s.name, os.O_RDONLY, 0)
	if err != nil {
		return 0, 0, false, err
	}
	defer f.Close()
	return find(f, s.size, seq, accept)
}

// absorbFrom takes every line from offset at of segment i to the end of the log into the tree. torn says that the last one has no newline.
func (l *Log) absorbFrom(segs []segment, i int, at int64) (torn bool, err error) {
	for ; i < len(segs); i, at = i+1, 0 {
		lines, done, err := l.readSegment(&segs[i])
		if err != nil {
			return false, err
		}
		if _, err := io.CopyN(io.Discard, lines.r, at); err != nil && !errors.Is(err, io.EOF) {
			done()
			return false, err
		}
		lines.at = at
		if segs[i].first < 0 {
			segs[i].first = l.state.tree.size
		}
		l.state.headed = at > 0
		torn, err = l.absorb(lines)
		done()
		if err != nil {
			return false, err
		}
		if segs[i].live {
			return torn, l.openLive(lines.at, segs[i])
		}
	}
	return false, nil // the last line of a sealed file ends with the file
}

// absorb takes lines into the tree.
func (l *Log) absorb(lines *lineReader) (torn bool, err error) {
	s := &l.state
	for {
		line, whole, err := lines.next()
		if errors.Is(err, io.EOF) {
			return torn, nil
		}
		if err != nil {
			return false, err
		}
		torn = !whole
		switch seq, ok := parseSeq(line); {
		case ok && seq == s.tree.size:
			if r, ok := housekeeping(line); ok {
				s.headed = s.headed || r.Action == actionSegment
				if r.Action == actionRecovery {
					s.damage.cover(r.Log)
				}
			}
		default:
			s.damage.add(s.tree.size, line)
		}
		s.pending = s.tree.add(leafHash(line), s.pending)
	}
}

// openLive opens the live segment for appending behind offset at.
func (l *Log) openLive(at int64, s segment) error {
	f, err := l.fsys.OpenFile(l.lay.live, os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return err
	}
	l.dropLive()
	l.state.live, l.state.info, l.state.at, l.state.first, l.state.began = f, info, at, s.first, s.began
	if s.began.IsZero() {
		l.state.began = l.opts.Now()
	}
	l.keepPrivate(info)
	return nil
}

// keepPrivate takes the log from everybody else. Reading that the operator allowed by an access control list stays.
func (l *Log) keepPrivate(info Info) {
	want := info.Mode.Perm() & 0o600
	if l.fsys.HasACL(l.lay.live) {
		want = info.Mode.Perm() &^ 0o027
	}
	if want != info.Mode.Perm() {
		_ = l.fsys.Chmod(l.lay.live, want) // an append-only file refuses; it is as the operator made it
	}
}

func (l *Log) dropLive() {
	if l.state.live != nil {
		l.state.live.Close()
		l.state.live = nil
	}
}

// mend writes down what load found: a torn line gets its newline, damaged lines a recovery record, missing ones a new segment.
func (l *Log) mend(segs []segment, torn, missing bool) error {
	have, err := l.hashes.size()
	if err != nil {
		return err
	}
	// Hashes without lines are what a power failure leaves of lines that were never synced, or an editor of the last lines of a log.
	ahead := have > l.state.tree.size
	reached := l.state.tree.size
	if ahead {
		if err := l.hashes.cut(reached); err != nil {
			return err
		}
	}
	if l.state.live == nil || l.state.at == 0 {
		if err := l.begin(lastName(segs), l.state.flaw); err != nil {
			return err
		}
		missing = false
	}
	if err := l.repair(torn); err != nil {
		return err
	}
	// A crash may have torn the first record of the file, and the file may have been there before the log.
	if missing || !l.state.headed {
		if err := l.begin(lastName(segs), l.state.flaw); err != nil {
			return err
		}
	}
	if ahead {
		return l.putDetail(actionRecovery, &Detail{
			Reason: fmt.Sprintf("hashes were stored for %d records more than the log holds", have-reached),
		})
	}
	return nil
}

func lastName(segs []segment) string {
	for i := len(segs) - 1; i >= 0; i-- {
		if !segs[i].live {
			return segs[i].base()
		}
	}
	return ""
}

// repair terminates a torn line and records the damage that nothing has recorded yet.
func (l *Log) repair(torn bool) error {
	if torn {
		if err := l.writeRaw([]byte{'\n'}); err != nil {
			return err
		}
	}
	for len(l.state.damage.runs) > 0 {
		r := l.state.damage.runs[0]
		reason := "a write was cut short"
		if r.from == 0 {
			reason = "what the file held before it became this log"
		}
		if err := l.putDetail(actionRecovery, r.detail(reason)); err != nil {
			return err
		}
		l.state.damage.runs = l.state.damage.runs[1:]
	}
	return nil
}

// begin writes the first record of a segment: where the tree stands, so that the segment can be read without the ones before it. It
// creates the live file if there is none.
func (l *Log) begin(previous, reason string) error {
	s := &l.state
	if s.live == nil {
		f, err := l.fsys.OpenFile(l.lay.live, os.O_RDWR|os.O_APPEND|os.O_CREATE|os.O_EXCL, 0o600)
		if errors.Is(err, fs.ErrExist) {
			f, err = l.fsys.OpenFile(l.lay.live, os.O_RDWR|os.O_APPEND, 0o600)
		}
		if err != nil {
			return err
		}
		if s.info, err = f.Stat(); err != nil {
			f.Close()
			return err
		}
		s.live, s.at, s.first = f, s.info.Size, s.tree.size
		if err := l.fsys.SyncDir(l.lay.dir); err != nil {
			return err
		}
	}
	s.began, s.headed = l.opts.Now(), true
	rotation := "own"
	if l.opts.Rotate.External {
		rotation = "external"
	}
	return l.putDetail(actionSegment, &Detail{
		Reason: reason, Previous: previous, Root: s.tree.root().String(), Edge: s.tree.strings(), Key: l.checkpoints.key.public, Rotation: rotation,
	})
}
