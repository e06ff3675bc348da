package fleet

import (
	"context"
	"errors"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"relay-shell/internal/target"
)

// CheckOptions say how hosts are probed. Zero values are the defaults.
type CheckOptions struct {
	// Timeout bounds each probe, 5 s by default. It does not run while a probe waits for others on the same way.
	Timeout time.Duration
	// Concurrency is how many hosts are probed at the same time, 32 by default.
	Concurrency int
	// StoreHostKeys allows a first host key to be stored.
	StoreHostKeys bool
	// Progress is as in [Options].
	Progress func(line string)
}

// Checked is what a probe of one host found.
type Checked struct {
	Host string
	// Outcome is OK, Timeout, Cancelled, Failed or Skipped.
	Outcome Outcome
	Err     error
	target.Probe
	// Duration is how long the probe took, connecting included.
	Duration time.Duration
}

// DefaultCheckTimeout bounds one probe.
const DefaultCheckTimeout = 5 * time.Second

// perGate is how many probes go to one server or through one jump host at the same time: the engine admits no more unauthenticated
// connections there, and the time in that queue is not the host's fault.
const perGate = 6

// Check probes every unit, and gives what it found in their order.
func Check(ctx context.Context, units []Unit, o CheckOptions) []Checked {
	if o.Timeout <= 0 {
		o.Timeout = DefaultCheckTimeout
	}
	if o.Concurrency <= 0 {
		o.Concurrency = DefaultConcurrency
	}
	c := &check{opts: o, gates: map[string]chan struct{}{}, tracker: newTracker(len(units), o.Progress)}
	defer c.tracker.close()
	results := make([]Checked, len(units))
	places := make(chan struct{}, o.Concurrency)
	var probes sync.WaitGroup
	for i, u := range units {
		gate := c.gate(u)
		probes.Go(func() { // ends with the probe, or with ctx
			results[i] = Checked{Host: u.Host, Outcome: Skipped}
			// The gate first: those who wait at a slow one must not keep others from their places.
			for _, queue := range []chan struct{}{gate, places} {
				select {
				case queue <- struct{}{}:
					defer func() { <-queue }()
				case <-ctx.Done():
					return
				}
			}
			c.tracker.started(u.Host)
			results[i] = c.probe(ctx, u)
			c.tracker.ended(u.Host, results[i].Outcome == OK)
		})
	}
	probes.Wait()
	return results
}

// probeTimeout is the cause of a probe's timeout.
type probeTimeout struct{ TimeoutError }

// ErrorHint says what to do next. A probe starts nothing that could be left.
func (e *probeTimeout) ErrorHint() string {
	return "the host, or a jump host on the way, did not answer in time: raise timeout, or look at the network"
}

type check struct {
	opts    CheckOptions
	gates   map[string]chan struct{} // used by Check's own goroutine
	tracker *tracker
}

// gate is the queue before the first server on the way to a host.
func (c *check) gate(u Unit) chan struct{} {
	name := u.Host
	if u.Target != nil {
		if h := u.Target.Host(); h != nil {
			name, _, _ = strings.Cut(h.Jump, ",")
			if name == "" {
				name = net.JoinHostPort(h.Hostname, strconv.Itoa(h.Port))
			}
		}
	}
	if c.gates[name] == nil {
		c.gates[name] = make(chan struct{}, perGate)
	}
	return c.gates[name]
}

var errNoProbe = errors.New("this target cannot be probed")

func (c *check) probe(parent context.Context, u Unit) Checked {
	res := Checked{Host: u.Host, Outcome: Failed, Err: u.Err}
	if u.Err != nil || u.Target == nil {
		return res
	}
	prober, ok := u.Target.(target.Prober)
	if !ok {
		res.Err = errNoProbe
		return res
	}
	ctx, cancel := context.WithTimeoutCause(parent, c.opts.Timeout, &probeTimeout{TimeoutError{c.opts.Timeout}})
	defer cancel()
	began := time.Now()
	var err error
	res.Probe, err = prober.Probe(ctx, c.opts.StoreHostKeys)
	res.Duration, res.Err = time.Since(began), err
	switch {
	case err == nil:
		res.Outcome = OK
	case parent.Err() != nil:
		res.Outcome, res.Err = Cancelled, &cancelled{err}
	case ctx.Err() != nil && errors.Is(err, context.Cause(ctx)):
		res.Outcome = Timeout
	}
	return res
}
