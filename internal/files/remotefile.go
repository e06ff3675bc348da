package files

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"path"
	"sync"
	"time"

	"relay-shell/internal/files/sftp"
)

// remoteFile is an open file of a host. It keeps the session alive.
type remoteFile struct {
	*sftp.Handle
	r       *remote
	s       *session
	ctx     context.Context
	name    string
	mu      sync.Mutex // of off
	off     int64
	closing sync.Once
	closed  error
}

func (r *remote) Open(ctx context.Context, name string) (Reader, error) {
	return r.open(ctx, name, sftp.Read, CreateOptions{})
}

func (r *remote) Create(ctx context.Context, name string, o CreateOptions) (Writer, error) {
	flags := uint32(sftp.Write | sftp.Create)
	switch {
	case o.Append:
		flags |= sftp.Append
	case !o.Keep:
		flags |= sftp.Truncate
	}
	if o.Exclusive {
		flags |= sftp.Exclusive
	}
	f, err := r.open(ctx, name, flags, o)
	if err != nil {
		return nil, err
	}
	if o.Append {
		info, err := f.Stat()
		if err != nil {
			f.Close()
			return nil, err
		}
		f.off = info.Size // for servers that do not know the flag
	}
	return f, nil
}

func (r *remote) open(ctx context.Context, name string, flags uint32, o CreateOptions) (*remoteFile, error) {
	var f *remoteFile
	reading := flags&sftp.Write == 0
	err := r.with(ctx, "open", name, reading, func(s *session, name string) error {
		if !o.Exclusive {
			// A server would wait for somebody at the other end of a named pipe, for ever and for everybody.
			a, err := s.Stat(ctx, name)
			if err == nil && a.Flags&sftp.HasMode != 0 && !goMode(a.Mode).IsRegular() {
				return notRegular(goMode(a.Mode))
			}
			if err != nil && reading {
				return err
			}
		}
		h, err := s.Open(ctx, name, flags, unixMode(o.mode()))
		if err != nil {
			if flags&sftp.Exclusive != 0 {
				err = r.explain(err, "already_exists", "there is a file of that name", func() bool { return exists(ctx, s, name) })
			}
			return r.full(ctx, s, path.Dir(name), err)
		}
		s.host.mu.Lock()
		s.users++
		s.host.mu.Unlock()
		f = &remoteFile{Handle: h, r: r, s: s, ctx: ctx, name: name}
		return nil
	})
	if err != nil {
		return nil, named("open", name, err)
	}
	return f, nil
}

func (f *remoteFile) Read(b []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(b) > mostRead {
		b = b[:mostRead]
	}
	n, err := f.ReadAt(b, f.off)
	f.off += int64(n)
	if n > 0 && err == io.EOF {
		err = nil
	}
	return n, err
}

// mostRead bounds what one Read asks for.
const mostRead = 4 << 20

func (f *remoteFile) ReadAt(b []byte, off int64) (int, error) {
	n, err := f.Handle.ReadAt(f.ctx, b, off)
	return n, f.fail("read", err)
}

func (f *remoteFile) Write(b []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n, err := f.WriteAt(b, f.off)
	f.off += int64(n)
	return n, err
}

func (f *remoteFile) WriteAt(b []byte, off int64) (int, error) {
	n, err := f.Handle.WriteAt(f.ctx, b, off)
	return n, f.fail("write", f.r.full(f.ctx, f.s, path.Dir(f.name), err))
}

func (f *remoteFile) fail(op string, err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	return named(op, f.name, f.r.fail(f.ctx, op, f.name, err))
}

func (f *remoteFile) Stat() (Info, error) {
	a, err := f.Handle.Stat(f.ctx)
	return infoOfAttrs(f.name, a), f.fail("stat", err)
}

// Sync has OpenSSH's servers write the file to disk.
func (f *remoteFile) Sync() (bool, error) {
	if !f.s.Has(sftp.Fsync) {
		return false, nil
	}
	return true, f.fail("sync", f.r.full(f.ctx, f.s, path.Dir(f.name), f.Handle.Sync(f.ctx)))
}

func (f *remoteFile) Truncate(size int64) error {
	return f.fail("truncate", f.Setstat(f.ctx, sftp.Attrs{Flags: sftp.HasSize, Size: uint64(max(size, 0))}))
}

func (f *remoteFile) Chmod(mode fs.FileMode) error {
	return f.fail("change the mode of", f.Setstat(f.ctx, sftp.Attrs{Flags: sftp.HasMode, Mode: unixMode(mode)}))
}

func (f *remoteFile) Chown(uid, gid int) error {
	old, err := f.Handle.Stat(f.ctx)
	if err == nil {
		err = f.Setstat(f.ctx, owners(old, uid, gid))
	}
	return f.fail("change the owner of", err)
}

func (f *remoteFile) Chtimes(accessed, modified time.Time) error {
	old, err := f.Handle.Stat(f.ctx)
	if err == nil {
		err = f.Setstat(f.ctx, times(old, accessed, modified))
	}
	return f.fail("change the times of", err)
}

// Close closes the file. It may be called twice.
func (f *remoteFile) Close() error {
	f.closing.Do(func() {
		f.closed = f.fail("close", closeHandle(f.ctx, f.Handle))
		f.s.leave()
	})
	return f.closed
}

// closeGrace is how long a file may take to close when its context has ended.
const closeGrace = 5 * time.Second

func closeHandle(ctx context.Context, h *sftp.Handle) error {
	if ctx.Err() == nil {
		return h.Close(ctx)
	}
	late, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), closeGrace, errors.New("the server did not close the file in time"))
	defer cancel()
	return h.Close(late)
}
