package files

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"

	"relay-shell/internal/files/sftp"
	"relay-shell/internal/target"
)

func (r *remote) openListed(ctx context.Context, name string) (Reader, error) {
	return r.open(ctx, name, sftp.Read, CreateOptions{Exclusive: true}) // exclusive: not asked what it is
}

// complete writes all of a new small file, dresses and closes it, by requests that go out together.
func (f *remoteFile) complete(data []byte, mode fs.FileMode, info Info, sync bool) error {
	f.closing.Do(func() {
		f.closed = f.fail("write", f.r.full(f.ctx, f.s, path.Dir(f.name), f.Handle.Complete(f.ctx, data, bothOf(mode, info), sync)))
		f.s.leave()
	})
	return f.closed
}

// closeSoon closes a file that was read without waiting.
func (f *remoteFile) closeSoon() {
	if f.ctx.Err() != nil {
		f.Close()
		return
	}
	f.closing.Do(func() {
		f.closed = f.fail("close", f.CloseSoon(f.ctx))
		f.s.leave()
	})
}

// finish sets mode and times by one request.
func (f *remoteFile) finish(mode fs.FileMode, info Info) error {
	return f.fail("change the mode of", f.Setstat(f.ctx, bothOf(mode, info)))
}

// setBoth follows no link. OpenSSH before 8.0 has no request for that, and with a C library that cannot set a mode so (glibc before 2.32) it fails: there a
// look comes first.
func (r *remote) setBoth(ctx context.Context, name string, mode fs.FileMode, info Info) error {
	return r.with(ctx, "change the mode of", name, false, func(s *session, name string) error {
		err := s.Lsetstat(ctx, name, bothOf(mode, info))
		var status *sftp.StatusError
		if !errors.As(err, &status) || status.Status != sftp.StatusFailure && status.Status != sftp.StatusUnsupported {
			return err
		}
		now, err := s.Lstat(ctx, name)
		if err != nil {
			return err
		}
		if goMode(now.Mode)&fs.ModeSymlink != 0 {
			return failf("change the mode of", name, "invalid_argument", "somebody has put a link there")
		}
		return s.Setstat(ctx, name, bothOf(mode, info))
	})
}

func bothOf(mode fs.FileMode, info Info) sftp.Attrs {
	a := times(sftp.Attrs{}, info.AccessTime, info.ModTime)
	a.Flags |= sftp.HasMode
	a.Mode = unixMode(mode)
	return a
}

// syncTree has everything beneath a directory written to disk: by one call for the whole file system, because one for each small file takes
// many times as long.
func syncTree(ctx context.Context, f FS, dir string) error {
	if l, ok := f.(*local); ok {
		return l.at(ctx, "sync", dir, true, func(p *place) error {
			fd, err := p.open(os.O_RDONLY, 0)
			if err != nil {
				return err
			}
			file := os.NewFile(uintptr(fd), dir)
			defer file.Close()
			return syncFileSystem(file)
		})
	}
	if r := commander(f); r != nil && r.commands(ctx) {
		// Coreutils 8.24 and busybox know -f; others write everything.
		_, err := r.target.Run(ctx, target.Command{Text: "sync -f " + word(dir) + " 2>/dev/null || sync", StoreHostKeys: r.store})
		return r.fail(ctx, "sync", dir, err)
	}
	return nil
}

// removeTree removes a part directory.
func removeTree(ctx context.Context, f FS, dir string) error {
	if r := commander(f); r != nil && r.commands(ctx) {
		exit, err := r.target.Run(ctx, target.Command{Text: "rm -rf " + word(dir), StoreHostKeys: r.store})
		if err == nil && exit.Code != nil && *exit.Code == 0 {
			return nil
		}
	}
	return RemoveAll(ctx, f, dir)
}
