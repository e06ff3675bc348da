package relay

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// clock ends a call when its time is up. Until the command has started it allows for connecting as well.
type clock struct {
	timer   *time.Timer
	timeout time.Duration
}

// startClock arms the call's timeout.
func (w *walk) startClock(cancel context.CancelCauseFunc) *clock {
	c := &clock{timeout: w.plan.Timeout}
	if c.timeout <= 0 {
		return c
	}
	budget := c.timeout
	if len(w.plan.Hosts) > 0 {
		// For connecting, hop by hop, and its pacing; the engine has its own deadlines within that.
		budget += time.Duration(1+w.hops())*w.r.opts.ConnectTimeout + 5*time.Second
	}
	c.timer = time.AfterFunc(budget, func() { cancel(&timeoutError{c.timeout}) })
	return c
}

// hops is the longest way to a target, in jump hosts.
func (w *walk) hops() int {
	most := 0
	for _, t := range w.target {
		if t == nil || t.Host() == nil || t.Host().Jump == "" {
			continue
		}
		most = max(most, 1+strings.Count(t.Host().Jump, ","))
	}
	return most
}

// started lets the timeout count from now.
func (c *clock) started() {
	if c.timer != nil && c.timer.Stop() {
		c.timer.Reset(c.timeout)
	}
}

// Stop ends the clock.
func (c *clock) Stop() {
	if c.timer != nil {
		c.timer.Stop()
	}
}

// queueNotice is how long a call waits for a slot before its caller is told.
const queueNotice = 5 * time.Second

// takeSlot waits for one of the MaxInFlight places.
func (r *Relay) takeSlot(ctx context.Context, progress func(string)) error {
	if r.slots.TryAcquire(1) {
		return nil
	}
	if progress != nil {
		notice := time.AfterFunc(queueNotice, func() {
			progress(fmt.Sprintf("waiting: %d calls are already running (MAX_IN_FLIGHT)", r.opts.MaxInFlight))
		})
		defer notice.Stop()
	}
	return r.slots.Acquire(ctx, 1)
}
