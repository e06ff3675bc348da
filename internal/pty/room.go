package pty

import (
	"errors"
	"fmt"
	"syscall"
)

// shortage is what becomes of a recording while its file system has no room: events are left out and counted, and a marker in their place says
// so once there is room again. No line is cut, so that a player reads on.
type shortage struct {
	why     error  // nil while there is room
	owed    []byte // the rest of the line that found none
	size    string // the terminal's, if it has changed meanwhile
	missing int64  // bytes of output that were left out since
	total   int64  // and in all
}

func isFull(err error) bool { return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) }

// err says what the recording lacks.
func (s *shortage) err() error {
	switch {
	case s.why != nil:
		return wrap(s.why, "limit_reached", "make room: the recording goes on then", fmt.Sprintf("recording (%d bytes of output are missing)", s.total))
	case s.total > 0:
		return refuse("limit_reached", "the recording goes on", "%d bytes of output are missing in the recording: there was no room", s.total)
	}
	return nil
}

// resume writes what is owed and reports whether there is room for an event, which is counted otherwise. The caller holds the mutex.
func (r *Recorder) resume(code, data string) bool {
	s := &r.room
	if s.why == nil {
		return true
	}
	owed := s.owed
	s.owed = nil
	r.write(owed)
	if s.why == nil && s.missing > 0 {
		note := fmt.Sprintf("%d bytes are missing: there was no room", s.missing)
		s.missing = 0
		r.event(EventMarker, note)
	}
	if s.why == nil && s.size != "" {
		size := s.size
		s.size = ""
		r.event(EventResize, size)
	}
	if s.why == nil {
		return r.err == nil
	}
	switch code {
	case EventOutput:
		s.missing += int64(len(data))
		s.total += int64(len(data))
	case EventResize:
		s.size = data
	}
	return false
}
