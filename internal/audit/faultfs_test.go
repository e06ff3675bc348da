package audit

import (
	"io/fs"
	"path/filepath"
	"sync"
	"syscall"
)

// faultFS is the real file system with faults: full disks, failing syncs, refused renames.
type faultFS struct {
	osFS
	mu sync.Mutex
	// quota is the number of bytes that may still be written; less than 0 = no end.
	quota int64
	// syncErr is returned by the next syncs of the live file, syncs counts all of them by file.
	syncErr map[string]error
	syncs   map[string]int
	// refuseRename is what chattr +a does.
	refuseRename bool
}

func newFaultFS() *faultFS {
	return &faultFS{quota: -1, syncErr: map[string]error{}, syncs: map[string]int{}}
}

func (f *faultFS) OpenFile(name string, flag int, perm fs.FileMode) (File, error) {
	file, err := f.osFS.OpenFile(name, flag, perm)
	if err != nil {
		return nil, err
	}
	return &faultFile{File: file, fs: f, base: filepath.Base(name)}, nil
}

func (f *faultFS) Rename(from, to string) error {
	f.mu.Lock()
	refuse := f.refuseRename
	f.mu.Unlock()
	if refuse && filepath.Ext(from) == ".jsonl" {
		return &fs.PathError{Op: "rename", Path: from, Err: syscall.EPERM}
	}
	return f.osFS.Rename(from, to)
}

// Remove gives the space of the reserve back.
func (f *faultFS) Remove(name string) error {
	info, err := f.osFS.Stat(name)
	if err == nil {
		err = f.osFS.Remove(name)
	}
	if err == nil && filepath.Base(name) == "reserve" {
		f.mu.Lock()
		if f.quota >= 0 {
			f.quota += info.Size
		}
		f.mu.Unlock()
	}
	return err
}

func (f *faultFS) Free(name string) (int64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.quota >= 0 {
		return f.quota, nil
	}
	return f.osFS.Free(name)
}

func (f *faultFS) setQuota(n int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.quota = n
}

func (f *faultFS) failSync(base string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.syncErr[base] = err
}

func (f *faultFS) syncCount(base string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.syncs[base]
}

// take uses up to n bytes of the quota.
func (f *faultFS) take(n int) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.quota < 0 {
		return n
	}
	got := min(int64(n), f.quota)
	f.quota -= got
	return int(got)
}

type faultFile struct {
	File
	fs   *faultFS
	base string
}

func (f *faultFile) Write(p []byte) (int, error) {
	got := f.fs.take(len(p))
	n, err := 0, error(nil)
	if got > 0 {
		n, err = f.File.Write(p[:got])
	}
	if err == nil && got < len(p) {
		err = &fs.PathError{Op: "write", Path: f.base, Err: syscall.ENOSPC}
	}
	return n, err
}

func (f *faultFile) WriteAt(p []byte, at int64) (int, error) {
	if got := f.fs.take(len(p)); got < len(p) {
		return 0, &fs.PathError{Op: "pwrite", Path: f.base, Err: syscall.ENOSPC}
	}
	return f.File.WriteAt(p, at)
}

func (f *faultFile) Allocate(size int64) error {
	if got := f.fs.take(int(size)); int64(got) < size {
		return &fs.PathError{Op: "fallocate", Path: f.base, Err: syscall.ENOSPC}
	}
	return f.File.Allocate(size)
}

func (f *faultFile) Sync() error {
	f.fs.mu.Lock()
	f.fs.syncs[f.base]++
	err := f.fs.syncErr[f.base]
	f.fs.mu.Unlock()
	if err != nil {
		return &fs.PathError{Op: "fdatasync", Path: f.base, Err: err}
	}
	return f.File.Sync()
}
