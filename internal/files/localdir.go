package files

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"path"
	"slices"

	"golang.org/x/sys/unix"
)

// localDir is an open directory of this machine. The way there has been walked once for all files in it.
type localDir struct {
	own *owned
	fd  int
	id  id
}

// openDir opens a directory of a tree, rel "" for its root. Below the root no link is followed, also where somebody has put one since the tree was listed.
func (l *local) openDir(ctx context.Context, root, rel string) (d *localDir, err error) {
	err = l.at(ctx, "open", root, true, func(p *place) error {
		d = &localDir{own: p.own, fd: p.dir}
		if err := d.enter(p.base, false); err != nil {
			return err
		}
		for _, name := range split(rel) {
			if err := d.enter(name, true); err != nil {
				d.close()
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return d, nil
}

// enter goes one directory down. leave closes the one above.
func (d *localDir) enter(name string, leave bool) error {
	if err := d.at(name).private(); err != nil {
		return err
	}
	fd, err := d.at(name).open(unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return err
	}
	var st unix.Stat_t
	if err = unix.Fstat(fd, &st); err == nil {
		err = d.own.refuses(&st)
	}
	if err != nil {
		unix.Close(fd)
		return err
	}
	if leave {
		d.close()
	}
	d.fd, d.id = fd, idOf(&st)
	return nil
}

func (d *localDir) at(base string) *place { return &place{own: d.own, dir: d.fd, base: base} }

func (d *localDir) close() { unix.Close(d.fd) }

// open opens a regular file, which is no link.
func (d *localDir) open(base string, flags int, mode uint32) (fd int, err error) {
	if slices.ContainsFunc(d.own.families, func(f family) bool { return f.has(d.id, base) }) {
		return -1, errPrivate
	}
	if fd, err = d.at(base).open(flags|unix.O_NONBLOCK, mode); err != nil {
		return -1, err
	}
	var st unix.Stat_t
	if err = unix.Fstat(fd, &st); err == nil && uint32(st.Mode)&unix.S_IFMT != unix.S_IFREG {
		err = notRegular(goMode(uint32(st.Mode)))
	}
	if err == nil && flags&unix.O_EXCL == 0 { // what has just been made is nobody's
		err = d.own.refuses(&st)
	}
	if err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// openBeneath opens a file of a tree for reading.
func (l *local) openBeneath(ctx context.Context, root, rel string) (*localFile, error) {
	name := under(root, rel)
	d, err := l.openDir(ctx, root, path.Dir(rel))
	if err != nil {
		return nil, err
	}
	defer d.close()
	fd, err := d.open(path.Base(rel), unix.O_RDONLY, 0)
	if err != nil {
		return nil, fail(ctx, "open", name, err)
	}
	f, err := fileOf(ctx, fd, name)
	return f, fail(ctx, "open", name, err)
}

// read reads a small file; size is what was listed. One that has grown is cut there.
func (d *localDir) read(base string, size int64) ([]byte, error) {
	fd, err := d.open(base, unix.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	b := make([]byte, max(size, 1))
	n := 0
	for n < len(b) {
		m, err := unix.Pread(fd, b[n:], int64(n))
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if m == 0 {
			break
		}
		n += m
	}
	if size == 0 && n > 0 {
		return nil, errUnsized
	}
	return b[:n], nil
}

// write makes a new file that is complete in all but its name's place.
func (d *localDir) write(base string, data []byte, mode fs.FileMode, info Info) error {
	fd, err := d.open(base, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	for len(data) > 0 && err == nil {
		var n int
		if n, err = unix.Write(fd, data); errors.Is(err, unix.EINTR) {
			err = nil
		} else if n == 0 && err == nil {
			err = io.ErrShortWrite
		}
		data = data[max(n, 0):]
	}
	if err == nil {
		err = errors.Join(unix.Fchmod(fd, unixMode(mode)), futimes(fd, timespecs(info.AccessTime, info.ModTime)))
	}
	return errors.Join(err, unix.Close(fd))
}

func nameOf(i item) string { return path.Base(i.rel) }
