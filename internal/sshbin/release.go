package sshbin

import (
	"context"
	"slices"
	"time"

	"relay-shell/internal/sshbin/mux"
)

// release lets go of an idle master. An own one that nobody else uses ends at once; one that another process uses stays, and
// takes no new clients, so that none can come between the look and the end.
func (m *master) release() {
	m.giveUp()
	m.dropLeash()
	if m.adopted {
		return
	}
	ctx, cancel := context.WithTimeout(m.pool.engine.ctx, checkTimeout)
	defer cancel()
	for socketClients(m.path) != 0 { // the master takes a moment to see that our leash has hung up
		if pause(ctx, 20*time.Millisecond) != nil {
			return // ControlPersist counts from here
		}
	}
	conn, err := mux.Dial(ctx, m.path)
	if err != nil {
		return
	}
	defer conn.Close()
	if err := conn.StopListening(ctx); err != nil {
		return
	}
	if socketClients(m.path) <= 1 { // ourselves
		_ = conn.Terminate(ctx)
	}
}

// trim ends the masters that have been idle longest where there are more idle ones than MaxConns.
func (e *Engine) trim() {
	if int(e.masters.Load()) <= e.opt.MaxConns || !e.trimming.TryLock() {
		return
	}
	if !e.background(func() {
		defer e.trimming.Unlock()
		for _, m := range e.tooMany() {
			m.release()
		}
	}) {
		e.trimming.Unlock()
	}
}

// tooMany takes the masters that are to go out of their pools.
func (e *Engine) tooMany() []*master {
	var idle []*master
	for _, m := range e.known() {
		m.pool.mu.Lock()
		if m.inFlight == 0 && !m.adopted {
			idle = append(idle, m)
		}
		m.pool.mu.Unlock()
	}
	if len(idle) <= e.opt.MaxConns {
		return nil
	}
	slices.SortFunc(idle, func(a, b *master) int { return int(a.used.Load() - b.used.Load()) })
	var gone []*master
	for _, m := range idle[:len(idle)-e.opt.MaxConns] {
		if m.pool.takeIdle(m) {
			gone = append(gone, m)
		}
	}
	return gone
}

// takeIdle takes a master out of the pool unless it carries a call again.
func (p *pool) takeIdle(m *master) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if m.inFlight > 0 || p.closed {
		return false
	}
	before := len(p.masters)
	p.masters = slices.DeleteFunc(p.masters, func(o *master) bool { return o == m })
	if m.linger != nil {
		m.linger.Stop()
	}
	return len(p.masters) < before
}
