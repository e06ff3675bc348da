package sshbin

import (
	"context"
	"errors"
	"path"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"relay-shell/internal/sshbin/dest"
)

const (
	// spillAfter is how long a call waits for a place before a further master is started.
	spillAfter = 100 * time.Millisecond
	// spillPause is how long no further master is tried after one could not be started.
	spillPause = time.Minute
	// limitPause is how long a master that was refused a session goes with one place less before one more is tried.
	limitPause = 2 * time.Second
	// fullPause is how long a master is left alone whose sessions others have.
	fullPause = time.Second
)

// pool is the masters of one identity.
type pool struct {
	engine   *Engine
	resolved *dest.Resolved
	// sendEnv and forwardAgent are what ssh_config gives every session.
	sendEnv      []string
	forwardAgent bool
	// leashless is set once the host turned out to run no shell for the leash.
	leashless atomic.Bool
	// apart is set once the host turned out to run a server on which sessions must not share a connection.
	apart atomic.Bool
	shell atomic.Pointer[hello]
	// trip is the last measured way to the host and back, in nanoseconds.
	trip atomic.Int64

	mu      sync.Mutex
	closed  bool
	masters []*master
	// changed is closed and replaced when a place or a master becomes free, or a start has ended.
	changed chan struct{}
	// starting is the start that is under way.
	starting *start
	// noSpill is when further masters may be tried again.
	noSpill time.Time
}

// start is one attempt to get a master.
type start struct {
	store bool // may store host keys
	done  chan struct{}
	err   error
}

func newPool(e *Engine, r *dest.Resolved) *pool {
	p := &pool{engine: e, resolved: r, changed: make(chan struct{})}
	agent := strings.ToLower(r.Get("forwardagent"))
	p.forwardAgent = agent != "" && agent != "no" && agent != "false"
	for _, patterns := range r.All("sendenv") {
		for _, v := range dest.Environ(e.opt.Env) {
			name, _, _ := strings.Cut(v, "=")
			if matchesAny(strings.Fields(patterns), name) && !slices.Contains(p.sendEnv, v) {
				p.sendEnv = append(p.sendEnv, v)
			}
		}
	}
	return p
}

// matchesAny matches a variable's name like SendEnv: * and ? are wildcards.
func matchesAny(patterns []string, name string) bool {
	for _, pattern := range patterns {
		if ok, err := path.Match(pattern, name); err == nil && ok {
			return true
		}
	}
	return false
}

// notify is called with mu held.
func (p *pool) notify() {
	close(p.changed)
	p.changed = make(chan struct{})
}

func (p *pool) noLeash(why string) {
	if !p.leashless.Swap(true) {
		p.engine.opt.Log.Info().Str("host", p.resolved.Alias).Str("why", why).Msg("commands there run without a leash")
	}
}

// roundTrip is how long the way to the host and back takes, 0 if unknown; at most 2 s.
func (p *pool) roundTrip() time.Duration { return min(time.Duration(p.trip.Load()), 2*time.Second) }

// loginShell is the host's login shell, "" while it is unknown.
func (p *pool) loginShell() string {
	if h := p.shell.Load(); h != nil {
		return h.Shell
	}
	return ""
}

// wants is what a caller needs of a master.
type wants struct {
	store bool // a new host key may be stored
	leash bool // it carries commands, so the leash takes its place first
	spare bool // one that is free, or none
}

var errNoSpare = &Error{Op: "opening a session", Code: "limit_reached", Message: "no connection has a place to spare"}

