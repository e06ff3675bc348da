package audit

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

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
	if l.state.live == nil || l.state.info.Size == 0 {
		if err := l.begin(lastName(segs), l.state.flaw); err != nil {
			return err
		}
		missing = false
	}
	if torn {
		if err := l.terminate(); err != nil {
			return err
		}
	}
	if err := l.repair(lastName(segs)); err != nil {
		return err
	}
	if missing {
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

// terminate gives a torn last line its newline, and takes it into the tree as what it is.
func (l *Log) terminate() error {
	if err := l.writeRaw([]byte{'\n'}); err != nil {
		return err
	}
	info, err := l.state.live.Stat()
	if err != nil {
		return err
	}
	_, err = l.absorbLive(info.Size)
	return err
}

// repair records the damage that nothing has recorded yet, and sees to it that the segment says what it continues: a crash may have torn its first
// record, and the file may have been there before the log.
func (l *Log) repair(previous string) error {
	s := &l.state
	for len(s.damage.runs) > 0 {
		r := s.damage.runs[0]
		reason := "a write was cut short"
		if r.from == 0 {
			reason = "what the file held before it became this log"
		}
		if err := l.putDetail(actionRecovery, r.detail(reason)); err != nil {
			return err
		}
		s.damage.runs = s.damage.runs[1:]
	}
	if !s.headed {
		return l.begin(previous, s.flaw)
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
		s.live, s.at, s.first, s.headed = f, s.info.Size, s.tree.size, false
		if err := l.fsys.SyncDir(l.lay.dir); err != nil {
			return err
		}
	}
	s.began = l.opts.Now()
	rotation := "own"
	if l.opts.Rotate.External {
		rotation = "external"
	}
	err := l.putDetail(actionSegment, &Detail{
		Reason: reason, Previous: previous, Root: s.tree.root().String(), Edge: s.tree.strings(), Key: l.checkpoints.key.public, Rotation: rotation,
	})
	s.headed = s.headed || err == nil
	return err
}
