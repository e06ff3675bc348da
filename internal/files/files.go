// Package files is bytes to, from and on a target: one file system with one behaviour, here and behind SSH.
//
// Start with [New]; [Systems.Of] gives the [FS] of a target. Here that is the operating system's, confined to the operator's
// roots and kept away from what belongs to relay-shell itself. On a host it speaks SFTP over a session of the live connection, and where
// a host has no sftp subsystem it works through small commands of sh.
//
// Paths are bytes and exact: no shell expands them, and a name may hold anything but NUL. Two things are added: a leading
// "~/" is the account's home directory ("./~" is a file of that name), and a relative path starts there on a host, in the
// working directory here. For people, and for JSON, which carries no bytes, [Escape] shows names and [Unescape] reads them back.
package files

import (
	"context"
	"io"
	"io/fs"
	"time"
)

// FS is the file system of one target. It is safe for concurrent use. Every error is an [*Error] with a code of the contract, or
// context.Cause(ctx).
type FS interface {
	// RealPath resolves links and dots; the file itself need not exist, its directory must.
	RealPath(ctx context.Context, path string) (string, error)
	// Stat follows a final link, Lstat does not.
	Stat(ctx context.Context, path string) (Info, error)
	Lstat(ctx context.Context, path string) (Info, error)
	// ReadDir lists at most limit entries (0: 100,000) in the order of the directory, without "." and "..". more says that there
	// are others. A listing that names something outside of the directory is refused.
	ReadDir(ctx context.Context, path string, limit int) (entries []Info, more bool, err error)
	ReadLink(ctx context.Context, path string) (string, error)

	// Open opens a regular file (anything else is invalid_argument) for reading.
	Open(ctx context.Context, path string) (Reader, error)
	// Create opens a regular file for writing, creating it where there is none.
	Create(ctx context.Context, path string, o CreateOptions) (Writer, error)

	Mkdir(ctx context.Context, path string, mode fs.FileMode) error
	// Chmod and Chtimes follow a final link. Chown does not, and gives the link itself away. -1 keeps an id, the zero time keeps a time.
	Chmod(ctx context.Context, path string, mode fs.FileMode) error
	Chown(ctx context.Context, path string, uid, gid int) error
	Chtimes(ctx context.Context, path string, accessed, modified time.Time) error
	// Symlink makes path a link to target, which is kept as it is.
	Symlink(ctx context.Context, target, path string) error
	// Rename puts from in the place of to in one step, whether there is a file or not. RenameNew fails with already_exists where
	// there is one.
	Rename(ctx context.Context, from, to string) error
	RenameNew(ctx context.Context, from, to string) error
	// Remove removes anything but a directory, Rmdir an empty directory.
	Remove(ctx context.Context, path string) error
	Rmdir(ctx context.Context, path string) error

	// SHA256 is the digest of the first length bytes of a file, of all of it if length is negative, computed where the file is if
	// the target has a program for it. n is how many bytes that were; fewer than length are no error.
	SHA256(ctx context.Context, path string, length int64) (sum [32]byte, n int64, err error)

	// Local says that this is this machine's file system.
	Local() bool
}

// Info is what a file system says of a file.
type Info struct {
	// Name is the last part of the path.
	Name string
	Size int64
	// Mode has the type and permission bits of [fs.FileMode], setuid, setgid and sticky included.
	Mode fs.FileMode
	// ModTime and AccessTime are whole seconds on a host.
	ModTime, AccessTime time.Time
	// UID and GID are -1 where the target does not tell.
	UID, GID int
}

// Reader is an open file. Its context is that of Open and bounds all that is done with it.
type Reader interface {
	io.Reader
	io.ReaderAt
	io.Closer
	Stat() (Info, error)
}

// Writer is a file open for writing. Its context is that of Create and bounds all that is done with it. Written bytes are not safe from a
// power cut before Sync, nor certain to have been written before Close.
type Writer interface {
	io.Writer
	io.WriterAt
	io.Closer
	Stat() (Info, error)
	// Sync has the file on disk. supported is false where the target has no way to ask for that.
	Sync() (supported bool, err error)
	Truncate(size int64) error
	Chmod(mode fs.FileMode) error
	Chown(uid, gid int) error
	Chtimes(accessed, modified time.Time) error
}

// CreateOptions say how a file is opened for writing. The zero value creates one that its owner alone can read, or empties the
// one that is there.
type CreateOptions struct {
	// Mode are the permissions of a new file, from its first moment on; 0 is 0600. The umask of the target takes bits away.
	Mode fs.FileMode
	// Exclusive fails with already_exists where there is something, be it a dangling link.
	Exclusive bool
	// Keep keeps the content of a file that is there.
	Keep bool
	// Append has Write go to the end of the file, wherever that is by then. It implies Keep.
	Append bool
}

func (o CreateOptions) mode() fs.FileMode {
	if o.Mode == 0 {
		return 0o600
	}
	return o.Mode
}

// defaultEntries is how many entries of a directory are listed when nobody asks for a number.
const defaultEntries = 100_000
