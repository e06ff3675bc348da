// Package relay is the one road that every tool, resource and command goes: validate, resolve the targets,
// assess, decide, write the intent record, run under bounds, write the result record, answer. [Relay.Do] walks it.
// An [Operation] cannot forget the audit because it never gets to see it; cancelled calls, panics and timeouts walk
// the same road to its end.
package relay

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/rs/zerolog"
	"golang.org/x/sync/semaphore"

	"relay-shell/internal/audit"
	"relay-shell/internal/policy"
	"relay-shell/internal/policy/approval"
	"relay-shell/internal/redact"
	"relay-shell/internal/target"
)

// Options are what a road is made of.
type Options struct {
	Policy  *policy.Engine
	Audit   *audit.Log
	Redact  *redact.Redactor
	Targets *target.Resolver
	// Approvals keeps what waits for a confirmation; nil denies what has to be confirmed.
	Approvals *approval.Store
	// DenyUnaudited refuses everything of tier 1 and above while the audit can't be written (AUDIT_ON_FAILURE=deny).
	DenyUnaudited bool
	// Idle, if set, is called once no call has been on the road for a second.
	Idle func()
	// ConnectTimeout is added to a call's timeout until its command has started.
	ConnectTimeout time.Duration
	// MaxInFlight bounds the calls that run at the same time; more wait. 0 = 256.
	MaxInFlight int
	// StateDir holds the emergency stop's mark.
	StateDir string
	Log      zerolog.Logger
	// Now is the clock, nil = time.Now.
	Now func() time.Time
}

// Relay walks calls down the road. It is safe for concurrent use.
type Relay struct {
	opts  Options
	slots *semaphore.Weighted

	ctx    context.Context // of everything in flight; ends with Close or an emergency stop
	cancel context.CancelCauseFunc

	mu       sync.Mutex
	closed   bool
	inFlight sync.WaitGroup
	running  map[string]context.CancelCauseFunc
	idle     *time.Timer // calls Idle; nil without one
}

// idleAfter is how long a road without calls counts as busy.
const idleAfter = time.Second

// New makes a road.
func New(opts Options) *Relay {
	if opts.MaxInFlight == 0 {
		opts.MaxInFlight = 256
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	r := &Relay{opts: opts, slots: semaphore.NewWeighted(int64(opts.MaxInFlight)), ctx: ctx, cancel: cancel, running: map[string]context.CancelCauseFunc{}}
	if opts.Idle != nil {
		r.idle = time.AfterFunc(idleAfter, opts.Idle)
		r.idle.Stop()
	}
	go r.watchStop()
	return r
}

// Close cancels what is in flight and waits, at most until ctx ends, for its result records. Further calls are refused.
func (r *Relay) Close(ctx context.Context) error {
	r.mu.Lock()
	r.closed = true
	r.rest(false)
	r.mu.Unlock()
	r.cancel(errShutdown)
	done := make(chan struct{})
	go func() { r.inFlight.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return errors.New("calls were still running when relay-shell had to end")
	}
}

// enter counts a call in, or refuses it when the road is closed.
func (r *Relay) enter(id string, cancel context.CancelCauseFunc) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return false
	}
	r.inFlight.Add(1)
	r.running[id] = cancel
	r.rest(false)
	return true
}

// spare keeps a call from being ended by an emergency stop: the operator's own carries that out.
func (r *Relay) spare(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.running[id] = func(error) {}
}

func (r *Relay) leave(id string) {
	r.mu.Lock()
	delete(r.running, id)
	r.rest(len(r.running) == 0 && !r.closed)
	r.mu.Unlock()
	r.inFlight.Done()
}

// rest is called with mu held: it starts or stops the clock of Idle.
func (r *Relay) rest(empty bool) {
	switch {
	case r.idle == nil:
	case empty:
		r.idle.Reset(idleAfter)
	default:
		r.idle.Stop()
	}
}

// InFlight counts the calls on the road.
func (r *Relay) InFlight() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.running)
}

// StopMark is the file whose presence refuses every call (relay-shell stop); the reason is its content.
func StopMark(stateDir string) string { return filepath.Join(stateDir, "stopped") }

// stopped reports the emergency stop.
func (r *Relay) stopped() bool {
	if r.opts.StateDir == "" {
		return false
	}
	_, err := os.Stat(StopMark(r.opts.StateDir))
	return err == nil
}

// watchStop ends running work once the operator asks for it. It ends with Close.
func (r *Relay) watchStop() {
	if r.opts.StateDir == "" {
		return
	}
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-r.ctx.Done():
			return
		case <-tick.C:
		}
		if r.InFlight() > 0 && r.stopped() { // the operator's own calls are over sooner
			r.cancelRunning(errStopped)
		}
	}
}

func (r *Relay) cancelRunning(cause error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, cancel := range r.running {
		cancel(cause)
	}
}

func newID(now time.Time) string {
	return ulid.MustNew(ulid.Timestamp(now), rand.Reader).String()
}

// seconds prints a duration as the contract's markers do: "1.5s", "60s".
func seconds(d time.Duration) string {
	return fmt.Sprintf("%gs", d.Seconds())
}
