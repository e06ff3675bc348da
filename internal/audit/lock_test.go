package audit

import (
	"path/filepath"
	"testing"
	"time"
)

// TestStuckLock: a process that holds the lock and stands still is waited for once. Those behind it fail soon, and without leaving a waiter each, until
// the lock is free again.
func TestStuckLock(t *testing.T) {
	name := filepath.Join(t.TempDir(), "lock")
	holder, waiter := lockFile{fsys: osFS{}, name: name}, lockFile{fsys: osFS{}, name: name, patience: 50 * time.Millisecond}
	defer holder.close()
	defer waiter.close()
	release, err := holder.acquire(Exclusive)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := waiter.acquire(Shared); err == nil || !waiter.stuck {
		t.Fatal("the lock was had twice", err)
	}
	waiter.patience = time.Hour // nobody may wait for that
	for range 3 {
		if _, err := waiter.acquire(Exclusive); err == nil {
			t.Fatal("the lock was had twice")
		}
	}
	release()
	for { // the waiter that was abandoned gets the lock once, and lets go
		release, err := waiter.acquire(Exclusive)
		if err == nil {
			release()
			break
		}
	}
	if waiter.stuck {
		t.Error("still taken for stuck")
	}
}
