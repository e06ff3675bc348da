package sshbin

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"time"

	"relay-shell/internal/sshbin/dest"
)

// startsPerServer bounds the connections that have not signed in yet, for each server and each jump host. sshd drops
// further ones at random from the tenth on (MaxStartups 10:30:100, sshd_config(5)); a person's own logins need room too.
const startsPerServer = 6

// startsAtOnce bounds the logins of this process together. One costs some 70 ms of CPU for its key exchange, so that hundreds at
// once would all run into their timeouts; unreachable hosts hold their place until theirs.
func startsAtOnce() int { return min(max(32*runtime.NumCPU(), 64), 512) }

// gates pace the start of connections, in this process by a queue and across processes by locks.
type gates struct {
	locks *locks
	all   chan struct{}

	mu     sync.Mutex
	queues map[string]*queue
}

type queue struct {
	places chan struct{}
	users  int
}

func newGates(l *locks) *gates {
	return &gates{locks: l, all: make(chan struct{}, startsAtOnce()), queues: map[string]*queue{}}
}

// addresses are the servers that see an unauthenticated connection when r is connected to.
func addresses(r *dest.Resolved) []string {
	all := []string{r.Address()}
	for _, hop := range r.Jump {
		all = append(all, hop.Resolved.Address())
	}
	// In one order for everybody, so that two starts never wait for each other.
	slices.Sort(all)
	return slices.Compact(all)
}

// enter waits for a place at every server on the way.
func (g *gates) enter(ctx context.Context, r *dest.Resolved) (leave func(), err error) {
	var entered []func()
	leave = func() {
		for _, l := range slices.Backward(entered) {
			l()
		}
	}
	for _, address := range addresses(r) {
		l, err := g.enterOne(ctx, address)
		if err != nil {
			leave()
			return nil, err
		}
		entered = append(entered, l)
	}
	// Last, so that nobody waits for one server with a place that a start to another could use.
	select {
	case g.all <- struct{}{}:
		entered = append(entered, func() { <-g.all })
	case <-ctx.Done():
		leave()
		return nil, context.Cause(ctx)
	}
	return leave, nil
}

func (g *gates) enterOne(ctx context.Context, address string) (leave func(), err error) {
	g.mu.Lock()
	q, ok := g.queues[address]
	if !ok {
		q = &queue{places: make(chan struct{}, startsPerServer)}
		g.queues[address] = q
	}
	q.users++
	g.mu.Unlock()
	done := func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		if q.users--; q.users == 0 {
			delete(g.queues, address)
		}
	}
	select {
	case q.places <- struct{}{}:
	case <-ctx.Done():
		done()
		return nil, context.Cause(ctx)
	}
	unlock, err := g.anyPlace(ctx, address)
	if err != nil {
		<-q.places
		done()
		return nil, err
	}
	return func() {
		unlock()
		<-q.places
		done()
	}, nil
}

// anyPlace takes one of the server's places that all processes share.
func (g *gates) anyPlace(ctx context.Context, address string) (func(), error) {
	for wait := 10 * time.Millisecond; ; wait = min(2*wait, 100*time.Millisecond) {
		for _, place := range rand.Perm(startsPerServer) {
			unlock, ok, err := g.locks.try(fmt.Sprintf("start %s %d", address, place))
			if err != nil || ok {
				return unlock, err
			}
		}
		if err := pause(ctx, wait/2+rand.N(wait)); err != nil {
			return nil, err
		}
	}
}
