package audit

import (
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// crashFS is a file system in memory that loses power: after a number of operations every call fails, and what is left is what was
// synced, plus any part of what was not. Names are durable once their directory was synced; otherwise a prefix of the changes survives, as with
// an ordered journal. Contents are durable once their file was synced; otherwise each sector is the old or the new one.
type crashFS struct {
	mu   sync.Mutex
	rng  *rand.Rand
	left int // operations until the power fails, less than 0 = never
	next uint64

	names, durable map[string]*crashNode
	// changes are the changes to names since the last sync of their directory.
	changes []nameChange
	dirs    map[string]bool
}

type nameChange struct {
	name string
	node *crashNode // nil = removed
	// from is the old name of a renamed file: a rename is atomic.
	from string
}

func (n nameChange) apply(names map[string]*crashNode) {
	if n.node == nil {
		delete(names, n.name)
		return
	}
	delete(names, n.from)
	names[n.name] = n.node
}

type crashNode struct {
	ino     uint64
	data    []byte
	durable []byte
	mode    fs.FileMode
	modTime time.Time
	lock    *crashFile
}

var errPower = errors.New("the power has failed")

func newCrashFS(rng *rand.Rand) *crashFS {
	return &crashFS{rng: rng, left: -1, names: map[string]*crashNode{}, durable: map[string]*crashNode{}, dirs: map[string]bool{}}
}

// op counts one operation. The caller holds mu.
func (c *crashFS) op() error {
	if c.left == 0 {
		return errPower
	}
	c.left--
	return nil
}

// crash returns what is found after the power is back.
func (c *crashFS) crash() *crashFS {
	c.mu.Lock()
	defer c.mu.Unlock()
	after := newCrashFS(c.rng)
	after.next, after.dirs = c.next, c.dirs
	names := map[string]*crashNode{}
	for name, n := range c.durable {
		names[name] = n
	}
	for _, change := range c.changes[:c.rng.IntN(len(c.changes)+1)] {
		change.apply(names)
	}
	survivors := map[*crashNode]*crashNode{}
	for name, n := range names {
		s := survivors[n]
		if s == nil {
			data := c.tear(n)
			s = &crashNode{ino: n.ino, data: data, durable: slices.Clone(data), mode: n.mode, modTime: n.modTime}
			survivors[n] = s
		}
		after.names[name], after.durable[name] = s, s
	}
	return after
}

// tear mixes the synced contents of a file with the newest ones.
func (c *crashFS) tear(n *crashNode) []byte {
	old, now := n.durable, n.data
	sector := []int{64, 512, 4096}[c.rng.IntN(3)]
	size := len(old)
	if len(now) > size {
		size += c.rng.IntN(len(now) - size + 1)
	} else if c.rng.IntN(2) == 0 {
		size = len(now)
	}
	out := make([]byte, size)
	copy(out, old)
	keepAll, keepNone := c.rng.IntN(4) == 0, c.rng.IntN(4) == 0
	for at := 0; at < size; at += sector {
		end := min(at+sector, size)
		if keepAll || !keepNone && c.rng.IntN(2) == 0 {
			if at < len(now) {
				copy(out[at:end], now[at:min(end, len(now))])
			}
		}
	}
	return out
}

func (c *crashFS) OpenFile(name string, flag int, perm fs.FileMode) (File, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n, ok := c.names[name]
	if ok && flag&os.O_EXCL != 0 {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrExist}
	}
	if !ok {
		if flag&os.O_CREATE == 0 || !c.dirs[filepath.Dir(name)] {
			return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
		}
		if err := c.op(); err != nil {
			return nil, err
		}
		c.next++
		n = &crashNode{ino: c.next, mode: perm}
		c.set(name, n)
	}
	if c.left == 0 {
		return nil, errPower
	}
	if flag&os.O_TRUNC != 0 {
		n.data = nil
	}
	return &crashFile{fs: c, node: n, append: flag&os.O_APPEND != 0}, nil
}

func (c *crashFS) set(name string, n *crashNode) {
	change := nameChange{name: name, node: n}
	change.apply(c.names)
	c.changes = append(c.changes, change)
}

func (c *crashFS) Stat(name string) (Info, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dirs[name] {
		return Info{Mode: fs.ModeDir | 0o700}, nil
	}
	n, ok := c.names[name]
	if !ok {
		return Info{}, &fs.PathError{Op: "stat", Path: name, Err: fs.ErrNotExist}
	}
	return c.info(n), nil
}

func (c *crashFS) info(n *crashNode) Info {
	links := uint64(0)
	for _, have := range c.names {
		if have == n {
			links++
		}
	}
	return Info{Dev: 1, Ino: n.ino, Size: int64(len(n.data)), Mode: n.mode, Links: links, ModTime: n.modTime}
}

