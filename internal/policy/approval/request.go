// Package approval keeps what waits for a confirmation, and takes each answer at most once.
//
// Start with [Open]. A call that has to be confirmed is put with [Store.Ask]; the identical call asks [Store.Redeem] whether
// it may run. With tokens the client answers ([Store.Arm]); otherwise a person does: through the client's dialog
// ([Store.Seal], [Store.Unseal]), in the server's own console ([Store.Answer]), or with `relay-shell approve` in another
// process, which sees the pending files and signs its answer with a key that only the passphrase gives, or with a security
// key that a person touches ([Sign]).
//
// The agent's shell runs under the server's own account: it can read and write every file here. So a file alone approves
// nothing, what the person saw is part of what is signed, and an answer is good only for the challenge that the living server
// holds in memory. Who can replace the passphrase file can still approve: see [Verifier.Advisory].
package approval

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
)

// Request is everything that an approval binds.
type Request struct {
	Tool      string
	Bytes     []byte   // the exact arguments, unredacted
	Targets   []string // resolved user@host:port, with jumps; none is this machine
	Dir       string
	Env       []string // NAME=value, or NAME alone for one that is removed
	Principal string
}

// Digest is the SHA-256 of the request, every field with its length.
func (r Request) Digest() string {
	h := sha256.New()
	field(h, []byte("relay-shell approval v1"))
	field(h, []byte(r.Tool))
	field(h, r.Bytes)
	list(h, r.Targets)
	field(h, []byte(r.Dir))
	list(h, r.Env)
	field(h, []byte(r.Principal))
	return hex.EncodeToString(h.Sum(nil))
}

func field(h hash.Hash, b []byte) {
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], uint64(len(b)))
	h.Write(n[:])
	h.Write(b)
}

func list(h hash.Hash, ss []string) {
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], uint64(len(ss)))
	h.Write(n[:])
	for _, s := range ss {
		field(h, []byte(s))
	}
}
