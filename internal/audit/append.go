package audit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
)

// Head is a tree head: how far the log had come, and the root over all of it.
type Head struct {
	// Seq is the last record's sequence number, -1 for an empty log. Size is one more.
	Seq  int64 `json:"seq"`
	Size int64 `json:"size"`
	// Root is the RFC 6962 root in base64.
	Root string `json:"root"`
}

func headOf(e *edge) Head { return Head{Seq: e.size - 1, Size: e.size, Root: e.root().String()} }

// Append writes a record and returns the head of the tree that ends with it. With durable, and as the sync mode has it, it returns
// when the record is on disk; concurrent calls share the sync. The error is an [*UnavailableError], and then the record is not in the
// log, or not known to be.
func (l *Log) Append(ctx context.Context, r Record, durable bool) (Head, error) {
	if err := context.Cause(ctx); err != nil {
		return Head{}, &UnavailableError{Op: "append", Err: err}
	}
	if r.Phase == Housekeeping {
		return Head{}, errors.New("audit log: append: records of the phase log are the log's own")
	}
	if r.Session == "" {
		r.Session = l.instance.id
	} else if r.Session != l.instance.id {
		r.Server = l.instance.id
	}
	r.ArgsSHA256 = ""
	encoded, err := encode(&r)
	if err != nil {
		return Head{}, &UnavailableError{Op: "append", Err: err}
	}
	head, err := l.write(&r, encoded)
	if err != nil {
		return Head{}, err
	}
	if durable && l.opts.Sync != SyncNone || l.opts.Sync == SyncAlways {
		if err := l.sync.wait(l, head.Size); err != nil {
			return Head{}, &UnavailableError{Op: "sync", Err: err}
		}
	}
	l.wake()
	return head, nil
}

// write puts one record into the log under the lock.
func (l *Log) write(r *Record, encoded []byte) (Head, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := &l.state
	if s.closed {
		return Head{}, &UnavailableError{Op: "append", Err: errClosed}
	}
	err := l.admit(r)
	if err == nil {
		err = l.locked(func() error { return l.writeLocked(r, encoded) })
	}
	if isFull(err) && l.space.release(l) {
		err = l.locked(func() error { return l.writeLocked(r, encoded) })
	}
	if err != nil {
		return Head{}, l.failed(err)
	}
	switch r.Phase {
	case Intent:
		s.open[r.Call] = s.tree.size - 1
	case Result:
		delete(s.open, r.Call)
	}
	return headOf(&s.tree), nil
}

func (l *Log) writeLocked(r *Record, encoded []byte) error {
	if err := l.refresh(); err != nil {
		return err
	}
	if err := l.rotateIfDue(); err != nil {
		return err
	}
	if err := l.resume(); err != nil {
		return err
	}
	if err := l.put(r, encoded); err != nil {
		return err
	}
	l.announce()
	return nil
}

// locked runs do while no other process writes.
func (l *Log) locked(do func() error) error {
	if l.state.poison != nil {
		return l.state.poison
	}
	release, err := l.lock.acquire(Exclusive)
	if err != nil {
		return err
	}
	defer release()
	return do()
}

// failed notes a record that is lost, and why.
func (l *Log) failed(err error) error {
	s := &l.state
	if s.failing == nil {
		s.since = l.opts.Now()
	}
	s.failing = err
	s.lost++
	s.lostTotal++
	return &UnavailableError{Op: "append", Err: err}
}

// resume says in the log how many records it lacks, now that it can be written again.
func (l *Log) resume() error {
	s := &l.state
	if s.lost == 0 {
		s.failing = nil
		return nil
	}
	since := s.since
	if err := l.putDetail(actionResume, &Detail{Reason: s.failing.Error(), Lost: s.lost, Since: &since}); err != nil {
		return err
	}
	s.failing, s.lost = nil, 0
	return nil
}

// refresh takes in what other processes have done since: lines, rotations, a crash in the middle of a line.
func (l *Log) refresh() error {
	s := &l.state
	info, err := l.fsys.Stat(l.lay.live)
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	case err != nil || s.live == nil || !info.same(s.info):
		return l.follow()
	case info.Size < s.at:
		return l.shrunk(info)
	case info.Size > s.at:
		return l.catchUp(info.Size)
	}
	return l.repair("")
}

// catchUp takes in what was written to the live file since, and mends what a crash left of it.
func (l *Log) catchUp(size int64) error {
	torn, err := l.absorbLive(size)
	if err != nil {
		return err
	}
	if torn {
		if err := l.terminate(); err != nil {
			return err
		}
	}
	return l.repair("")
}

// absorbLive takes in the live file up to size.
func (l *Log) absorbLive(size int64) (torn bool, err error) {
	s := &l.state
	lines := newLineReader(io.NewSectionReader(s.live, s.at, size-s.at), s.at)
	s.at, torn, err = l.absorb(lines, false)
	return torn, err
}

// putDetail writes a record of the log about itself.
func (l *Log) putDetail(action string, d *Detail) error {
	r := Record{Phase: Housekeeping, Tool: "audit", Action: action, Principal: "relay-shell", Session: l.instance.id, Log: d}
	encoded, err := encode(&r)
	if err != nil {
		return err
	}
	return l.put(&r, encoded)
}

// put writes a record at the end of the live file, and takes it into the tree. The caller holds the lock and has refreshed.
func (l *Log) put(r *Record, encoded []byte) error {
	s := &l.state
	r.V, r.Seq, r.TS = Version, s.tree.size, l.opts.Now().UTC()
	text := line(r.Seq, r.TS, encoded)
	if err := l.writeRaw(text); err != nil {
		return err
	}
	s.at += int64(len(text))
	s.pending = s.tree.add(leafHash(text[:len(text)-1]), s.pending)
	l.mirror(r, text)
	return l.flushHashes()
}

// writeRaw appends bytes to the live file, using the reserve when the disk is full. What a failed write leaves is a torn line behind s.at, which
// the next process to write terminates and records.
func (l *Log) writeRaw(text []byte) error {
	s := &l.state
	for {
		n, err := s.live.Write(text)
		if err == nil {
			return nil
		}
		if isFull(err) && l.space.release(l) {
			text = text[n:] // what is there already is not written twice
			continue
		}
		if isPoison(err) {
			s.poison = &poisonError{err}
			return s.poison
		}
		return err
	}
}

// flushHashes stores the hashes that are not stored yet. They can be computed again, so that a failure loses nothing.
func (l *Log) flushHashes() error {
	s := &l.state
	if err := l.hashes.put(s.stored, s.pending); err != nil {
		if len(s.pending) > maxPending {
			return fmt.Errorf("storing hashes: %w", err)
		}
		return nil
	}
	s.stored, s.pending = s.tree.size, s.pending[:0]
	return nil
}

const (
	// flushAt is the number of bytes at which hashes are stored while many lines are read.
	flushAt = 1 << 20
	// maxPending bounds the bytes of hashes that wait for a disk that doesn't take them.
	maxPending = 64 << 20
)
