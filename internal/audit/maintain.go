package audit

import (
	"context"
	"time"
)

// wake tells the maintenance that there is something to sign.
func (l *Log) wake() {
	select {
	case l.dirty <- struct{}{}:
	default:
	}
}

// maintain signs a checkpoint at intervals while there is traffic, and looks after what else has to be done now and then. It ends with Close.
func (l *Log) maintain(ctx context.Context) {
	defer close(l.done)
	timer := time.NewTimer(l.opts.CheckpointEvery)
	timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-l.dirty:
		}
		timer.Reset(l.opts.CheckpointEvery)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
		_, _ = l.checkpoint() // Health shows why it failed
		l.tidy()
	}
}

// tidy notes how far back this process's calls in flight reach, and how much space is left.
func (l *Log) tidy() {
	l.mu.Lock()
	defer l.mu.Unlock()
	low := l.state.tree.size
	for _, seq := range l.state.open {
		low = min(low, seq)
	}
	_ = l.instance.mark(low) // an older mark is as right, only slower
	l.space.look(l)
}

// Checkpoint syncs the log, signs its head and returns the signed note.
func (l *Log) Checkpoint(ctx context.Context) ([]byte, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	c, err := l.checkpoint()
	return c.Note, err
}

func (l *Log) checkpoint() (Checkpoint, error) {
	c, err := l.signNow()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.state.signing = err
	if err == nil {
		l.state.signed = max(l.state.signed, c.Size)
	}
	return c, err
}

func (l *Log) signNow() (Checkpoint, error) {
	l.mu.Lock()
	err := l.state.poison
	if err == nil {
		err = l.flushHashes()
	}
	e := l.state.tree.clone()
	l.mu.Unlock()
	if err != nil {
		return Checkpoint{}, err
	}
	if err := l.sync.wait(l, e.size); err != nil {
		return Checkpoint{}, err
	}
	if err := l.checkpoints.syncHashes(l.hashes); err != nil {
		return Checkpoint{}, err
	}
	return l.checkpoints.sign(e.size, e.root(), l.opts.Now(), l.hashes)
}

// signFirst signs at the start, when everything has just been synced and nothing else runs.
func (l *Log) signFirst() error {
	e := l.state.tree.clone()
	if l.state.signed == e.size {
		return nil
	}
	err := l.checkpoints.syncHashes(l.hashes)
	if err == nil {
		_, err = l.checkpoints.sign(e.size, e.root(), l.opts.Now(), l.hashes)
	}
	l.state.signing = err
	if err == nil {
		l.state.signed = e.size
	}
	if l.state.flaw != "" {
		return nil // a tree that can't be signed is no reason not to record
	}
	return err
}

// syncHashes makes the stored hashes durable, which a checkpoint promises of everything before it.
func (c *checkpoints) syncHashes(h *hashFile) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.broken != nil {
		return c.broken
	}
	if err := h.f.Sync(); err != nil {
		c.broken = err
		return err
	}
	return nil
}

// Health is how the log is doing.
func (l *Log) Health() Health {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := &l.state
	h := Health{Lost: s.lostTotal, Poisoned: s.poison != nil, Space: l.space.state(l), Signed: s.signed, Synced: l.sync.now().Size}
	if s.mirror != nil {
		h.Mirror = s.mirror.Error()
	}
	switch {
	case s.poison != nil:
		h.Reason = s.poison.Error()
	case s.failing != nil:
		h.Reason = "records can't be written: " + s.failing.Error()
	case l.space.full:
		h.Reason = "the disk is full"
	case s.flaw != "":
		h.Reason = s.flaw
	case s.signing != nil:
		h.Reason = "no checkpoint can be signed: " + s.signing.Error()
	}
	if h.Reason != "" {
		h.Degraded, h.Since = true, s.since
	}
	return h
}
