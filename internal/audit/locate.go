package audit

import (
	"fmt"
	"os"

	"golang.org/x/mod/sumdb/tlog"
)

// place is where in the log the reading goes on: segment i, offset at.
type place struct {
	i  int
	at int64
	// missing says that the lines before it are not there, or not all of them.
	missing bool
}

// locate finds the place behind what was signed.
func (l *Log) locate(segs []segment, signed edge) (place, error) {
	if signed.size == 0 && len(segs) > 0 {
		return place{}, nil
	}
	last := signed.size - 1
	for _, try := range l.tries(signed) {
		for i := len(segs) - 1; i >= 0; i-- {
			if segs[i].first > try.seq {
				continue
			}
			from, to, ok, err := l.findIn(&segs[i], try.seq, try.accept)
			if err != nil {
				return place{}, err
			}
			if !ok {
				continue
			}
			if try.flawed {
				l.state.flaw = fmt.Sprintf("record %d, which was signed, was changed or removed", last)
			}
			if try.seq == last {
				from = to
			}
			return place{i: i, at: from}, nil
		}
	}
	// logrotate may have put the files anywhere; otherwise somebody removed what was signed.
	if signed.size > 0 && !l.opts.Rotate.External {
		l.state.flaw = fmt.Sprintf("the log ends before record %d, which was signed", last)
	}
	p := place{missing: signed.size > 0}
	if len(segs) > 0 {
		p.i = len(segs) - 1
		p.at = segs[p.i].size
	}
	return p, nil
}

// try is one way to recognise the place: a line with this sequence number that accept takes.
type try struct {
	seq    int64
	accept func(line []byte) bool
	// flawed says that the line is not what was signed.
	flawed bool
}

// tries are the ways in their order: the last line that was signed, told by its hash; a segment that continues what was signed, wherever
// logrotate has put the one before it; and, if that line was changed or removed, whatever stands in its place.
func (l *Log) tries(signed edge) []try {
	last := signed.size - 1
	any := func([]byte) bool { return true }
	list := []try{
		{signed.size, func(line []byte) bool { e, ok := edgeOf(line); return ok && e.root() == signed.root() }, false},
		{signed.size, any, true},
		{last, any, true},
	}
	stored, err := l.hashes.ReadHashes([]int64{tlog.StoredHashIndex(0, max(last, 0))})
	if err != nil || signed.size == 0 {
		return list
	}
	return append([]try{{last, func(line []byte) bool { return leafHash(line) == stored[0] }, false}}, list...)
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
