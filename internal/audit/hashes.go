package audit

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/mod/sumdb/tlog"
)

// hashFile stores the hashes of the tree one after the other, in the order of tlog.StoredHashIndex. It can be computed from the
// log again; it is there so that a proof needs log n reads, and so that verify can name the line that was changed.
type hashFile struct{ f File }

func openHashes(fsys FS, name string) (*hashFile, error) {
	f, err := fsys.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	return &hashFile{f}, nil
}

// ReadHashes reads single hashes (tlog.HashReader).
func (h *hashFile) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if _, err := h.f.ReadAt(out[i][:], index*tlog.HashSize); err != nil {
			return nil, fmt.Errorf("reading hash %d of the tree: %w", index, err)
		}
	}
	return out, nil
}

// put writes the hashes of the leaves from leaf first on.
func (h *hashFile) put(first int64, hashes []byte) error {
	if len(hashes) == 0 {
		return nil
	}
	_, err := h.f.WriteAt(hashes, tlog.StoredHashCount(first)*tlog.HashSize)
	return err
}

// leaves is the number of leaves whose hashes are all there, for a file of this many bytes.
func leaves(bytes int64) int64 {
	stored := bytes / tlog.HashSize
	// A tree of n leaves stores between n and 2n hashes.
	low, high := stored/2, stored
	for low < high {
		mid := low + (high-low+1)/2
		if tlog.StoredHashCount(mid) <= stored {
			low = mid
		} else {
			high = mid - 1
		}
	}
	return low
}

// size is the number of leaves whose hashes are stored.
func (h *hashFile) size() (int64, error) {
	info, err := h.f.Stat()
	if err != nil {
		return 0, err
	}
	return leaves(info.Size), nil
}

// cut drops what is stored beyond a tree of n leaves.
func (h *hashFile) cut(n int64) error {
	info, err := h.f.Stat()
	if err != nil {
		return err
	}
	if want := tlog.StoredHashCount(n) * tlog.HashSize; info.Size > want {
		return h.f.Truncate(want)
	}
	return nil
}

// reader reads the stored bytes in order.
func (h *hashFile) reader(from, to int64) io.Reader {
	return io.NewSectionReader(h.f, from, to-from)
}
