package fleet

import (
	"context"
	"sync"
)

// schedule gives every unit its turn: batch after batch, within a batch as many at a time as the concurrency allows.
func (r *run) schedule(ctx context.Context, units []Unit) {
	places := make(chan struct{}, r.opts.Concurrency)
	for first := 0; first < len(units); first += r.opts.Batch {
		var batch sync.WaitGroup
		for i := first; i < min(first+r.opts.Batch, len(units)); i++ {
			leave := r.place(ctx, places)
			if !r.mayStart(ctx) {
				leave()
				r.results[i] = Result{Host: units[i].Host, Outcome: Skipped}
				r.tracker.skipped()
				continue
			}
			batch.Go(func() { // ends with the unit
				defer leave()
				r.unit(ctx, i, units[i])
			})
		}
		batch.Wait()
	}
}

// place waits for a free place, or for the end of the context.
func (r *run) place(ctx context.Context, places chan struct{}) (leave func()) {
	select {
	case places <- struct{}{}:
		return func() { <-places }
	case <-ctx.Done():
		return func() {}
	}
}

// mayStart reports whether another host may be started. Once it may not, none may.
func (r *run) mayStart(ctx context.Context) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if limit := r.opts.MaxFailures; limit > 0 && r.failed >= limit {
		r.stopped = true
	}
	return !r.stopped && ctx.Err() == nil
}

// unit runs one host and counts it. The count stands before the place is free, so that the limit of failures is exact.
func (r *run) unit(ctx context.Context, i int, u Unit) {
	r.tracker.started(u.Host)
	res := r.host(ctx, u)
	r.results[i] = res // nobody else writes there, and nobody reads before the run is over
	r.keeper.took(&r.results[i].Output)
	if !res.Good() {
		r.mu.Lock()
		r.failed++
		r.mu.Unlock()
	}
	r.tracker.ended(u.Host, res.Good())
}
