package output

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

const (
	// errSuffix is added to the name of the file that takes standard error apart, until the call ends.
	errSuffix = ".err"
	// chunk is the room that an output asks the spool for at a time.
	chunk = 1 << 20
)

// entry is the output of one call while it is written. Its owner serializes the calls.
type entry struct {
	spool *Spool
	id    string
	files []*os.File // standard output, then standard error if apart
	kept  [2]int64
	// reserved is the room promised by the spool.
	reserved int64
	full     bool
}

// create starts an output of one or two streams.
func (s *Spool) create(streams int) (*entry, error) {
	e := &entry{spool: s, id: newID()}
	if err := s.reserve(chunk); err != nil {
		return nil, err
	}
	e.reserved = chunk
	for i := range streams {
		f, err := s.createFile(e.path(i))
		if err != nil {
			e.abandon()
			return nil, err
		}
		e.files = append(e.files, f)
	}
	return e, nil
}

func (e *entry) path(stream int) string {
	path := filepath.Join(e.spool.dir, e.id+partSuffix)
	if stream == 1 {
		path += errSuffix
	}
	return path
}

func (s *Spool) createFile(path string) (*os.File, error) {
	const flags = os.O_RDWR | os.O_CREATE | os.O_EXCL
	f, err := os.OpenFile(path, flags, 0o600)
	if errors.Is(err, fs.ErrNotExist) { // somebody tidied up; start anew
		if err = s.prepare(); err == nil {
			f, err = os.OpenFile(path, flags, 0o600)
		}
	}
	if err != nil {
		return nil, err
	}
	if err := lock(f); err != nil {
		f.Close()
		_ = os.Remove(path)
		return nil, fmt.Errorf("locking %s: %w", path, err)
	}
	return f, nil
}

// write adds to a stream until the call's share is full; what goes beyond is not kept, which is no error.
func (e *entry) write(stream int, p []byte) error {
	limit := e.spool.opts.PerCall
	if stream == 0 && len(e.files) == 2 {
		limit -= limit / 8 // a flood on standard output leaves room for the words on standard error
	}
	room := min(limit-e.kept[stream], e.spool.opts.PerCall-e.total())
	if int64(len(p)) > room {
		p = p[:max(room, 0)]
	}
	if len(p) == 0 || e.full {
		return nil
	}
	if grow := e.total() + int64(len(p)) - e.reserved; grow > 0 {
		grow = (grow + chunk - 1) / chunk * chunk
		if err := e.spool.reserve(grow); err != nil {
			e.full = true
			return err
		}
		e.reserved += grow
	}
	n, err := e.files[stream].Write(p)
	e.kept[stream] += int64(n)
	e.full = err != nil // a gap would make offsets lie
	return err
}

// total is how many bytes of the call are kept.
func (e *entry) total() int64 { return e.kept[0] + e.kept[1] }

// copyStream writes what is kept of a stream to w.
func (e *entry) copyStream(w io.Writer, stream int) (int64, error) {
	return io.Copy(w, io.NewSectionReader(e.files[stream], 0, e.kept[stream]))
}

// finish makes the output readable under its id: standard error behind standard output, in one file. When it fails nothing
// is left, and the id is empty.
func (e *entry) finish() (id string, err error) {
	defer e.abandon()
	if e.total() == 0 {
		return "", nil
	}
	if len(e.files) == 2 && e.kept[1] > 0 {
		n, err := e.copyStream(e.files[0], 1)
		if n == 0 {
			return "", err
		}
		e.kept[1] = n // on a full disk the beginning of standard error is better than nothing
	}
	now := e.spool.opts.Now()
	if err := os.Chtimes(e.path(0), now, now); err != nil {
		return "", err
	}
	if err := os.Rename(e.path(0), filepath.Join(e.spool.dir, e.id)); err != nil {
		return "", err
	}
	return e.id, nil
}

// abandon gives back everything that is not under its final name.
func (e *entry) abandon() {
	for i, f := range e.files {
		_ = os.Remove(e.path(i)) // gone after finish
		f.Close()
	}
	e.spool.mu.Lock()
	e.spool.usage = max(0, e.spool.usage-e.reserved+max(e.total(), block))
	e.spool.mu.Unlock()
}
