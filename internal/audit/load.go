package audit

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// load brings the state up to what is in the files: from the last signed tree head on, every line is hashed again, since what lies
// behind it may be torn. The caller holds the lock. Where the log has no live segment, one is begun. When it fails, what was known before is
// known still.
func (l *Log) load() (err error) {
	l.dropLive()
	before := l.state
	defer func() {
		if err != nil {
			l.dropLive()
			poison := l.state.poison
			l.state = before
			l.state.poison = poison
		}
	}()
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
	from, err := l.locate(segs, signed)
	if err != nil {
		return err
	}
	torn, err := l.absorbFrom(segs, from)
	if err != nil {
		return err
	}
	if l.state.tree.size < before.tree.size {
		// Sequence numbers never go back: what this process knows of the tree is continued.
		l.state.flaw = fmt.Sprintf("the log went back from %d records to %d", before.tree.size, l.state.tree.size)
		l.state.tree, l.state.pending, l.state.stored = before.tree, before.pending, before.stored
		from.missing = true
	}
	return l.mend(segs, torn, from.missing)
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

// absorbFrom takes every line from a place to the end of the log into the tree. torn says that the last one has no newline.
func (l *Log) absorbFrom(segs []segment, from place) (torn bool, err error) {
	for i, at := from.i, from.at; i < len(segs); i, at = i+1, 0 {
		in, err := openSegmentAt(l.fsys, &segs[i], at)
		if err != nil {
			return false, err
		}
		lines := newLineReader(in, at)
		if segs[i].first < 0 {
			segs[i].first = l.state.tree.size
		}
		l.state.headed = at > 0
		at, torn, err = l.absorb(lines, !segs[i].live)
		in.Close()
		if err != nil {
			return false, err
		}
		if segs[i].live {
			return torn, l.openLive(at, segs[i])
		}
	}
	return false, nil
}

// absorb takes lines into the tree, and returns the offset behind them. A last line without a newline is taken where it is final, the end of a
// sealed file; otherwise torn says that it is there, and it is no line until it has its newline.
func (l *Log) absorb(lines *lineReader, final bool) (at int64, torn bool, err error) {
	for {
		at = lines.at
		line, whole, err := lines.next()
		if errors.Is(err, io.EOF) {
			return at, false, nil
		}
		if err != nil {
			return at, false, err
		}
		if !whole && !final {
			return at, true, nil
		}
		if err := l.take(line); err != nil {
			return at, false, err
		}
	}
}

// take takes one line into the tree.
func (l *Log) take(line []byte) error {
	s := &l.state
	if seq, ok := parseSeq(line); !ok || seq != s.tree.size {
		s.damage.add(s.tree.size, line)
	} else if r, ok := housekeeping(line); ok {
		s.headed = s.headed || r.Action == actionSegment
		if r.Action == actionRecovery {
			s.damage.cover(r.Log)
		}
	}
	s.pending = s.tree.add(leafHash(line), s.pending)
	if len(s.pending) > flushAt {
		return l.flushHashes()
	}
	return nil
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
