package relay

import (
	"context"
	"testing"
	"time"
)

// TestIdle calls Idle after the last of several calls, and not while one runs.
func TestIdle(t *testing.T) {
	t.Parallel()
	idle := make(chan struct{}, 10)
	r := New(Options{Idle: func() { idle <- struct{}{} }})
	_, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	for _, id := range []string{"a", "b"} {
		if !r.enter(id, cancel) {
			t.Fatal("closed")
		}
	}
	r.leave("a")
	select {
	case <-idle:
		t.Fatal("idle with a call on the road")
	case <-time.After(2 * idleAfter):
	}
	r.leave("b")
	select {
	case <-idle:
	case <-time.After(20 * time.Second):
		t.Fatal("never idle")
	}
	if err := r.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}
