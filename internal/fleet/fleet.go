// Package fleet runs one command on many targets, or looks whether they answer.
//
// Start with [Run] for a command and [Check] for a probe; both take [Unit]s, independent hosts with the reason why one cannot be
// used, and give a [Result] for each in the same order. Concurrency is bounded, hosts can go in rolling batches, and after a number of
// failures no further host is started. What hosts print is kept within bounds, whatever it is: the beginning and the end of each in memory,
// the whole in one spooled output in which every line begins with its host, so that a search over it says where.
//
// A host that fails is a result; only the context ends a run early, and then the results so far are all there. The package does not decide
// what may run, and does not retry: the targets' engine knows what never started.
package fleet

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"relay-shell/internal/output"
	"relay-shell/internal/target"
)

// Unit is one host of a run.
type Unit struct {
	// Host is its name as the caller gave it.
	Host string
	// Target is the place, nil where Err says why there is none.
	Target target.Target
	Err    error
}

// Options say how a run goes. Zero values are the defaults.
type Options struct {
	// Command is run on every target. Its writers and Started are the run's own.
	Command target.Command
	// Timeout bounds the command on each host, from its start on; 0 = unbounded.
	Timeout time.Duration
	// Concurrency is how many hosts run at the same time, 32 by default.
	Concurrency int
	// Batch is how many hosts have to end before the next ones start; 0 = all in one.
	Batch int
	// MaxFailures is after how many failures no further host is started; 0 = never. A non-zero exit is a failure.
	MaxFailures int
	// Budget is about how many bytes of output the answer will show, 64 KiB by default.
	Budget int
	// Spool keeps what the budget does not show, at most SpoolPerCall bytes (64 MiB by default); nil keeps nothing.
	Spool        *output.Spool
	SpoolPerCall int64
	// Mask, if set, makes what is shown and kept out of what a host prints, without its secrets. Hashes and counts are of what was printed.
	Mask func(io.Writer) output.Filter
	// Progress, if set, is told in one line how far the run is, after each host and every few seconds, by one goroutine at a time. It must not
	// block.
	Progress func(line string)
	// Live, if set, receives all output as it comes, each line behind its host's name.
	Live func(lines []byte)
	// Grace is how long a target may take to come back once it has been told to end, 8 s by default; one that does not is left behind.
	Grace time.Duration
}

const (
	// DefaultConcurrency is how many hosts run at the same time.
	DefaultConcurrency = 32
	defaultGrace       = 8 * time.Second
	defaultPerCall     = 64 << 20
)

// Outcome is how it went on one host.
type Outcome string

// The outcomes. Of a command that ran to its end the outcome is OK, whatever its exit status.
const (
	OK        Outcome = "ok"
	Timeout   Outcome = "timeout"
	Cancelled Outcome = "cancelled"
	Failed    Outcome = "error"
	Skipped   Outcome = "skipped" // never started: too many failures, or the run was cancelled
)

// Result is how it went on one host.
type Result struct {
	Host    string
	Outcome Outcome
	// Err is why the outcome is Failed, and the cause of Timeout and Cancelled.
	Err error
	// ExitCode is nil where no process ended by itself, Signal the signal's name where one ended it.
	ExitCode *int
	Signal   string
	// Survivors are what could not be ended after a timeout or cancel.
	Survivors []string
	// Duration counts from the host's turn, connecting included.
	Duration time.Duration
	// Output is what the host printed.
	Output Excerpt
}

// Good reports whether the command ran and exited with 0.
func (r *Result) Good() bool { return r.Outcome == OK && r.ExitCode != nil && *r.ExitCode == 0 }

// Report is the outcome of a run.
type Report struct {
	// Results has one for each unit, in their order.
	Results []Result
	// OutputID names the whole output in the spool, "" when it was short or could not be kept; SpoolErr says why it could not.
	OutputID string
	SpoolErr error
	// TotalBytes is what all hosts printed.
	TotalBytes int64
	// Stopped: hosts were left out because of MaxFailures.
	Stopped bool
}

// TimeoutError is the cause of a host's timeout.
type TimeoutError struct{ After time.Duration }

func (e *TimeoutError) Error() string { return "timed out after " + e.After.String() }

// ErrorCode is timeout.
func (e *TimeoutError) ErrorCode() string { return "timeout" }

// ErrorHint says what to do next.
func (e *TimeoutError) ErrorHint() string {
	return "what was started there has been ended; raise timeout, or narrow the command"
}

// errLeft is why a host's result was not waited for any longer.
var errLeft = errors.New("the host did not come back after it was told to end; what was started there may still be running")

// run is one run on its way.
type run struct {
	opts    Options
	keeper  *keeper
	tracker *tracker

	mu      sync.Mutex
	results []Result
	failed  int
	stopped bool
}

// Run runs the command on every unit. It returns when all have ended, or soon after ctx has.
func Run(ctx context.Context, units []Unit, o Options) *Report {
	o = o.withDefaults(len(units))
	r := &run{opts: o, keeper: newKeeper(o, len(units)), results: make([]Result, len(units))}
	r.tracker = newTracker(len(units), o.Progress)
	r.schedule(ctx, units)
	r.tracker.close()
	report := &Report{Results: r.results, Stopped: r.stopped}
	for i := range r.results {
		report.TotalBytes += r.results[i].Output.Printed
	}
	report.OutputID, report.SpoolErr = r.keeper.finish(r.results)
	return report
}

func (o Options) withDefaults(units int) Options {
	if o.Concurrency <= 0 {
		o.Concurrency = DefaultConcurrency
	}
	if o.Batch <= 0 || o.Batch > units {
		o.Batch = units
	}
	if o.Budget <= 0 {
		o.Budget = output.DefaultBudget
	}
	if o.SpoolPerCall <= 0 {
		o.SpoolPerCall = defaultPerCall
	}
	if o.Grace <= 0 {
		o.Grace = defaultGrace
	}
	return o
}
