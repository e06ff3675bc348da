package output

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"relay-shell/internal/lazyregexp"
)

// The defaults of SpoolOptions.
const (
	DefaultPerCall = 64 << 20
	DefaultTotal   = 1 << 30
	DefaultTTL     = time.Hour
)

// SpoolOptions bound a spool. The zero value is the defaults.
type SpoolOptions struct {
	// PerCall is the most bytes kept of one call, Total of all calls of all servers that share the directory.
	PerCall, Total int64
	// TTL is how long an output is kept after its command has ended.
	TTL time.Duration
	// Now is the clock, time.Now if nil.
	Now func() time.Time
}

// Spool keeps outputs in files of a private directory. Several processes may share it, and any of them may be killed: an
// output that is still written has a name of its own and a lock (flock(2)) that dies with its writer, so that the next sweep
// by anyone removes what a dead one left.
type Spool struct {
	dir  string
	opts SpoolOptions

	mu sync.Mutex
	// usage is what the directory holds in bytes: what the scan at scanned saw, and what was promised since.
	usage   int64
	scanned time.Time
	expiry  *time.Timer
}

const (
	// rescan is how old the knowledge of what other processes have written may be.
	rescan = time.Second
	// grace is how long an unfinished file without a lock is left alone: its writer may be about to lock it.
	grace = 10 * time.Second
	// block is the least that a file occupies.
	block = 4096
	// partSuffix ends the name of an output that is still written.
	partSuffix = ".part"
)

// idPattern is what an id looks like: 130 random bits.
var idPattern = lazyregexp.New(`^o[A-Z2-7]{26}$`)

func newID() string { return "o" + rand.Text() }

// OpenSpool opens the spool in dir, which is made with mode 0700 if it is not there, and removes what has expired. It refuses a
// directory that is a symbolic link or belongs to somebody else.
func OpenSpool(dir string, o SpoolOptions) (*Spool, error) {
	if o.PerCall <= 0 {
		o.PerCall = DefaultPerCall
	}
	if o.Total <= 0 {
		o.Total = DefaultTotal
	}
	if o.TTL <= 0 {
		o.TTL = DefaultTTL
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Spool{dir: dir, opts: o}
	if err := s.prepare(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.sweep(0); err != nil {
		return nil, failed("reading the spool", err)
	}
	return s, nil
}

// Close ends the timer that removes expired outputs. The outputs stay for other servers.
func (s *Spool) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.expiry != nil {
		s.expiry.Stop()
	}
	return nil
}

// prepare makes the directory and makes sure that it is private.
func (s *Spool) prepare() error {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return failed("making the spool", err)
	}
	info, err := os.Lstat(s.dir)
	if err != nil {
		return failed("opening the spool", err)
	}
	if !info.IsDir() {
		return failed("opening the spool", fmt.Errorf("%s is not a directory", s.dir))
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok && int(st.Uid) != os.Geteuid() {
		return failed("opening the spool", fmt.Errorf("%s belongs to uid %d", s.dir, st.Uid))
	}
	if info.Mode().Perm()&0o077 != 0 {
		if err := os.Chmod(s.dir, 0o700); err != nil {
			return failed("making the spool private", err)
		}
	}
	return nil
}

// IDs are the outputs that can be read now, newest first, at most 100.
func (s *Spool) IDs() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	files, err := s.list()
	if err != nil {
		return nil
	}
	var ids []string
	for _, f := range slices.Backward(files) {
		if idPattern.MatchString(f.name) && !s.expired(f.modified) && len(ids) < 100 {
			ids = append(ids, f.name)
		}
	}
	return ids
}

type file struct {
	name     string
	size     int64
	modified time.Time
}

// list is what the directory holds, oldest first.
func (s *Spool) list() ([]file, error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return nil, err
	}
	var files []file
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() {
			continue // another process removed it, or it is none of ours
		}
		files = append(files, file{e.Name(), max(info.Size(), block), info.ModTime()})
	}
	slices.SortFunc(files, func(a, b file) int { return a.modified.Compare(b.modified) })
	return files, nil
}

func (s *Spool) expired(modified time.Time) bool { return s.opts.Now().Sub(modified) > s.opts.TTL }

// sweep removes what has expired and what dead writers left, then the oldest outputs until there is room for the given
// number of bytes. The caller holds the mutex.
func (s *Spool) sweep(room int64) error {
	files, err := s.list()
	if err != nil {
		return err
	}
	var kept []file
	s.usage = 0
	for _, f := range files {
		if s.stale(f) {
			_ = os.Remove(filepath.Join(s.dir, f.name)) // another process may have been quicker
			continue
		}
		s.usage += f.size
		kept = append(kept, f)
	}
	for _, f := range kept {
		if s.usage+room <= s.opts.Total {
			break
		}
		if idPattern.MatchString(f.name) && os.Remove(filepath.Join(s.dir, f.name)) == nil {
			s.usage -= f.size
		}
	}
	s.scanned = s.opts.Now()
	s.schedule(kept)
	return nil
}

// schedule lets a server that has nothing to do remove what expires.
func (s *Spool) schedule(kept []file) {
	if s.expiry != nil {
		s.expiry.Stop()
		s.expiry = nil
	}
	if len(kept) == 0 {
		return
	}
	s.expiry = time.AfterFunc(s.opts.TTL+time.Second, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		_ = s.sweep(0) // nobody to tell; the next call tries again
	})
}

// stale says whether a file should go: an output that has expired, or an unfinished one whose writer is dead. Other files
// are not ours and stay.
func (s *Spool) stale(f file) bool {
	if idPattern.MatchString(f.name) {
		return s.expired(f.modified)
	}
	id, part := strings.CutSuffix(strings.TrimSuffix(f.name, errSuffix), partSuffix)
	if !part || !idPattern.MatchString(id) || s.opts.Now().Sub(f.modified) < grace {
		return false
	}
	file, err := os.OpenFile(filepath.Join(s.dir, f.name), os.O_RDWR|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return false
	}
	defer file.Close()
	return lock(file) == nil
}

// lock takes the lock of a file that is being written, or fails at once.
func lock(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) }

// reserve makes room for n more bytes, at the cost of the oldest outputs. It fails when all room is taken by outputs that
// are still written.
func (s *Spool) reserve(n int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.usage+n > s.opts.Total || s.opts.Now().Sub(s.scanned) > rescan {
		if err := s.sweep(n); err != nil {
			return err
		}
	}
	if s.usage+n > s.opts.Total {
		return fmt.Errorf("the spool is full (SPOOL_TOTAL, %d bytes)", s.opts.Total)
	}
	s.usage += n
	return nil
}

// open opens a finished output for reading.
func (s *Spool) open(id string) (*os.File, int64, error) {
	if !idPattern.MatchString(id) {
		return nil, 0, notFound(id)
	}
	path := filepath.Join(s.dir, id)
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, notFound(id)
	}
	if err != nil {
		return nil, 0, failed("opening the output", err)
	}
	info, err := f.Stat()
	if err == nil && info.Mode().IsRegular() && !s.expired(info.ModTime()) {
		return f, info.Size(), nil
	}
	f.Close()
	if err != nil {
		return nil, 0, failed("opening the output", err)
	}
	_ = os.Remove(path)
	return nil, 0, notFound(id)
}
