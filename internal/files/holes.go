package files

import (
	"bytes"
	"context"
	"hash"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// A hole is a part of a file that reads as zeros and takes no room. Holes of a file of this machine are known; those of a host's file are not, as SFTP has
// no word for them, so runs of zeros become holes where its blocks say that it has some.

// block is the size in bytes of what is looked at for being all zeros.
const block = 4096

var zeros [block]byte

// sparse reports whether an open file of this machine has a hole after off, and takes at least a mebibyte less room than it is long.
func sparse(f *os.File, off, size int64) bool {
	var st unix.Stat_t
	if unix.Fstat(int(f.Fd()), &st) != nil || st.Blocks*512+fastFrom > size {
		return false
	}
	start, end := data(f, off, size) // compressed files take little room, too
	return start > off || end < size
}

// data is the next part of a file from off on that is no hole; start is size where there is none.
func data(f *os.File, off, size int64) (start, end int64) {
	start, err := unix.Seek(int(f.Fd()), off, seekData)
	if err == unix.ENXIO {
		return size, size
	}
	if err != nil {
		return off, size
	}
	if end, err = unix.Seek(int(f.Fd()), start, seekHole); err != nil {
		return start, size
	}
	return min(start, size), min(end, size)
}

// moveSparse moves what a file of this machine holds between its holes.
func moveSparse(ctx context.Context, f *localFile, p *part, size int64, m *meter) error {
	for at := p.have; at < size; {
		start, end := data(f.File, at, size)
		m.add(int(start - at))
		moved, err := slow(ctx, f, p.w, span{start, end}, nil, false, m)
		if err != nil {
			return err
		}
		if moved < end { // it has become shorter
			return p.w.Truncate(moved)
		}
		at = end
	}
	return p.w.Truncate(size)
}

// writeData writes what of b is not all zeros, block by block of the file.
func writeData(w io.WriterAt, b []byte, off int64) error {
	for len(b) > 0 {
		n := 0 // of bytes to write
		for n < len(b) {
			next := min(n+block-int((off+int64(n))%block), len(b))
			if bytes.Equal(b[n:next], zeros[:next-n]) {
				break
			}
			n = next
		}
		if n > 0 {
			if _, err := w.WriteAt(b[:n], off); err != nil {
				return err
			}
			b, off = b[n:], off+int64(n)
			continue
		}
		n = min(block-int(off%block), len(b))
		b, off = b[n:], off+int64(n)
	}
	return nil
}

// span is a part of a file.
type span struct{ from, to int64 }

// add adds bytes to a digest, if there is one, and to a meter.
func add(h hash.Hash, m *meter, b []byte) {
	if h != nil {
		h.Write(b)
	}
	m.add(len(b))
}
