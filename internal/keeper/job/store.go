package job

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
)

// The output of a job stands in segments: files whose names are the offset of their first byte in the whole output. That makes
// what is missing countable without any further record, whatever is killed when: before the first segment are the dropped bytes,
// between two those that could not be written.
const (
	segmentPrefix = "out."
	// segmentsKept is into how many segments the kept output is divided at least.
	segmentsKept = 16
	minSegment   = 4 << 10
)

// Store keeps the newest output of a job. It is safe for concurrent use.
type Store struct {
	dir            string
	limit, segment int64

	mu    sync.Mutex
	file  *os.File // the newest segment, nil before the next one is begun
	start int64    // its offset
	end   int64    // of all output
}

// OpenStore opens the store in dir, where output may stand already.
func OpenStore(dir string, limit int64) (*Store, error) {
	s := &Store{dir: dir, limit: limit, segment: max(limit/segmentsKept, minSegment)}
	list, err := segments(dir)
	if err != nil {
		return nil, err
	}
	if len(list) > 0 {
		s.end = list[len(list)-1].end()
	}
	return s, nil
}

// Write takes all bytes. What cannot be kept, on a full disk, is left out and counted: the command goes on.
func (s *Store) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for rest := p; len(rest) > 0; {
		part := rest[:min(int64(len(rest)), s.segment)]
		rest = rest[len(part):]
		s.write(part)
	}
	return len(p), nil
}

func (s *Store) write(p []byte) {
	if s.file == nil {
		f, err := os.OpenFile(filepath.Join(s.dir, segmentName(s.end)), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
		if err != nil {
			s.end += int64(len(p))
			return
		}
		s.file, s.start = f, s.end
	}
	n, err := s.file.Write(p)
	s.end += int64(len(p))
	if err != nil || s.end-s.start >= s.segment {
		_ = s.file.Close() // an error shows in the segment's size
		s.file = nil
		if err != nil && n == 0 && s.end-int64(len(p)) == s.start {
			_ = os.Remove(filepath.Join(s.dir, segmentName(s.start))) // nothing got into it
		}
		s.prune()
	}
}

// prune removes old segments so that the kept ones, with the one that comes next, stay within the limit.
func (s *Store) prune() {
	list, err := segments(s.dir)
	if err != nil {
		return
	}
	for len(list) > 1 && s.end-list[0].start > s.limit-s.segment {
		if os.Remove(filepath.Join(s.dir, segmentName(list[0].start))) != nil {
			return
		}
		list = list[1:]
	}
}

// Total counts all bytes ever written.
func (s *Store) Total() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.end
}

// Skip counts bytes that stand elsewhere.
func (s *Store) Skip(n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.end += n
}

// Close closes the newest segment. Output that comes later begins another.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file == nil {
		return nil
	}
	err := s.file.Close()
	s.file = nil
	return err
}

// span is a segment.
type span struct{ start, size int64 }

func (s span) end() int64 { return s.start + s.size }

// segmentName has as many digits as any offset, so that names sort by offset.
func segmentName(start int64) string { return fmt.Sprintf("%s%019d", segmentPrefix, start) }

// segments lists what is kept, oldest first.
func segments(dir string) ([]span, error) {
	entries, err := os.ReadDir(dir) // sorted by name
	if err != nil {
		return nil, err
	}
	var list []span
	for _, e := range entries {
		digits, ok := strings.CutPrefix(e.Name(), segmentPrefix)
		if !ok {
			continue
		}
		start, err := strconv.ParseInt(digits, 10, 64)
		if err != nil || start < 0 {
			continue
		}
		if info, err := e.Info(); err == nil { // it may just have been removed
			list = append(list, span{start, info.Size()})
		}
	}
	return list, nil
}
