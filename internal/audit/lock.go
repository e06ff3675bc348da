package audit

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"runtime"
	"time"
)

// lockTimeout is how long a process waits for the others. One that is stopped while it holds the lock must not stop the rest for ever.
const lockTimeout = 10 * time.Second

// lockFile is a file whose only purpose is to be locked. It is not safe for concurrent use: its owner's mutex guards it.
type lockFile struct {
	fsys FS
	name string
	// readOnly opens the file for who may only read it, and does not make it.
	readOnly bool
	f        File
	// patience is how long to wait, 0 = lockTimeout.
	patience time.Duration
	// stuck says that the last wait was in vain. Until the lock is had again nobody waits that long: calls would queue up behind one another.
	stuck bool
}

// stuckPatience is how long to try for a lock that was not to be had the last time.
const stuckPatience = 100 * time.Millisecond

// acquire takes the lock and returns what releases it.
func (k *lockFile) acquire(mode LockMode) (release func(), err error) {
	for range 10 {
		if err := k.open(); err != nil {
			return nil, err
		}
		release, err := k.take(mode)
		if err != nil {
			return nil, err
		}
		// Somebody may have removed the file: then the others lock another one.
		info, err := k.f.Stat()
		if err == nil && info.Links > 0 {
			return release, nil
		}
		release()
		k.close()
		if err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("locking %s: the file is removed again and again", k.name)
}

func (k *lockFile) open() (err error) {
	if k.f == nil {
		k.f, err = k.another()
	}
	return err
}

func (k *lockFile) another() (File, error) {
	if k.readOnly {
		return k.fsys.OpenFile(k.name, os.O_RDONLY, 0)
	}
	return k.fsys.OpenFile(k.name, os.O_RDWR|os.O_CREATE, 0o600)
}

func (k *lockFile) close() {
	if k.f != nil {
		k.f.Close()
		k.f = nil
	}
}

// take tries a little, since the lock is held for microseconds, then waits in the kernel's queue.
func (k *lockFile) take(mode LockMode) (release func(), err error) {
	for i := range 20 {
		err := k.f.Lock(mode, false)
		if err == nil {
			k.stuck = false
			return func() { _ = k.f.Unlock() }, nil // unlocking an open file can't fail
		}
		if !errors.Is(err, errLocked) {
			return nil, fmt.Errorf("locking %s: %w", k.name, err)
		}
		switch {
		case k.stuck:
			time.Sleep(stuckPatience / 20)
		case i < 10:
			runtime.Gosched()
		default:
			time.Sleep(20 * time.Microsecond)
		}
	}
	if k.stuck {
		return nil, fmt.Errorf("locking %s: another process still holds the lock", k.name)
	}
	return k.wait(mode)
}

// wait blocks on a descriptor of its own, so that it can be left alone when it takes too long: an abandoned waiter that gets
// the lock in the end closes its descriptor, which releases the lock.
func (k *lockFile) wait(mode LockMode) (release func(), err error) {
	f, err := k.another()
	if err != nil {
		return nil, err
	}
	locked := make(chan error)
	abandoned := make(chan struct{})
	go func() {
		err := f.Lock(mode, true)
		select {
		case locked <- err:
		case <-abandoned:
			f.Close()
		}
	}()
	patience := cmp.Or(k.patience, lockTimeout)
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	select {
	case err := <-locked:
		if err != nil {
			f.Close()
			return nil, fmt.Errorf("locking %s: %w", k.name, err)
		}
		// The lock stands on the file that f has open, which is not k.f when somebody replaced the file meanwhile.
		k.close()
		k.f = f
		return func() { _ = f.Unlock() }, nil
	case <-timeout.C:
		close(abandoned)
		k.stuck = true
		return nil, fmt.Errorf("locking %s: another process has held the lock for %v", k.name, patience)
	}
}
