package audit

import (
	"errors"
	"os"
	"sync"
)

// syncer makes records durable, many with one sync: whoever needs a sync while one is running waits for the next one, which covers
// all that was written until it began (group commit).
type syncer struct {
	mu   sync.Mutex
	cond *sync.Cond
	// running is true while somebody syncs.
	running bool
	// head is that of everything known to be on disk.
	head Head
	// err is the first sync's failure; it is final.
	err error
}

func (s *syncer) init() { s.cond = sync.NewCond(&s.mu) }

// wait returns when the first size records are on disk.
func (s *syncer) wait(l *Log, size int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.head.Size >= size:
			return nil
		case s.err != nil:
			return s.err
		case s.running:
			s.cond.Wait()
			continue
		}
		s.running = true
		s.mu.Unlock()
		e, err := l.syncLive()
		s.mu.Lock()
		s.running = false
		if err != nil {
			s.err = err
		} else if e.size > s.head.Size {
			s.head = headOf(&e)
		}
		s.cond.Broadcast()
	}
}

// reached notes that the tree up to this edge is on disk.
func (s *syncer) reached(e edge) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e.size >= s.head.Size {
		s.head = headOf(&e)
	}
}

// now is the head of what is on disk.
func (s *syncer) now() Head {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.head
}

// syncLive syncs everything written so far and returns the edge of the tree then.
func (l *Log) syncLive() (edge, error) {
	l.mu.Lock()
	poison, f, e := l.state.poison, l.state.live, l.state.tree.clone()
	l.mu.Unlock()
	if poison != nil {
		return edge{}, poison
	}
	if f == nil {
		return edge{}, errClosed
	}
	err := f.Sync()
	if errors.Is(err, os.ErrClosed) {
		// A rotation came in between; it has synced the file before it closed it.
		l.mu.Lock()
		poison = l.state.poison
		l.mu.Unlock()
		return e, poison
	}
	if err != nil {
		return edge{}, l.poisoned(err)
	}
	return e, nil
}

// poisoned stops all writing after a failed sync.
func (l *Log) poisoned(err error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.poisonLocked(err)
}

func (l *Log) poisonLocked(err error) error {
	s := &l.state
	if s.poison == nil {
		s.poison = &poisonError{err}
		s.failing, s.since = s.poison, l.opts.Now()
	}
	return s.poison
}

// Head is the head of everything known to be on disk: what is safe to show to a witness.
func (l *Log) Head() Head { return l.sync.now() }
