package audit

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"
)

// segment is one file of the log.
type segment struct {
	name string
	// first is the index of its first line, -1 where nothing in the file tells.
	first int64
	size  int64
	live  bool
	// began is the time of its first record, where the file had to be read.
	began time.Time
}

// compressed tells the segments that logrotate has compressed; they can only be read from the front.
func (s *segment) compressed() bool { return strings.HasSuffix(s.name, ".gz") }

func (s *segment) base() string { return filepath.Base(s.name) }

// segments lists the files of the log in the order of their records. The live one is last, if it is there.
func segments(fsys FS, lay *layout) ([]segment, error) {
	names, err := fsys.ReadDir(lay.dir)
	if err != nil {
		return nil, err
	}
	have := map[string]bool{}
	for _, name := range names {
		have[name] = true
	}
	var list []segment
	for _, name := range names {
		// While logrotate compresses, both are there and the plain one is the whole one.
		if !lay.isSegment(name) || have[strings.TrimSuffix(name, ".gz")] && strings.HasSuffix(name, ".gz") {
			continue
		}
		s, err := describe(fsys, lay, filepath.Join(lay.dir, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue // rotated or dropped since the listing
		}
		if err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	sort.SliceStable(list, func(i, j int) bool {
		if list[i].live != list[j].live {
			return list[j].live
		}
		return list[i].first < list[j].first
	})
	return list, nil
}

// describe finds out where a segment begins: by its own name, or by its first whole record.
func describe(fsys FS, lay *layout, name string) (segment, error) {
	info, err := fsys.Stat(name)
	if err != nil {
		return segment{}, err
	}
	s := segment{name: name, first: -1, size: info.Size, live: name == lay.live}
	if !info.Mode.IsRegular() {
		return s, fmt.Errorf("%s is not a regular file", name)
	}
	if digits, ok := lay.ownFirst(name); ok {
		_, err := fmt.Sscanf(digits, "%d", &s.first)
		return s, err
	}
	r, err := openSegment(fsys, &s)
	if err != nil {
		return s, err
	}
	defer r.Close()
	lines := newLineReader(r, 0)
	for n := int64(0); ; n++ {
		line, _, err := lines.next()
		if err != nil {
			return s, nil // nothing in it tells; whoever reads it meets the error again
		}
		if seq, ok := parseSeq(line); ok && seq >= n {
			s.first = seq - n
			s.began = timeOf(line)
			return s, nil
		}
	}
}

// openSegment opens a segment for reading from its front.
func openSegment(fsys FS, s *segment) (io.ReadCloser, error) {
	f, err := fsys.OpenFile(s.name, os.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	if !s.compressed() {
		return f, nil
	}
	z, err := gzip.NewReader(f)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", s.name, err)
	}
	return &gzipFile{z, f}, nil
}

// openSegmentAt opens a segment for reading from an offset on. In a compressed one that is an offset in its contents.
func openSegmentAt(fsys FS, s *segment, at int64) (io.ReadCloser, error) {
	r, err := openSegment(fsys, s)
	if err != nil {
		return nil, err
	}
	if f, ok := r.(File); ok {
		return &section{io.NewSectionReader(f, at, math.MaxInt64-at), f}, nil
	}
	if _, err := io.CopyN(io.Discard, r, at); err != nil && !errors.Is(err, io.EOF) {
		r.Close()
		return nil, err
	}
	return r, nil
}

type section struct {
	*io.SectionReader
	io.Closer
}

type gzipFile struct {
	*gzip.Reader
	f File
}

func (z *gzipFile) Close() error {
	err := z.Reader.Close()
	if cerr := z.f.Close(); err == nil {
		err = cerr
	}
	return err
}

// find returns the offset of the first line with sequence number seq that accept takes, and the offset behind it. Sequence numbers
// rise through a file, so a few reads do; only where damage misleads the search is the whole file read.
func find(r io.ReaderAt, size, seq int64, accept func(line []byte) bool) (from, to int64, ok bool, err error) {
	low, err := bisect(r, size, seq)
	if err != nil {
		return 0, 0, false, err
	}
	from, to, ok, err = scanFor(r, low, size, seq, accept)
	if ok || err != nil || low == 0 {
		return from, to, ok, err
	}
	return scanFor(r, 0, size, seq, accept)
}

// bisect narrows down to an offset, at the beginning of a line, before which no line with seq is expected.
func bisect(r io.ReaderAt, size, seq int64) (int64, error) {
	low, high := int64(0), size
	for high-low > readBuffer {
		mid := low + (high-low)/2
		at, s, ok, err := recordAfter(r, mid, high)
		if err != nil {
			return 0, err
		}
		if ok && s <= seq {
			low = at
		} else {
			high = mid
		}
	}
	return low, nil
}

// probeBuffer is read at each step of a search; it holds a few records.
const probeBuffer = 8 << 10

// recordAfter finds the first whole record that begins behind offset at and before end.
func recordAfter(r io.ReaderAt, at, end int64) (offset, seq int64, ok bool, err error) {
	lines := &lineReader{r: bufio.NewReaderSize(io.NewSectionReader(r, at, end-at), probeBuffer), at: at}
	if _, _, err := lines.next(); err != nil {
		return 0, 0, false, ignoreEOF(err)
	}
	for {
		offset = lines.at
		line, whole, err := lines.next()
		if err != nil || !whole {
			return 0, 0, false, ignoreEOF(err)
		}
		if seq, ok := parseSeq(line); ok {
			return offset, seq, true, nil
		}
	}
}

func scanFor(r io.ReaderAt, from, size, seq int64, accept func([]byte) bool) (start, end int64, ok bool, err error) {
	lines := newLineReader(io.NewSectionReader(r, from, size-from), from)
	for {
		start = lines.at
		line, whole, err := lines.next()
		if err != nil {
			return 0, 0, false, ignoreEOF(err)
		}
		if !whole || !bytes.HasPrefix(line, seqPrefix) {
			continue
		}
		if s, ok := parseSeq(line); ok && s == seq && accept(line) {
			return start, lines.at, true, nil
		}
	}
}

func ignoreEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
