package files

import (
	"context"
	"crypto/sha256"
	"io"
	"io/fs"
	"os"
	"path"
	"time"

	"golang.org/x/sys/unix"
)

// localFile is an open file of this machine.
type localFile struct {
	*os.File
	ctx context.Context
}

func (l *local) Open(ctx context.Context, name string) (Reader, error) {
	return l.open(ctx, name, unix.O_RDONLY, 0)
}

func (l *local) Create(ctx context.Context, name string, o CreateOptions) (Writer, error) {
	flags := unix.O_RDWR | unix.O_CREAT
	if o.Append {
		flags = unix.O_WRONLY | unix.O_CREAT | unix.O_APPEND
	}
	if o.Exclusive {
		flags |= unix.O_EXCL
	}
	f, err := l.open(ctx, name, flags, unixMode(o.mode()))
	if code := Code(err); code == "permission_denied" && !o.Append { // readable it need not be
		f, err = l.open(ctx, name, flags&^unix.O_RDWR|unix.O_WRONLY, unixMode(o.mode()))
	}
	if err != nil {
		return nil, err
	}
	if !o.Keep && !o.Append { // not O_TRUNC: what is no regular file has been refused by now
		if err := f.File.Truncate(0); err != nil {
			f.Close()
			return nil, fail(ctx, "truncate", name, err)
		}
	}
	return f, nil
}

// open opens a regular file. A fifo or a device would block, or do something.
func (l *local) open(ctx context.Context, name string, flags int, mode uint32) (*localFile, error) {
	var f *localFile
	err := l.at(ctx, "open", name, flags&unix.O_EXCL == 0, func(p *place) error {
		fd, err := p.open(flags|unix.O_NONBLOCK, mode)
		if err != nil {
			return err
		}
		var st unix.Stat_t
		if err = unix.Fstat(fd, &st); err == nil && uint32(st.Mode)&unix.S_IFMT != unix.S_IFREG {
			err = notRegular(goMode(uint32(st.Mode)))
		}
		if err == nil && flags&unix.O_EXCL == 0 { // it was another one when the walk looked at it
			err = p.own.refuses(&st)
		}
		if err != nil {
			unix.Close(fd)
			return err
		}
		f, err = fileOf(ctx, fd, p.path())
		return err
	})
	if err != nil {
		return nil, err
	}
	return f, nil
}

// fileOf makes a file of a descriptor that was opened not to block. Some that call themselves regular have readers wait (/proc/kmsg, trace_pipe), which
// nothing would end: os.File is told that this one blocks, so it hands EAGAIN on instead of waiting.
func fileOf(ctx context.Context, fd int, name string) (*localFile, error) {
	if err := unix.SetNonblock(fd, false); err != nil {
		unix.Close(fd)
		return nil, err
	}
	f := &localFile{File: os.NewFile(uintptr(fd), name), ctx: ctx}
	if err := unix.SetNonblock(fd, true); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// notRegular says what a file is that cannot be read or written as one.
func notRegular(mode fs.FileMode) error {
	_, what := Kind(mode)
	return &Error{Op: "open", Code: "invalid_argument", Message: "it is " + what + ", not a regular file", Hint: "file_list shows a directory; a command (shell_exec, ssh_exec) reads anything else"}
}

func (f *localFile) Read(b []byte) (int, error) {
	if f.ctx.Err() != nil {
		return 0, context.Cause(f.ctx)
	}
	n, err := f.File.Read(b)
	return n, f.fail("read", err)
}

func (f *localFile) ReadAt(b []byte, off int64) (int, error) {
	if f.ctx.Err() != nil {
		return 0, context.Cause(f.ctx)
	}
	n, err := f.File.ReadAt(b, off)
	return n, f.fail("read", err)
}

func (f *localFile) Write(b []byte) (int, error) {
	if f.ctx.Err() != nil {
		return 0, context.Cause(f.ctx)
	}
	n, err := f.File.Write(b)
	return n, f.fail("write", err)
}

func (f *localFile) WriteAt(b []byte, off int64) (int, error) {
	if f.ctx.Err() != nil {
		return 0, context.Cause(f.ctx)
	}
	n, err := f.File.WriteAt(b, off)
	return n, f.fail("write", err)
}

func (f *localFile) fail(op string, err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	return fail(f.ctx, op, f.Name(), err)
}

func (f *localFile) Stat() (Info, error) {
	var st unix.Stat_t
	if err := unix.Fstat(int(f.File.Fd()), &st); err != nil {
		return Info{}, f.fail("stat", err)
	}
	return infoOf(path.Base(f.Name()), &st), nil
}

func (f *localFile) Sync() (bool, error)       { return true, f.fail("sync", f.File.Sync()) }
func (f *localFile) Truncate(size int64) error { return f.fail("truncate", f.File.Truncate(size)) }
func (f *localFile) Chown(uid, gid int) error {
	return f.fail("change the owner of", f.File.Chown(uid, gid))
}
func (f *localFile) Chmod(mode fs.FileMode) error {
	return f.fail("change the mode of", f.File.Chmod(mode))
}
func (f *localFile) Close() error { return f.fail("close", f.File.Close()) }
func (f *localFile) Chtimes(accessed, modified time.Time) error {
	return f.fail("change the times of", futimes(int(f.File.Fd()), timespecs(accessed, modified)))
}

func (l *local) SHA256(ctx context.Context, name string, length int64) (sum [32]byte, n int64, err error) {
	f, err := l.Open(ctx, name)
	if err != nil {
		return sum, 0, err
	}
	defer f.Close()
	return digest(f, length)
}

// digest reads at most length bytes, all if it is negative.
func digest(r io.Reader, length int64) (sum [32]byte, n int64, err error) {
	if length >= 0 {
		r = io.LimitReader(r, length)
	}
	h := sha256.New()
	n, err = io.CopyBuffer(h, struct{ io.Reader }{r}, make([]byte, 256<<10))
	h.Sum(sum[:0])
	return sum, n, err
}
