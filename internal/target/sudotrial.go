package target

import (
	"context"
	"errors"
	"sync"
	"time"
)

// refusedFor is how long a password that sudo refused is not tried again: longer than what pam_faillock(8) counts together as a rule.
const refusedFor = 15 * time.Minute

// trials remember what sudo said to the passwords that it was given, by place, user and password.
type trials struct {
	mu    sync.Mutex
	known map[string]*trial
}

func (t *trials) of(key string) *trial {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.known == nil {
		t.known = map[string]*trial{}
	}
	if t.known[key] == nil {
		t.known[key] = &trial{turn: make(chan struct{}, 1)}
	}
	return t.known[key]
}

// trial is one password in one place.
type trial struct {
	turn chan struct{} // holds one value while somebody tries it

	mu      sync.Mutex
	taken   bool
	refused time.Time
}

// pass returns once the password may be used: sudo has taken it, try says that it has no objection, or it is refused by then.
func (t *trial) pass(ctx context.Context, secret string, try func() error) error {
	if known, err := t.verdict(secret); known {
		return err
	}
	select {
	case t.turn <- struct{}{}:
		defer func() { <-t.turn }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if known, err := t.verdict(secret); known { // from who was first
		return err
	}
	err := try()
	var refused *RefusedError
	if errors.As(err, &refused) {
		t.refuse()
	} else if err == nil {
		t.mu.Lock()
		t.taken = true
		t.mu.Unlock()
	}
	return err
}

// verdict is what is known of the password.
func (t *trial) verdict(secret string) (known bool, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if until := t.refused.Add(refusedFor); !t.refused.IsZero() && time.Now().Before(until) {
		return true, &RefusedError{Secret: secret, Until: until}
	}
	return t.taken, nil
}

// refuse notes that sudo did not take it.
func (t *trial) refuse() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.taken, t.refused = false, time.Now()
}
