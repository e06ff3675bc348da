package sshbin

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"
	"time"
)

// locks are held by name among all processes that use the same runtime directory. A lock ends with the process that
// holds it.
type locks struct {
	dir string
}

// lockOffset is a lock's place in the lock file, in the first 2^62 bytes.
func lockOffset(name string) int64 {
	sum := sha256.Sum256([]byte(name))
	return int64(binary.BigEndian.Uint64(sum[:]) >> 2)
}

// lock waits for the lock of that name until ctx ends.
func (l *locks) lock(ctx context.Context, name string) (unlock func(), err error) {
	for wait := 5 * time.Millisecond; ; wait = min(2*wait, 50*time.Millisecond) {
		unlock, ok, err := l.try(name)
		if err != nil || ok {
			return unlock, err
		}
		if err := pause(ctx, wait/2+rand.N(wait)); err != nil {
			return nil, err
		}
	}
}

// pause waits, or returns the cause of ctx when that ends first.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
