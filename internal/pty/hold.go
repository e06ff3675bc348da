package pty

import (
	"io"
	"time"
)

// Filter takes secrets out of what is recorded. Pause writes what it holds back and need not; Close all the rest.
type Filter interface {
	io.WriteCloser
	Pause() error
	// Rest lets go of memory until there is more to filter.
	Rest()
}

// masked hands output to the filter, and asks it a moment later to let go what it holds back. The caller holds the mutex.
func (r *Recorder) masked(p []byte) {
	if r.mask == nil {
		r.mask = r.o.Filter(filtered{r})
		r.pause = time.AfterFunc(r.o.Hold, r.quiet)
	}
	if _, err := r.mask.Write(p); err != nil && r.err == nil {
		r.err = err
	}
	if !r.paused {
		r.paused = true
		r.pause.Reset(r.o.Hold)
	}
}

// filtered is where the filter's output goes. The mutex is held.
type filtered struct{ r *Recorder }

func (f filtered) Write(p []byte) (int, error) {
	f.r.output(p)
	return len(p), f.r.err
}

// quiet has the filter let go what it need not hold back.
func (r *Recorder) quiet() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.paused {
		r.letGo()
	}
}

// Rest lets go of memory until there is more to record.
func (r *Recorder) Rest() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.mask != nil {
		r.mask.Rest()
	}
}

func (r *Recorder) letGo() {
	if r.paused = false; r.mask == nil || r.full || r.err != nil {
		return
	}
	if err := r.mask.Pause(); err != nil && r.err == nil {
		r.err = err
	}
}

// unmask ends the filter. The caller holds the mutex.
func (r *Recorder) unmask() {
	if r.mask == nil {
		return
	}
	r.pause.Stop()
	if err := r.mask.Close(); err != nil && r.err == nil {
		r.err = err
	}
	r.mask, r.paused = nil, false
}
