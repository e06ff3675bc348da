package audit

import (
	"errors"
	"io"
	"io/fs"
	"os"
)

// snapshot is what the log was made of at one moment, for those who read it while others write and rotate.
type snapshot struct {
	fsys FS
	segs []segment
	// live is the live segment's open file, nil if there is none: a rotation may rename it, but not take it away.
	live File
	// locked says that nobody wrote at that moment.
	locked bool
}

// takeSnapshot lists the log. also is called while the lock is held, if it can be had: somebody who may only read, or a copy of the log
// without its lock, gets a list that may be in the middle of a change.
func takeSnapshot(fsys FS, lay *layout, also func() error) (*snapshot, error) {
	s := &snapshot{fsys: fsys}
	lock := lockFile{fsys: fsys, name: lay.lock(), readOnly: true}
	release, err := lock.acquire(Shared)
	if err == nil {
		s.locked = true
		defer lock.close()
		defer release()
	} else if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission) {
		return nil, err
	}
	if s.segs, err = segments(fsys, lay); err != nil {
		return nil, err
	}
	if n := len(s.segs); n > 0 && s.segs[n-1].live {
		if s.live, err = fsys.OpenFile(lay.live, os.O_RDONLY, 0); err != nil {
			return nil, err
		}
	}
	if also != nil {
		if err := also(); err != nil {
			s.close()
			return nil, err
		}
	}
	return s, nil
}

func (s *snapshot) close() {
	if s.live != nil {
		s.live.Close()
	}
}

// open opens a segment to be read from its front, as far as it went at the moment of the snapshot.
func (s *snapshot) open(seg *segment) (io.ReadCloser, error) {
	if seg.live {
		return io.NopCloser(io.NewSectionReader(s.live, 0, seg.size)), nil
	}
	return openSegment(s.fsys, seg)
}

// openAt opens a segment that is not compressed to be read anywhere.
func (s *snapshot) openAt(seg *segment) (io.ReaderAt, func(), error) {
	if seg.live {
		return s.live, func() {}, nil
	}
	f, err := s.fsys.OpenFile(seg.name, os.O_RDONLY, 0)
	if err != nil {
		return nil, nil, err
	}
	return f, func() { f.Close() }, nil
}
