package audit

import (
	"path/filepath"
	"time"
)

// dropOld removes the sealed segments that are older than the retention. Their leaf hashes stay, so that proofs about what is left, and
// checkpoints about what is gone, still hold. The record that says so is written first, so that a gap without one is an attack. The caller
// holds the lock.
func (l *Log) dropOld() error {
	if l.opts.Retention < 0 || l.opts.Rotate.External {
		return nil
	}
	segs, err := segments(l.fsys, l.lay)
	if err != nil {
		return nil // what can't be listed is not dropped
	}
	horizon := l.opts.Now().Add(-l.opts.Retention)
	var names []string
	var bases []string
	first := int64(0)
	for i := 0; i+1 < len(segs); i++ {
		if _, own := l.lay.ownFirst(segs[i].name); !own || !l.sealedBefore(&segs[i], horizon) {
			break
		}
		names, bases = append(names, segs[i].name), append(bases, segs[i].base())
		first = segs[i+1].first
	}
	if len(names) == 0 || first < 0 {
		return nil
	}
	if err := l.putDetail(actionRetention, &Detail{Files: bases, First: &first}); err != nil {
		return err
	}
	if err := l.state.live.Sync(); err != nil {
		return l.poisonLocked(err)
	}
	for _, name := range names {
		if err := l.fsys.Remove(name); err != nil {
			return nil // still there: dropped at the next rotation
		}
		digits, _ := l.lay.ownFirst(name)
		for _, form := range []Format{CEF, LEEF} {
			_ = l.fsys.Remove(filepath.Join(l.lay.dir, l.lay.stem+"-"+digits+"."+string(form))) // most logs have none
		}
	}
	return nil
}

// sealedBefore reports whether nothing was written to the segment since.
func (l *Log) sealedBefore(s *segment, horizon time.Time) bool {
	info, err := l.fsys.Stat(s.name)
	return err == nil && info.ModTime.Before(horizon)
}
