package audit

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"time"
)

// space watches the disk in three stages, as auditd does: a warning while there is little, a reserve that is given up when there is
// nothing, so that the log can still say so, and then silence, which is counted.
type space struct {
	// free is what the last look found, -1 if unknown.
	free int64
	// full is set from the moment the reserve was given up until there is room for it again.
	full bool
	// reserved is the size of the reserve that was put in place or found there, freed of what was given up: another process may have done that.
	reserved, freed int64
	// announced says that the log holds a record about it.
	announced bool
	looked    time.Time
}

// lookEvery bounds how often a full disk is looked at.
const lookEvery = 100 * time.Millisecond

// prepare puts the reserve in place. On a disk that is too full for it the log goes on without; Health says that space is low.
func (p *space) prepare(l *Log) {
	p.look(l)
	if l.opts.Reserve <= 0 || p.full {
		return
	}
	// On a small disk less is enough to say that it is full.
	size := l.opts.Reserve
	if p.free >= 0 {
		size = min(size, p.free/8)
	}
	if info, err := l.fsys.Stat(l.lay.reserve()); size <= 0 || err == nil && info.Size >= size {
		p.reserved = info.Size
		return
	}
	f, err := l.fsys.OpenFile(l.lay.reserve(), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return
	}
	defer f.Close()
	err = f.Allocate(size)
	if errors.Is(err, syscall.EOPNOTSUPP) || errors.Is(err, syscall.ENOSYS) {
		err = fill(f, size)
	}
	if err != nil {
		p.reserved = 0
		_ = l.fsys.Remove(l.lay.reserve()) // half a reserve would only take the space away
		return
	}
	p.reserved = size
}

func fill(f File, size int64) error {
	block := make([]byte, 64<<10)
	for at := int64(0); at < size; at += int64(len(block)) {
		if _, err := f.WriteAt(block, at); err != nil {
			return err
		}
	}
	return nil
}

// minRoom is how many bytes more than the reserve must be free for a disk to be full no more.
const minRoom = 64 << 10

func (p *space) look(l *Log) {
	free, err := l.fsys.Free(l.lay.dir)
	if err != nil {
		free = -1
	}
	p.free, p.looked = free, l.opts.Now()
}

// release gives the reserve up. It reports whether there was one.
func (p *space) release(l *Log) bool {
	p.full, p.freed = true, p.reserved
	info, err := l.fsys.Stat(l.lay.reserve())
	if err != nil {
		return false
	}
	p.freed = info.Size
	return l.fsys.Remove(l.lay.reserve()) == nil
}

// recovered looks whether there is room again, puts the reserve back, and reports so.
func (p *space) recovered(l *Log) bool {
	if l.opts.Now().Sub(p.looked) < lookEvery {
		return false
	}
	p.look(l)
	// The space that the reserve was is no room: it is for what little has to be said.
	if p.free < max(p.freed, 0)+minRoom {
		return false
	}
	p.full, p.announced = false, false
	p.prepare(l)
	return true
}

func (p *space) state(l *Log) string {
	switch {
	case p.full:
		return "full"
	case p.free >= 0 && p.free < l.opts.LowSpace:
		return "low"
	}
	return "ok"
}

// admit decides on a full disk who gets what is left: with Deny only the results of calls that are running, whose intents are in the
// log, since everything else is refused anyway and says so in the answer.
func (l *Log) admit(r *Record) error {
	if !l.space.full || l.space.recovered(l) {
		return nil
	}
	if _, running := l.state.open[r.Call]; l.opts.OnFailure == Deny && !(running && r.Phase == Result) {
		return &fs.PathError{Op: "write", Path: l.lay.live, Err: syscall.ENOSPC}
	}
	return nil
}

// announce writes once that the disk is full.
func (l *Log) announce() {
	if !l.space.full || l.space.announced {
		return
	}
	l.space.announced = true
	reason := "the disk is full; calls run unrecorded when the reserve is used up"
	if l.opts.OnFailure == Deny {
		reason = "the disk is full; calls of tier 1 and above are refused until there is space"
	}
	// If even this does not fit, the record of the resumption says what happened.
	_ = l.putDetail(actionFull, &Detail{Reason: fmt.Sprintf("%s (the reserve of %d bytes is in use)", reason, l.space.freed)})
}