func (c *crashFS) ReadDir(dir string) ([]string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var names []string
	for name := range c.names {
		if filepath.Dir(name) == dir {
			names = append(names, filepath.Base(name))
		}
	}
	slices.Sort(names)
	return names, nil
}

func (c *crashFS) MkdirAll(name string, _ fs.FileMode) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for ; !c.dirs[name]; name = filepath.Dir(name) {
		c.dirs[name] = true
	}
	return nil
}

func (c *crashFS) Rename(from, to string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	n, ok := c.names[from]
	if !ok {
		return &fs.PathError{Op: "rename", Path: from, Err: fs.ErrNotExist}
	}
	if err := c.op(); err != nil {
		return err
	}
	change := nameChange{name: to, node: n, from: from}
	change.apply(c.names)
	c.changes = append(c.changes, change)
	return nil
}

func (c *crashFS) Remove(name string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.names[name]; !ok {
		return &fs.PathError{Op: "remove", Path: name, Err: fs.ErrNotExist}
	}
	if err := c.op(); err != nil {
		return err
	}
	c.set(name, nil)
	return nil
}

func (c *crashFS) Chmod(name string, perm fs.FileMode) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n, ok := c.names[name]; ok {
		n.mode = perm
	}
	return nil
}

func (c *crashFS) HasACL(string) bool { return false }

func (c *crashFS) SyncDir(dir string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.op(); err != nil {
		return err
	}
	var rest []nameChange
	for _, change := range c.changes {
		if filepath.Dir(change.name) != dir {
			rest = append(rest, change)
			continue
		}
		change.apply(c.durable)
	}
	c.changes = rest
	return nil
}

func (c *crashFS) Free(string) (int64, error) { return 1 << 40, nil }

type crashFile struct {
	fs     *crashFS
	node   *crashNode
	append bool
	at     int64
	closed bool
}

func (f *crashFile) Read(p []byte) (int, error) {
	n, err := f.ReadAt(p, f.at)
	f.at += int64(n)
	if n > 0 {
		err = nil
	}
	return n, err
}

func (f *crashFile) ReadAt(p []byte, at int64) (int, error) {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if f.fs.left == 0 {
		return 0, errPower
	}
	if at >= int64(len(f.node.data)) {
		return 0, io.EOF
	}
	n := copy(p, f.node.data[at:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (f *crashFile) Write(p []byte) (int, error) {
	if f.append {
		return f.write(p, -1)
	}
	n, err := f.write(p, f.at)
	f.at += int64(n)
	return n, err
}

func (f *crashFile) WriteAt(p []byte, at int64) (int, error) { return f.write(p, at) }

func (f *crashFile) write(p []byte, at int64) (int, error) {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if f.closed {
		return 0, os.ErrClosed
	}
	err := f.fs.op()
	if err != nil || f.fs.left == 0 {
		// The power fails in the middle of this write.
		p, err = p[:f.fs.rng.IntN(len(p)+1)], errPower
		if f.fs.left == 0 && len(p) == 0 {
			return 0, err
		}
	}
	if at < 0 {
		at = int64(len(f.node.data))
	}
	if need := at + int64(len(p)); need > int64(len(f.node.data)) {
		f.node.data = append(f.node.data, make([]byte, need-int64(len(f.node.data)))...)
	}
	copy(f.node.data[at:], p)
	return len(p), err
}

func (f *crashFile) Close() error {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	f.closed = true
	if f.node.lock == f {
		f.node.lock = nil
	}
	return nil
}

func (f *crashFile) Stat() (Info, error) {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	return f.fs.info(f.node), nil
}

func (f *crashFile) Truncate(size int64) error {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if err := f.fs.op(); err != nil {
		return err
	}
	f.node.data = slices.Clone(f.node.data[:size])
	return nil
}

func (f *crashFile) Sync() error {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if f.closed {
		return os.ErrClosed
	}
	if err := f.fs.op(); err != nil {
		return err
	}
	f.node.durable = slices.Clone(f.node.data)
	return nil
}

func (f *crashFile) Allocate(int64) error { return nil }

func (f *crashFile) Lock(mode LockMode, _ bool) error {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if f.node.lock != nil && f.node.lock != f {
		return errLocked
	}
	if mode == Exclusive {
		f.node.lock = f
	}
	return nil
}

func (f *crashFile) Unlock() error {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	f.node.lock = nil
	return nil
}

// dump lists the files, for a failed test.
func (c *crashFS) dump() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var b strings.Builder
	var names []string
	for name := range c.names {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		b.WriteString("== " + name + "\n")
		if strings.HasSuffix(name, ".jsonl") || strings.HasSuffix(name, "checkpoints") {
			b.Write(c.names[name].data)
		}
	}
	return b.String()
}
