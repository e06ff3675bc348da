package sshbin

import (
	"context"
	"os"
	"sync"
	"time"
)

// seat is a place for one session on a master.
type seat struct {
	*master
	once   sync.Once
	unlock func() // of a session that must be alone among all processes; nil elsewhere
}

// leave gives the place back. It may be called twice.
func (s *seat) leave() {
	s.once.Do(func() {
		p := s.pool
		s.touch()
		if s.unlock != nil {
			s.unlock()
		}
		p.mu.Lock()
		s.inFlight--
		if s.limit < sessionsPerMaster && time.Since(s.lowered) > limitPause {
			s.limit, s.lowered = s.limit+1, time.Now()
		}
		last := s.inFlight == 0
		if last {
			p.lingerOn(s.master)
		}
		p.notify()
		p.mu.Unlock()
		if last && !s.adopted {
			now := time.Now()
			_ = os.Chtimes(s.path, now, now) // tells other processes how long it has been idle
			p.engine.trim()
		}
	})
}

// refused tells that the server would not open a session though we thought there was a place. alone reports that nothing but
// the leash was on the master, so that there will be no place for a second session ever; full, that others may have all sessions there, which leaves
// the master alone for a while.
func (s *seat) refused() (alone, full bool) {
	p := s.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	if alone = s.inFlight == 1; alone && s.shared.Load() {
		s.full = time.Now().Add(fullPause)
		return false, true
	}
	if s.inFlight > 1 && s.inFlight <= s.limit {
		s.limit, s.lowered = max(1, min(s.limit, s.inFlight-1)), time.Now()
	}
	return alone, false
}

// leaveAlone tells that others have all sessions of the master.
func (s *seat) leaveAlone() {
	s.pool.mu.Lock()
	defer s.pool.mu.Unlock()
	s.full = time.Now().Add(fullPause)
}

// take is called with mu held. It prefers the first master, so that further ones idle out. contended says that another process has the
// only place on a master. spare leaves one more place on the master to others.
func (p *pool) take(spare bool) (s *seat, contended bool) {
	left := 0
	if spare {
		left = 1
	}
	for _, m := range p.masters {
		if time.Now().Before(m.full) {
			contended = true
			continue
		}
		if m.inFlight+left < m.places() {
			unlock, ok := m.alone()
			if !ok {
				contended = true
				continue
			}
			m.inFlight++
			if m.linger != nil {
				m.linger.Stop()
				m.linger = nil
			}
			p.watch(m)
			return &seat{master: m, unlock: unlock}, contended
		}
	}
	return nil, contended
}

// usable checks a master before it is used after a pause. One that does not answer is given up.
func (p *pool) usable(ctx context.Context, s *seat) bool {
	err := s.verify(ctx)
	if err == nil {
		return true
	}
	s.leave()
	if ctx.Err() == nil {
		p.engine.opt.Log.Info().Str("host", p.resolved.Alias).Err(err).Msg("a master is gone")
		s.end()
	}
	return false
}
