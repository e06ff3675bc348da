package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
)

// closeOrphans writes a result with the outcome unknown for every call whose process died before it could. Calls of living processes are
// not touched. The log may be long and others want to write: it is read without the lock first, and then under it what came since.
func (l *Log) closeOrphans(gone map[string]dead) error {
	if len(gone) == 0 {
		return nil
	}
	o := &orphans{gone: gone, waiting: map[string]*Record{}, next: l.state.tree.size}
	for _, d := range gone {
		o.next = min(o.next, d.low)
	}
	// A rotation may come in between the listing and the reading: what this misses is read below.
	if err := o.read(l.fsys, l.lay); err != nil && !errors.Is(err, errGap) && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	o.gaps = true
	return l.locked(func() error {
		if err := l.refresh(); err != nil {
			return err
		}
		if err := o.read(l.fsys, l.lay); err != nil {
			return err
		}
		for _, call := range o.order {
			intent, ok := o.waiting[call]
			if !ok {
				continue
			}
			delete(o.waiting, call)
			if err := l.closeOrphan(intent); err != nil {
				return err
			}
		}
		return nil
	})
}

func (l *Log) closeOrphan(intent *Record) error {
	r := *intent
	r.Phase, r.Outcome = Result, unknownOutcome
	r.Error = &Error{Code: unknownOutcome, Message: "the process that ran this call ended before it could record the outcome"}
	r.Server = l.instance.id
	encoded, err := encode(&r)
	if err != nil {
		return err
	}
	return l.put(&r, encoded)
}

// orphans are the intents of dead processes that have no result.
type orphans struct {
	gone    map[string]dead
	waiting map[string]*Record
	order   []string
	// next is the sequence number from which on the log is still to be read.
	next int64
	// gaps says that the numbers may have gaps, which damaged lines leave; without the lock a gap may be a file that was not seen.
	gaps bool
}

var errGap = errors.New("a gap in the sequence numbers")

// read goes through what was written since the last time.
func (o *orphans) read(fsys FS, lay *layout) error {
	segs, err := segments(fsys, lay)
	if err != nil {
		return err
	}
	for i := range segs {
		if segs[i].compressed() || i+1 < len(segs) && segs[i+1].first >= 0 && segs[i+1].first <= o.next {
			continue
		}
		if err := o.segment(fsys, &segs[i]); err != nil {
			return err
		}
	}
	return nil
}

func (o *orphans) segment(fsys FS, s *segment) error {
	f, err := fsys.OpenFile(s.name, os.O_RDONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	at, err := bisect(f, s.size, o.next)
	if err != nil {
		return err
	}
	lines := newLineReader(io.NewSectionReader(f, at, s.size-at), at)
	for {
		line, whole, err := lines.next()
		if errors.Is(err, io.EOF) || err == nil && !whole {
			return nil
		}
		if err != nil {
			return err
		}
		if seq, ok := numberOf(line); ok && seq >= o.next {
			if seq > o.next && !o.gaps {
				return errGap
			}
			o.next = seq + 1
			o.take(line)
		}
	}
}

// take looks at the few bytes that tell before it decodes a line.
func (o *orphans) take(line []byte) {
	head := line[:min(len(line), 200)]
	call, ok := callOf(head)
	switch {
	case !ok:
	case bytes.Contains(head, []byte(`"phase":"result"`)):
		if _, ok := o.waiting[string(call)]; ok && json.Valid(line) { // a torn result is none
			delete(o.waiting, string(call))
		}
	case bytes.Contains(head, []byte(`"phase":"intent"`)):
		r := new(Record)
		if json.Unmarshal(line, r) != nil {
			return
		}
		if _, ok := o.gone[r.owner()]; ok {
			o.waiting[r.Call] = r
			o.order = append(o.order, r.Call)
		}
	}
}

// callOf reads the call out of the beginning of a line.
func callOf(head []byte) ([]byte, bool) {
	_, rest, ok := bytes.Cut(head, []byte(`"call":"`))
	if !ok {
		return nil, false
	}
	call, _, ok := bytes.Cut(rest, []byte{'"'})
	return call, ok
}

// owner is the instance that wrote the record.
func (r *Record) owner() string {
	if r.Server != "" {
		return r.Server
	}
	return r.Session
}
