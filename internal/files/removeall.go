package files

import (
	"context"
	"errors"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// RemoveAll removes a file, or a directory with all that is in it. It follows no link; here nobody who swaps a directory for one meanwhile leads it
// elsewhere.
func RemoveAll(ctx context.Context, f FS, name string) error {
	if l, ok := f.(*local); ok {
		err := l.at(ctx, "delete", name, false, func(p *place) error { return p.removeAll(ctx) })
		if Code(err) == "not_found" {
			return nil
		}
		return err
	}
	info, err := f.Lstat(ctx, name)
	if Code(err) == "not_found" {
		return nil
	}
	if err != nil {
		return err
	}
	if !info.Mode.IsDir() {
		return f.Remove(ctx, name)
	}
	for {
		entries, more, err := f.ReadDir(ctx, name, 1000)
		if err != nil {
			return err
		}
		var errs []error
		for _, e := range entries {
			errs = append(errs, RemoveAll(ctx, f, name+"/"+e.Name))
		}
		if err := errors.Join(errs...); err != nil {
			return err
		}
		if !more {
			return f.Rmdir(ctx, name)
		}
	}
}

// removeAll removes what is at a place by descriptors, so that it stays in the directory that it has come to.
func (p *place) removeAll(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err := p.private(); err != nil {
		return err
	}
	err := unix.Unlinkat(p.dir, p.base, 0)
	if err == nil || errors.Is(err, unix.ENOENT) {
		return nil
	}
	fd, oerr := p.open(unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW, 0)
	if errors.Is(oerr, unix.ENOTDIR) {
		return err
	}
	if oerr != nil {
		return oerr
	}
	dir := os.NewFile(uintptr(fd), p.path())
	defer dir.Close()
	var failed error
	for failed == nil {
		// From the beginning each time: what is removed while a directory is read may hide others.
		if _, err := dir.Seek(0, io.SeekStart); err != nil {
			return err
		}
		names, err := dir.Readdirnames(1024)
		if len(names) == 0 {
			if err != nil && err != io.EOF {
				return err
			}
			break
		}
		for _, name := range names {
			in := place{own: p.own, dir: fd, base: name, at: p.path()}
			failed = errors.Join(failed, fail(ctx, "delete", in.path(), in.removeAll(ctx)))
		}
	}
	if failed != nil {
		return failed
	}
	return unix.Unlinkat(p.dir, p.base, unix.AT_REMOVEDIR)
}
