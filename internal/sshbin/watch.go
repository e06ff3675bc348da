package sshbin

import (
	"context"
	"slices"
	"time"
)

// A master that a signal has stopped needs no waiting for: it is given up when haltLooks looks in a row find it so.
const (
	haltLook  = time.Second
	haltLooks = 3
)

// watch is called with mu held when a master carries a call. It looks every KeepAlive whether the master and the host still
// answer, until nothing is carried any more. ServerAliveInterval does not help when the master itself is frozen, and an operator's
// may have none.
func (p *pool) watch(m *master) {
	if m.watched {
		return
	}
	m.watched = p.engine.background(func() {
		t := time.NewTicker(p.engine.opt.KeepAlive)
		defer t.Stop()
		halt := time.NewTicker(min(haltLook, p.engine.opt.KeepAlive))
		defer halt.Stop()
		halted := 0
		var ended *leash // whose end has been looked into
		for misses := 0; ; {
			var gone <-chan struct{}
			l := m.leash.Load()
			if l != nil && l != ended {
				gone = l.gone
			}
			select {
			case <-t.C:
			case <-halt.C:
				if !cheapState || m.channels() == 0 || !stopped(m.pid) {
					halted = 0
				} else if halted++; halted == haltLooks {
					p.lose(m)
					return
				}
				continue
			case <-gone:
				ended = l
				if !l.closed() && m.alive(p.engine.ctx) != nil {
					p.lose(m)
					return
				}
				continue
			case <-m.lost:
				return
			case <-p.engine.ctx.Done():
				return
			}
			p.mu.Lock()
			if m.inFlight == 0 {
				m.watched = false
				p.mu.Unlock()
				return
			}
			p.mu.Unlock()
			// Two misses of one interval each after one interval of silence make three.
			if m.signOfLife(p.engine.ctx) {
				misses = 0
			} else if misses++; misses == 2 {
				p.lose(m)
				return
			}
		}
	})
}

// signOfLife asks the master and, through the leash, the host; each call takes one interval at most.
func (m *master) signOfLife(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, m.pool.engine.opt.KeepAlive)
	defer cancel()
	if err := m.aliveWithin(ctx); err != nil {
		return false
	}
	if l := m.leash.Load(); l != nil && l.alive() {
		if _, err := l.ping(ctx); err != nil && l.alive() {
			return false
		}
	}
	m.touch()
	return true
}

// turn reports a sign of life of the master and, through the leash, of the server: both have turned to all of their sessions since.
func (m *master) turn() bool {
	ctx, cancel := context.WithTimeout(m.pool.engine.ctx, checkTimeout)
	defer cancel()
	if l := m.leash.Load(); l != nil && l.alive() {
		_, err := l.ping(ctx)
		return err == nil
	}
	return m.aliveWithin(ctx) == nil
}

// lose gives a master up while it carries calls.
func (p *pool) lose(m *master) {
	p.engine.opt.Log.Warn().Str("host", p.resolved.Alias).Int("pid", m.pid).Msg("a master or its host has stopped answering")
	p.mu.Lock()
	p.masters = slices.DeleteFunc(p.masters, func(o *master) bool { return o == m })
	p.notify()
	p.mu.Unlock()
	m.end()
}