// acquire gives a place on a live master, starting one where there is none.
func (p *pool) acquire(ctx context.Context, w wants) (*seat, error) {
	began := time.Now()
	for {
		p.mu.Lock()
		if p.closed {
			p.mu.Unlock()
			return nil, errClosed
		}
		p.masters = slices.DeleteFunc(p.masters, (*master).isLost)
		s, contended := p.take(w.spare)
		if s != nil {
			p.mu.Unlock()
			if p.usable(ctx, s) {
				return s, nil
			}
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			continue
		}
		if w.spare {
			p.mu.Unlock()
			return nil, errNoSpare
		}
		waited := time.Since(began)
		if p.starting == nil && (len(p.masters) == 0 || p.maySpill() && waited >= spillAfter) {
			if !p.begin(w) {
				p.mu.Unlock()
				return nil, errClosed
			}
		}
		starting, changed := p.starting, p.changed
		wait := time.Hour
		if len(p.masters) > 0 && starting == nil && p.maySpill() {
			wait = max(spillAfter-waited, time.Millisecond)
		}
		if contended {
			wait = min(wait, lookAgain)
		}
		p.mu.Unlock()
		if err := p.await(ctx, starting, changed, wait, w.store); err != nil {
			return nil, err
		}
	}
}

// await waits until something has changed. A failed start is every waiter's failure, unless there are other masters, or it failed only because
// it was not allowed what this caller is.
func (p *pool) await(ctx context.Context, s *start, changed <-chan struct{}, wait time.Duration, store bool) error {
	t := time.NewTimer(wait)
	defer t.Stop()
	var done <-chan struct{}
	if s != nil {
		done = s.done
	}
	select {
	case <-changed:
	case <-t.C:
	case <-done:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if s == nil {
		return nil
	}
	select {
	case <-s.done:
	default:
		return nil
	}
	if s.err == nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.masters) > 0 {
		return nil
	}
	var e *Error
	if store && !s.store && errors.As(s.err, &e) && e.Code == "host_key_unknown" {
		return nil
	}
	return s.err
}

// maySpill is called with mu held.
func (p *pool) maySpill() bool {
	own := 0
	for _, m := range p.masters {
		if !m.adopted {
			own++
		}
	}
	return own < p.maxMasters() && time.Now().After(p.noSpill)
}

// begin is called with mu held. It starts a master in the background, so that a caller who gives up takes nobody's master along.
func (p *pool) begin(w wants) bool {
	s := &start{store: w.store, done: make(chan struct{})}
	first := len(p.masters) == 0
	p.starting = s
	taken := map[int]bool{}
	for _, m := range p.masters {
		taken[m.index] = true
	}
	ok := p.engine.background(func() {
		m, err := p.engine.startMaster(p.engine.ctx, p, taken, w)
		p.mu.Lock()
		defer p.mu.Unlock()
		p.starting = nil
		s.err = err
		switch {
		case err == nil && p.closed:
			m.dropLeash()
			s.err = errClosed
		case err == nil:
			p.masters = append(p.masters, m)
			p.engine.masters.Add(1)
			slices.SortFunc(p.masters, func(a, b *master) int { return a.index - b.index })
			p.lingerOn(m)
		case !first:
			p.noSpill = time.Now().Add(spillPause)
			p.engine.opt.Log.Info().Str("host", p.resolved.Alias).Err(err).Msg("no further master")
		}
		close(s.done)
		p.notify()
	})
	if !ok {
		p.starting = nil
	}
	return ok
}

// lingerOn is called with mu held when a master carries no call any more: its leash goes after a while, and then nothing of
// ours keeps the master.
func (p *pool) lingerOn(m *master) {
	if p.closed {
		return
	}
	after := p.engine.opt.IdleTimeout
	if m.adopted {
		after = adoptedLinger
	}
	if after < 0 {
		return
	}
	if m.linger != nil {
		m.linger.Stop()
	}
	m.linger = time.AfterFunc(after, func() {
		if p.takeIdle(m) {
			p.engine.background(m.release)
		}
	})
}

// close lets go of every master.
func (p *pool) close() {
	p.mu.Lock()
	p.closed = true
	masters := p.masters
	p.masters = nil
	p.notify()
	for _, m := range masters {
		if m.linger != nil {
			m.linger.Stop()
		}
	}
	p.mu.Unlock()
	for _, m := range masters {
		m.giveUp()
		m.dropLeash()
	}
}
