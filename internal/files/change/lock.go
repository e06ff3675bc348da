package change

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Locks lets one change of a file happen at a time, among all servers that share a directory.
type Locks struct {
	dir string

	mu      sync.Mutex
	waiting map[string]chan struct{}
	expired map[string]time.Time
}

// NewLocks makes locks in a private directory of this machine.
func NewLocks(dir string) *Locks {
	return &Locks{dir: dir, waiting: map[string]chan struct{}{}, expired: map[string]time.Time{}}
}

// patience is how often a lock that another server holds is tried again.
const patience = 20 * time.Millisecond

// acquire waits for the lock of a name. There are 256 of them, so two names may share one.
func (l *Locks) acquire(ctx context.Context, name string) (release func(), err error) {
	slot := Digest([]byte(name))[:2]
	l.mu.Lock()
	turn := l.waiting[slot]
	if turn == nil {
		turn = make(chan struct{}, 1)
		l.waiting[slot] = turn
	}
	l.mu.Unlock()
	select {
	case turn <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	f, err := l.file(ctx, slot)
	if err != nil {
		<-turn
		return nil, err
	}
	return func() {
		f.Close()
		<-turn
	}, nil
}

// file locks against other processes. The files stay: removing one that is being waited for would make two of it.
func (l *Locks) file(ctx context.Context, slot string) (*os.File, error) {
	if err := os.MkdirAll(l.dir, 0o700); err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(l.dir, slot), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return f, nil
		}
		if err != unix.EWOULDBLOCK && err != unix.EINTR {
			f.Close()
			return nil, fmt.Errorf("lock: %w", err)
		}
		select {
		case <-time.After(patience):
		case <-ctx.Done():
			f.Close()
			return nil, context.Cause(ctx)
		}
	}
}

// due says whether the backups of a target have not been looked through for an hour.
func (l *Locks) due(key string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Sub(l.expired[key]) < time.Hour {
		return false
	}
	l.expired[key] = now
	return true
}
