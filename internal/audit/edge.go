package audit

import (
	"crypto/sha256"
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"
)

// edge is the right edge of the tree: its size and the hashes of its complete subtrees from left to right, which is all
// that appending and the root need. (RFC 9162 has no word for it; others call it a compact range.)
type edge struct {
	size   int64
	hashes []tlog.Hash
}

// leafHash is the hash of one line (RFC 6962, 2.1).
func leafHash(line []byte) tlog.Hash {
	h := sha256.New()
	h.Write(leafPrefix)
	h.Write(line)
	var sum tlog.Hash
	h.Sum(sum[:0])
	return sum
}

var leafPrefix = []byte{0}

// add appends a leaf to the tree, and what has to be stored for it to out, in the order of tlog.StoredHashes.
func (e *edge) add(leaf tlog.Hash, out []byte) []byte {
	out = append(out, leaf[:]...)
	for n := e.size; n&1 == 1; n >>= 1 {
		last := len(e.hashes) - 1
		leaf = tlog.NodeHash(e.hashes[last], leaf)
		e.hashes = e.hashes[:last]
		out = append(out, leaf[:]...)
	}
	e.hashes = append(e.hashes, leaf)
	e.size++
	return out
}

// root is the hash of the whole tree.
func (e *edge) root() tlog.Hash {
	if e.size == 0 {
		return sha256.Sum256(nil)
	}
	last := len(e.hashes) - 1
	h := e.hashes[last]
	for i := last - 1; i >= 0; i-- {
		h = tlog.NodeHash(e.hashes[i], h)
	}
	return h
}

func (e *edge) clone() edge {
	return edge{size: e.size, hashes: append([]tlog.Hash(nil), e.hashes...)}
}

// strings is the edge as it stands in a segment's first record.
func (e *edge) strings() []string {
	s := make([]string, len(e.hashes))
	for i, h := range e.hashes {
		s[i] = h.String()
	}
	return s
}

// parseEdge reads back what strings wrote.
func parseEdge(size int64, s []string) (edge, bool) {
	e := edge{size: size}
	if size < 0 || len(s) != bits.OnesCount64(uint64(size)) {
		return edge{}, false
	}
	for _, text := range s {
		h, err := tlog.ParseHash(text)
		if err != nil {
			return edge{}, false
		}
		e.hashes = append(e.hashes, h)
	}
	return e, true
}

// edgeAt reads the edge of an earlier tree out of the stored hashes.
func edgeAt(size int64, r tlog.HashReader) (edge, error) {
	e := edge{size: size}
	var indexes []int64
	for at, rest := int64(0), size; rest > 0; {
		level := bits.Len64(uint64(rest)) - 1
		indexes = append(indexes, tlog.StoredHashIndex(level, at>>level))
		at += 1 << level
		rest -= 1 << level
	}
	var err error
	if len(indexes) > 0 {
		e.hashes, err = r.ReadHashes(indexes)
	}
	return e, err
}
