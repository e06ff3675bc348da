package files

import (
	"context"
	"io/fs"
	"os"
	"path"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Bounds are what the local file system keeps to.
type Bounds struct {
	// Roots are the directories outside which nothing is touched (LOCAL_ROOTS); none is no bound.
	Roots []string
	// Private are directories and files of relay-shell itself, which no file tool touches: state, keys, sockets, audit, policy. A
	// name that ends with "*" stands for all files that begin so.
	Private []string
	// Home is what "~/" stands for.
	Home string
}

// local is this machine's file system. Every path is walked from the root, directory by directory, without following links other
// than by reading them, and what is done is done relative to the directory that the walk ended in: so nobody who swaps a directory
// for a link in between leads it out of the roots or into what is private.
type local struct {
	bounds Bounds
	inner  inner
}

// Local is this machine's file system within bounds.
func Local(b Bounds) FS { return &local{bounds: b} }

func (l *local) Local() bool { return true }

func (l *local) RealPath(ctx context.Context, name string) (string, error) {
	p, err := l.walk(name, true)
	if err != nil {
		return "", fail(ctx, "resolve", name, err)
	}
	p.close()
	return p.path(), nil
}

func (l *local) Stat(ctx context.Context, name string) (Info, error) { return l.stat(ctx, name, true) }
func (l *local) Lstat(ctx context.Context, name string) (Info, error) {
	return l.stat(ctx, name, false)
}

func (l *local) stat(ctx context.Context, name string, follow bool) (info Info, err error) {
	err = l.at(ctx, "stat", name, follow, func(p *place) error {
		info, err = p.stat()
		return err
	})
	return info, err
}

func (l *local) ReadDir(ctx context.Context, name string, limit int) (entries []Info, more bool, err error) {
	if limit <= 0 {
		limit = defaultEntries
	}
	err = l.at(ctx, "list", name, true, func(p *place) error {
		fd, err := p.open(unix.O_RDONLY|unix.O_DIRECTORY, 0)
		if err != nil {
			return err
		}
		dir := os.NewFile(uintptr(fd), p.path())
		defer dir.Close()
		for len(entries) < limit {
			names, err := dir.Readdirnames(min(limit-len(entries), 1024))
			for _, n := range names {
				in := place{own: p.own, dir: fd, base: n, at: p.path()}
				info, err := in.stat()
				if err == nil { // else it went away meanwhile
					entries = append(entries, info)
				}
			}
			if err != nil {
				return nil // io.EOF
			}
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		names, _ := dir.Readdirnames(1)
		more = len(names) > 0
		return nil
	})
	return entries, more, err
}

func (l *local) ReadLink(ctx context.Context, name string) (target string, err error) {
	err = l.at(ctx, "read link", name, false, func(p *place) error {
		target, err = p.readLink()
		return err
	})
	return target, err
}

func (l *local) Mkdir(ctx context.Context, name string, mode fs.FileMode) error {
	return l.at(ctx, "create directory", name, false, func(p *place) error {
		return unix.Mkdirat(p.dir, p.base, unixMode(mode))
	})
}

func (l *local) Chmod(ctx context.Context, name string, mode fs.FileMode) error {
	return l.at(ctx, "change the mode of", name, true, func(p *place) error { return p.chmod(unixMode(mode)) })
}

func (l *local) Chown(ctx context.Context, name string, uid, gid int) error {
	return l.at(ctx, "change the owner of", name, false, func(p *place) error {
		return unix.Fchownat(p.dir, p.base, uid, gid, unix.AT_SYMLINK_NOFOLLOW)
	})
}

func (l *local) setBoth(ctx context.Context, name string, mode fs.FileMode, info Info) error {
	return l.at(ctx, "change the mode of", name, false, func(p *place) error {
		if err := p.chmod(unixMode(mode)); err != nil {
			return err
		}
		return unix.UtimesNanoAt(p.dir, p.base, timespecs(info.AccessTime, info.ModTime), unix.AT_SYMLINK_NOFOLLOW)
	})
}

func (l *local) Chtimes(ctx context.Context, name string, accessed, modified time.Time) error {
	return l.at(ctx, "change the times of", name, true, func(p *place) error {
		return unix.UtimesNanoAt(p.dir, p.base, timespecs(accessed, modified), unix.AT_SYMLINK_NOFOLLOW)
	})
}

func (l *local) Symlink(ctx context.Context, target, name string) error {
	return l.at(ctx, "create link", name, false, func(p *place) error { return unix.Symlinkat(target, p.dir, p.base) })
}

func (l *local) Rename(ctx context.Context, from, to string) error {
	return l.two(ctx, "rename", from, to, func(a, b *place) error { return unix.Renameat(a.dir, a.base, b.dir, b.base) })
}

// RenameNew links and unlinks: of the calls that fail where there is a file, the one that every file system of POSIX has. For
// directories, which cannot be linked, and where links are unknown, a look comes first.
func (l *local) RenameNew(ctx context.Context, from, to string) error {
	return l.two(ctx, "rename", from, to, func(a, b *place) error {
		done, err := renameNoReplace(a.dir, a.base, b.dir, b.base)
		if done {
			return err
		}
		info, err := a.stat()
		if err != nil {
			return err
		}
		if !info.Mode.IsDir() {
			err = unix.Linkat(a.dir, a.base, b.dir, b.base, 0)
			if err == nil {
				return unix.Unlinkat(a.dir, a.base, 0)
			}
			if code, _ := classify(err); code == "already_exists" || code == "not_found" {
				return err
			}
		}
		if _, err := b.stat(); err == nil {
			return unix.EEXIST
		}
		return unix.Renameat(a.dir, a.base, b.dir, b.base)
	})
}

func (l *local) Remove(ctx context.Context, name string) error {
	return l.at(ctx, "delete", name, false, func(p *place) error {
		err := unix.Unlinkat(p.dir, p.base, 0)
		if err != nil {
			if info, serr := p.stat(); serr == nil && info.Mode.IsDir() {
				return unix.EISDIR // Linux says that, others EPERM
			}
		}
		return err
	})
}

func (l *local) Rmdir(ctx context.Context, name string) error {
	return l.at(ctx, "delete directory", name, false, func(p *place) error {
		return unix.Unlinkat(p.dir, p.base, unix.AT_REMOVEDIR)
	})
}

// at does something to one path.
func (l *local) at(ctx context.Context, op, name string, follow bool, do func(*place) error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	p, err := l.walk(name, follow)
	if err != nil {
		return fail(ctx, op, name, err)
	}
	defer p.close()
	return fail(ctx, op, name, do(p))
}

// two does something to two paths, neither of them followed.
func (l *local) two(ctx context.Context, op, from, to string, do func(a, b *place) error) error {
	return l.at(ctx, op, from, false, func(a *place) error {
		b, err := l.walk(to, false)
		if err != nil {
			return fail(ctx, op, to, err)
		}
		defer b.close()
		err = do(a, b)
		if code, _ := classifyNil(err); code == "already_exists" {
			return fail(ctx, op+" to", to, err)
		}
		return err
	})
}

func classifyNil(err error) (code, words string) {
	if err == nil {
		return "", ""
	}
	return classify(err)
}

// absolute is the path as the walk takes it.
func (l *local) absolute(name string) (string, error) {
	if name == "~" || strings.HasPrefix(name, "~/") {
		if l.bounds.Home == "" {
			return "", failf("resolve", name, "invalid_argument", "the home directory is unknown here")
		}
		return l.bounds.Home + name[1:], nil
	}
	if path.IsAbs(name) {
		return name, nil
	}
	wd, err := os.Getwd()
	return wd + "/" + name, err
}

func timespecs(accessed, modified time.Time) []unix.Timespec {
	of := func(t time.Time) unix.Timespec {
		if t.IsZero() {
			return unix.Timespec{Nsec: utimeOmit}
		}
		return unix.NsecToTimespec(t.UnixNano())
	}
	return []unix.Timespec{of(accessed), of(modified)}
}
