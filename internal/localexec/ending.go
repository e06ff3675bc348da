package localexec

import (
	"sync"
	"time"
)

// endAll ends the trees of all commands that were not let go of, and returns those that something is left of. Of a command that has ended by
// itself, children may stay.
func (s *supervisor) endAll() (left []*tree) {
	var wg sync.WaitGroup
	s.mu.Lock()
	s.closing = true
	for _, c := range s.calls {
		if c.detached == nil && !c.exited && !c.ending {
			c.ending = true
			wg.Go(func() {
				if len(s.endTree(c)) > 0 {
					s.mu.Lock()
					defer s.mu.Unlock()
					left = append(left, c.tree)
				}
			})
		}
	}
	s.mu.Unlock()
	wg.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	deadline := time.Now().Add(endMax)
	alarm := time.AfterFunc(endMax, s.idle.Broadcast)
	defer alarm.Stop()
	for s.busyLocked() && time.Now().Before(deadline) {
		s.idle.Wait()
	}
	return left
}

// busyLocked says whether a command is being started, which then ends it, or was being ended when the server went.
func (s *supervisor) busyLocked() bool {
	for _, c := range s.calls {
		if c.ending {
			return true
		}
	}
	return s.starting > 0
}

const (
	// insistFor is how long what cannot be ended is tried when nobody is left to be told of it, insistEvery how often. A crowded machine may be too
	// slow for the first time, and a process that waits for a disk can be ended when it has that.
	insistFor, insistEvery = time.Minute, time.Second
)

// insist ends trees that could not be ended.
func insist(left []*tree) {
	var work sync.WaitGroup
	for _, t := range left {
		work.Go(func() {
			for deadline := time.Now().Add(insistFor); len(t.end()) > 0 && time.Now().Before(deadline); {
				time.Sleep(insistEvery)
			}
		})
	}
	work.Wait()
}

// waitDetached waits for the ends of detached commands, whose status only this process can learn.
func (s *supervisor) waitDetached() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		waiting := false
		for _, c := range s.calls {
			waiting = waiting || c.detached != nil && !c.exited
		}
		if !waiting {
			return
		}
		s.idle.Wait()
	}
}
