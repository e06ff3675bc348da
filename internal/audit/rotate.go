package audit

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// rotateRetry is how long a rotation that the system refused is not tried again.
const rotateRetry = time.Minute

// rotateIfDue seals the live segment when it is large or old enough.
func (l *Log) rotateIfDue() error {
	s, due := &l.state, l.opts.Rotate
	if due.External || s.tree.size-s.first < 2 {
		return nil
	}
	now := l.opts.Now()
	full := due.Size > 0 && s.at >= due.Size
	old := due.Every > 0 && now.Sub(s.began) >= due.Every
	if !full && !old || now.Before(s.rotateAt) {
		return nil
	}
	return l.rotate("")
}

// rotate seals the live segment under its own name and begins the next one.
func (l *Log) rotate(reason string) error {
	s := &l.state
	if s.poison == nil {
		if err := s.live.Sync(); err != nil {
			return l.poisonLocked(err)
		}
	}
	first := s.first
	sealed := l.lay.sealed(first)
	if !l.seal(sealed) {
		s.rotateAt = l.opts.Now().Add(rotateRetry)
		return nil
	}
	_ = l.fsys.Chmod(sealed, 0o400) // a reminder, not a protection
	tree := s.tree.clone()
	l.dropLive()
	if err := l.begin(filepath.Base(sealed), reason); err != nil {
		return err
	}
	if s.poison == nil {
		if err := s.live.Sync(); err != nil {
			return l.poisonLocked(err)
		}
		l.sync.reached(tree)
	}
	l.rotateMirrors(first)
	return l.dropOld()
}

// seal gives the live segment its own name. Where that does not work (chattr +a, a directory that is not ours) the segment goes on.
func (l *Log) seal(name string) bool {
	if _, err := l.fsys.Stat(name); err == nil {
		l.state.flaw = fmt.Sprintf("the live segment can't be sealed: %s is there already", name)
		return false
	}
	return l.fsys.Rename(l.lay.live, name) == nil
}

// refused tells that the system does not let the log rename its files.
func refused(err error) bool {
	return errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES)
}

// follow goes over to the live file that somebody else put in place of ours: another process's rotation, logrotate's, or none at all.
func (l *Log) follow() error {
	s := &l.state
	if s.live != nil {
		if err := l.drain(); err != nil {
			return err
		}
	}
	f, err := l.fsys.OpenFile(l.lay.live, os.O_RDWR|os.O_APPEND, 0o600)
	if errors.Is(err, fs.ErrNotExist) {
		return l.replaceLive()
	}
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return err
	}
	if info.Size == 0 { // logrotate's create
		l.dropLive()
		s.live, s.info, s.at, s.first, s.headed = f, info, 0, s.tree.size, false
		return l.repair("")
	}
	line, whole, err := newLineReader(io.NewSectionReader(f, 0, info.Size), 0).next()
	if err == nil && whole {
		if e, ok := edgeOf(line); ok && e.size == s.tree.size && e.root() == s.tree.root() {
			l.dropLive()
			s.live, s.info, s.at, s.first, s.began = f, info, 0, e.size, timeOf(line)
			return l.catchUp(info.Size)
		}
	}
	f.Close()
	// Several rotations passed unseen, or the file is not a continuation of what we know.
	return l.load()
}

// replaceLive begins a live segment where there is none any more: a process died in the middle of a rotation, logrotate has taken the file and
// made no other, or somebody removed it.
func (l *Log) replaceLive() error {
	s := &l.state
	sealed := l.lay.sealed(s.first)
	l.dropLive()
	previous, reason := "", ""
	if _, err := l.fsys.Stat(sealed); err == nil {
		previous = filepath.Base(sealed)
	} else if !l.opts.Rotate.External && s.tree.size > 0 {
		reason = "the live segment was removed"
	}
	if err := l.begin(previous, reason); err != nil {
		return err
	}
	if reason != "" {
		s.flaw = reason
	}
	return l.repair(previous)
}

// drain takes in what others wrote to our file before it was rotated, and makes what we wrote durable.
func (l *Log) drain() error {
	s := &l.state
	info, err := s.live.Stat()
	if err != nil {
		return err
	}
	lines := newLineReader(io.NewSectionReader(s.live, s.at, max(info.Size-s.at, 0)), s.at)
	if s.at, _, err = l.absorb(lines, true); err != nil {
		return err
	}
	if l.sync.now().Size < s.tree.size {
		if err := s.live.Sync(); err != nil {
			return l.poisonLocked(err)
		}
		l.sync.reached(s.tree.clone())
	}
	return nil
}

// shrunk goes on after the live file became shorter: logrotate's copytruncate, or somebody who removes records.
func (l *Log) shrunk(info Info) error {
	s := &l.state
	reason := "the live file was emptied"
	if info.Size > 0 {
		reason = fmt.Sprintf("the live file was cut from %d bytes to %d", s.at, info.Size)
	}
	if info.Size > 0 || !l.opts.Rotate.External {
		s.flaw = reason
	}
	if s.at = info.Size; info.Size == 0 {
		s.first, s.headed = s.tree.size, false
		return l.repair("")
	}
	var end [1]byte
	if _, err := s.live.ReadAt(end[:], info.Size-1); err != nil {
		return err
	}
	if end[0] != '\n' {
		if err := l.writeRaw([]byte{'\n'}); err != nil {
			return err
		}
		s.at++
	}
	return l.begin("", reason)
}

// Reopen opens the live file again, as after a rotation by somebody else (SIGHUP). After a failed sync it begins a new segment, on which
// writing starts anew.
func (l *Log) Reopen() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := &l.state
	if s.closed {
		return &UnavailableError{Op: "reopen", Err: errClosed}
	}
	release, err := l.lock.acquire(Exclusive)
	if err != nil {
		return &UnavailableError{Op: "reopen", Err: err}
	}
	defer release()
	if s.poison == nil {
		err = l.refresh()
	} else {
		err = l.startAnew()
	}
	if err != nil {
		return &UnavailableError{Op: "reopen", Err: err}
	}
	l.space.prepare(l)
	return nil
}

// startAnew leaves the file on which a sync failed behind. Nothing is synced on that descriptor any more: what is in the file is read
// again, from the last checkpoint on.
func (l *Log) startAnew() error {
	s := &l.state
	poison := s.poison
	if !l.opts.Rotate.External {
		err := l.fsys.Rename(l.lay.live, l.lay.sealed(s.first))
		if err != nil && !refused(err) && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	s.poison = nil
	if err := l.load(); err != nil {
		s.poison = poison
		return err
	}
	l.sync.forgive()
	l.checkpoints.forgive()
	return nil
}

// forgive lets syncing begin anew.
func (s *syncer) forgive() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = nil
}

func (c *checkpoints) forgive() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.broken = nil
}
