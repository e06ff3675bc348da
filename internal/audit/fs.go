package audit

import (
	"io"
	"io/fs"
	"time"
)

// FS is the part of a file system that the log stands on. It is a seam: the tests put a file system under the log that
// forgets and tears what was not synced. The zero Options use the operating system's.
type FS interface {
	// OpenFile opens as [os.OpenFile] does, without following a symbolic link at the end of name.
	OpenFile(name string, flag int, perm fs.FileMode) (File, error)
	// Stat describes the file itself, not what a link points to.
	Stat(name string) (Info, error)
	// ReadDir lists the names in a directory, sorted.
	ReadDir(name string) ([]string, error)
	MkdirAll(name string, perm fs.FileMode) error
	Rename(from, to string) error
	Remove(name string) error
	Chmod(name string, perm fs.FileMode) error
	// HasACL reports whether the file has an access control list, whose mask shows as the group's bits of its mode.
	HasACL(name string) bool
	// SyncDir makes the names in a directory durable.
	SyncDir(name string) error
	// Free is the space in bytes that an ordinary user may still fill where name lies.
	Free(name string) (int64, error)
}

// File is one open file.
type File interface {
	io.Reader
	io.Writer
	io.ReaderAt
	io.WriterAt
	io.Closer
	Stat() (Info, error)
	Truncate(size int64) error
	// Sync makes the contents and the size durable (fdatasync(2) where there is one).
	Sync() error
	// Allocate reserves blocks for size bytes without changing what is in the file.
	Allocate(size int64) error
	// Lock takes an advisory lock on the open file as flock(2) does; closing the file releases it. Without wait it
	// fails with errLocked when somebody else holds the lock.
	Lock(mode LockMode, wait bool) error
	Unlock() error
}

// LockMode is how a file is locked.
type LockMode int

// The modes of flock(2).
const (
	Shared LockMode = iota
	Exclusive
)

// Info is what the log needs to know of a file.
type Info struct {
	// Dev and Ino tell files apart whatever they are called.
	Dev, Ino uint64
	Size     int64
	Mode     fs.FileMode
	// Links counts the names of the file; 0 means that it was removed.
	Links   uint64
	ModTime time.Time
}

// same reports whether two descriptions are of one file.
func (i Info) same(j Info) bool { return i.Dev == j.Dev && i.Ino == j.Ino }
