package inventory

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"syscall"
	"time"
)

// maxFile bounds one file: 100,000 hosts take about 10 MB.
const maxFile = 64 << 20

// stamp tells versions of a file apart. The change time finds versions that were written in place within the granularity of
// the modification time, or with that time set back.
type stamp struct {
	exists       bool
	dev, ino     uint64
	size         int64
	mtime, ctime int64
}

func stampOf(info os.FileInfo) stamp {
	s := stamp{exists: true, size: info.Size(), mtime: info.ModTime().UnixNano()}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		s.dev, s.ino, s.ctime = uint64(st.Dev), st.Ino, changeTime(st)
	}
	return s
}

func stampFile(path string) stamp {
	info, err := os.Stat(path)
	if err != nil {
		return stamp{}
	}
	return stampOf(info)
}

// watch is what an answer was read from: files with their versions, and patterns with the names that they gave.
type watch struct {
	files map[string]stamp
	globs map[string][]string
}

// changed looks at the files again.
func (w *watch) changed() bool {
	for path, was := range w.files {
		if stampFile(path) != was {
			return true
		}
	}
	for pattern, was := range w.globs {
		if !slices.Equal(glob(pattern), was) {
			return true
		}
	}
	return false
}

// readFile reads a regular file and remembers its version. The version is taken before reading, so that a change while
// reading is found the next time.
func (w *watch) readFile(path string) ([]byte, error) {
	if w.files == nil {
		w.files = map[string]stamp{}
	}
	w.files[path] = stamp{}
	// O_NONBLOCK: opening a named pipe must not hang.
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		w.files[path] = stampFile(path)
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	w.files[path] = stampOf(info)
	if path == os.DevNull {
		return nil, nil
	}
	if info.IsDir() {
		return nil, errors.New("is a directory")
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("is not a regular file")
	}
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = fmt.Errorf("is larger than %d MiB", maxFile>>20)
	}
	return data, err
}

// latest is the state of the files now. Looking at them costs a system call per file, so that a fan-out over thousands of
// hosts would spend its time here: after each look it rests ten times as long as the look took.
func (i *Inventory) latest() *snapshot {
	if int64(time.Since(i.start)) < i.next.Load() {
		return i.current.Load()
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	began := time.Since(i.start)
	if int64(began) < i.next.Load() {
		return i.current.Load() // another goroutine has just looked
	}
	sshChanged, fileChanged := i.ssh.changed(), i.file.changed()
	if sshChanged {
		i.ssh.read(i.opts)
	}
	if fileChanged {
		i.file.reread(i.opts)
	}
	if sshChanged || fileChanged {
		i.current.Store(merge(&i.ssh, &i.file))
	}
	took := time.Since(i.start) - began
	i.next.Store(int64(began + 10*took))
	return i.current.Load()
}
