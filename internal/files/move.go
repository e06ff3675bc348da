package files

import (
	"context"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// fastFrom is the size in bytes from which a command on the host moves a file faster than requests of SFTP do.
const fastFrom = 1 << 20

// move appends to the part what it lacks of the first size bytes of the source, which r has open. sum gives the digest of the source, if digest asks for it.
//
// The fast road is a `cat` on the host: the ssh master itself reads or writes the local file, and its bytes never pass through here.
func move(ctx context.Context, from FS, name string, r Reader, to FS, p *part, size int64, digest bool, m *meter) (sum func() ([32]byte, error), err error) {
	lf, isLocal := r.(*localFile)
	if isLocal && sparse(lf.File, p.have, size) {
		return summed(ctx, from, name, size, digest), moveSparse(ctx, lf, p, size, m)
	}
	if size-p.have >= fastFrom {
		if ok, err := fast(ctx, from, r, name, to, p, size, m); ok || err != nil {
			return summed(ctx, from, name, size, digest), err
		}
	}
	h := sha256.New()
	if digest && p.have > 0 {
		if _, err := io.Copy(h, io.NewSectionReader(r, 0, p.have)); err != nil {
			return nil, err
		}
	}
	if !digest {
		h = nil
	}
	// The fast road is not taken where a host's file has holes, or where its account runs no command that could tell.
	holes := !isLocal && size-p.have >= fastFrom
	moved, err := slow(ctx, r, p.w, span{p.have, size}, h, holes, m)
	if err == nil && holes {
		err = p.w.Truncate(moved)
	}
	if err != nil {
		return nil, err
	}
	return func() (sum [32]byte, err error) {
		if h != nil {
			h.Sum(sum[:0])
		}
		return sum, nil
	}, nil
}

// summed computes the digest of the source where it is, beginning now.
func summed(ctx context.Context, from FS, name string, size int64, digest bool) func() ([32]byte, error) {
	if !digest {
		return func() (sum [32]byte, err error) { return sum, nil }
	}
	type result struct {
		sum [32]byte
		err error
	}
	done := make(chan result, 1)
	go func() { // ends with ctx at the latest
		sum, _, err := from.SHA256(ctx, name, size)
		done <- result{sum, err}
	}()
	return func() ([32]byte, error) {
		r := <-done
		return r.sum, r.err
	}
}

// fast uses a command where there is one; ok is false where there is none and nothing has been moved.
func fast(ctx context.Context, from FS, r Reader, name string, to FS, p *part, size int64, m *meter) (ok bool, err error) {
	if lf, isLocal := r.(*localFile); isLocal {
		if host, isRemote := to.(catter); isRemote {
			if _, err := lf.Seek(p.have, io.SeekStart); err != nil {
				return false, lf.fail("seek", err)
			}
			defer m.follow(offset(lf.File))()
			return host.catTo(ctx, lf.File, p, size)
		}
	}
	if lf, isLocal := p.w.(*localFile); isLocal {
		if host, isRemote := from.(catter); isRemote {
			if _, err := lf.Seek(p.have, io.SeekStart); err != nil {
				return false, lf.fail("seek", err)
			}
			defer m.follow(offset(lf.File))()
			ok, err := host.catFrom(ctx, name, p.have, size, lf.File)
			if Code(err) == "internal" && diskFull(lf.File) { // the master does not say why it could not write
				err = lf.fail("write", unix.ENOSPC)
			}
			return ok, err
		}
	}
	return false, nil
}

// catter is a file system whose host can run cat.
type catter interface {
	// catTo appends the rest of in, up to size, to a part. catFrom appends what a file has from off up to size to out.
	catTo(ctx context.Context, in *os.File, p *part, size int64) (ok bool, err error)
	catFrom(ctx context.Context, name string, off, size int64, out *os.File) (ok bool, err error)
}

// offset tells where an open file is read or written now, whoever does it: the master shares the open file.
func offset(f *os.File) func() int64 {
	return func() int64 {
		var at int64
		if conn, err := f.SyscallConn(); err == nil {
			_ = conn.Control(func(fd uintptr) { at, _ = unix.Seek(int(fd), 0, io.SeekCurrent) })
		}
		return at
	}
}

// diskFull reports whether next to nothing is left of the file system of an open file.
func diskFull(f *os.File) bool {
	var st unix.Statfs_t
	return unix.Fstatfs(int(f.Fd()), &st) == nil && uint64(st.Bavail)*uint64(st.Bsize) < 64<<10
}

// slow moves the bytes of a span through this process, with many requests in flight where an end is a host. holes leaves out what is all zeros. end is
// how far the bytes went.
func slow(ctx context.Context, r Reader, w Writer, s span, h hash.Hash, holes bool, m *meter) (end int64, err error) {
	put := func(b []byte, off int64) error {
		if holes {
			return writeData(w, b, off)
		}
		_, err := w.WriteAt(b, off)
		return err
	}
	at := s.from
	if f, ok := r.(*remoteFile); ok {
		err := f.Handle.Fetch(ctx, s.from, s.to, func(off int64, data []byte) error {
			add(h, m, data)
			at = off + int64(len(data))
			return put(data, off)
		})
		return at, f.fail("read", err)
	}
	fill := func(b []byte) (int, error) {
		if at >= s.to {
			return 0, io.EOF
		}
		n, err := r.ReadAt(b[:min(int64(len(b)), s.to-at)], at)
		at += int64(n)
		add(h, m, b[:n])
		if n > 0 && errors.Is(err, io.EOF) {
			err = nil
		}
		return n, err
	}
	if f, ok := w.(*remoteFile); ok {
		err := f.Handle.Store(ctx, s.from, fill, nil)
		return at, f.fail("write", f.r.full(ctx, f.s, dirOf(f.name), err))
	}
	buf := make([]byte, 256<<10)
	if _, ok := r.(*shellFile); ok {
		buf = make([]byte, ahead)
	}
	for {
		before := at
		n, err := fill(buf)
		if n > 0 {
			if werr := put(buf[:n], before); werr != nil {
				return at, werr
			}
		}
		if errors.Is(err, io.EOF) {
			return at, nil
		}
		if err != nil {
			return at, err
		}
	}
}
