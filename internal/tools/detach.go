package tools

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"relay-shell/internal/audit"
	"relay-shell/internal/jobs"
	"relay-shell/internal/keeper"
	"relay-shell/internal/keeper/job"
	"relay-shell/internal/params"
	"relay-shell/internal/relay"
	"relay-shell/internal/target"
)

// detachParams turn a slow call into a job.
type detachParams struct {
	DetachAfter *float64 `json:"detach_after" min:"0" desc:"Seconds; then it goes on as a job. 0: never."`
}

// detachProperty is hidden where there are no tools to follow a job with.
const detachProperty = "detach_after"

// detachment says when a call becomes a job, and what its timeout is then.
type detachment struct {
	after   time.Duration // 0: never
	timeout time.Duration
	// command is what the job is called by.
	command string
}

// detaching reads the parameter of a call; timeout is the call's own, nil if it named none. The second result is the timeout of
// the call itself.
func (d *Deps) detaching(p detachParams, readOnly bool, timeout *float64, b bounds, command string) (detachment, time.Duration, error) {
	t := detachment{after: d.Config.DetachAfter, timeout: b.timeout, command: command}
	if readOnly { // reads are quick, and a job is no read
		if p.DetachAfter != nil {
			return t, 0, params.Errorf(detachProperty, "use the tool that may change things, or job_start", "is no parameter of this tool")
		}
		t.after = 0
	}
	if p.DetachAfter != nil {
		t.after = seconds(*p.DetachAfter)
	}
	if !d.jobs {
		if p.DetachAfter != nil && t.after > 0 {
			return t, 0, params.Errorf(detachProperty, "leave it out, or switch the toolset job on (TOOLSETS)", "makes a job, and the toolset job is off")
		}
		t.after = 0
	}
	call := b.timeout
	if (timeout == nil || *timeout == 0) && t.after > 0 {
		t.timeout = d.Config.MaxTimeout
		if t.after >= call { // it would never get there
			call = d.Config.MaxTimeout
		}
	}
	return t, call, nil
}

// tailBytes is how much of a call's newest output its job begins with. All of it is in the call's answer.
const tailBytes = 256 << 10

// tail remembers the newest output.
type tail struct {
	mu    sync.Mutex
	bytes []byte
	total int64
}

// Write never fails.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.total += int64(len(p))
	t.bytes = append(t.bytes, p[max(0, len(p)-tailBytes):]...)
	if len(t.bytes) > 2*tailBytes {
		t.bytes = append(t.bytes[:0], t.bytes[len(t.bytes)-tailBytes:]...)
	}
	return len(p), nil
}

// departure is a call that may become a job while it runs.
type departure struct {
	deps    *Deps
	run     *relay.Run
	what    detachment
	dir     string // working directory, as given
	tail    *tail
	timer   *time.Timer
	signal  chan struct{} // closed when the command is to be let go
	ready   chan struct{} // closed when begin has ended
	away    func()        // lets the keeper know, if it has no command yet, that none will come; nil without a keeper
	started time.Time     // of the command
	mu      sync.Mutex
	id      string // of the keeper that waits for the command, "" for none
	err     error  // why there is none
}

// depart arms the departure of a call, nil where it stays: on a terminal, for the command line, and with secrets, whose values only
// this server knows to mask.
func (d *Deps) depart(ctx context.Context, run *relay.Run, e execution) *departure {
	if len(secretNames(e.stdin, e.command.Env)) > 0 {
		return nil
	}
	if e.detach.after <= 0 || e.command.TTY || run.Call.Stdout != nil || run.Call.Stdin != nil {
		return nil
	}
	p := &departure{deps: d, run: run, what: e.detach, dir: e.command.Dir, tail: &tail{}, signal: make(chan struct{}), ready: make(chan struct{}), started: time.Now()}
	p.timer = time.AfterFunc(e.detach.after, func() { p.begin(ctx) })
	return p
}

// begin has a keeper ready before the command is let go, so that a call that cannot become a job goes on as it is.
func (p *departure) begin(ctx context.Context) {
	defer close(p.ready)
	d := p.deps
	local := d.localJobs()
	local.Clean(ctx)
	id := keeper.NewID(job.Kind)
	_, err := d.Keepers.StartAs(ctx, job.Kind, id, d.Config.MaxJobs, job.Params{Dir: local.Dir, Limit: d.Config.JobOutputBytes, Trail: d.trailFor(p.run)})
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err = err; err == nil {
		p.id = id
		p.away = d.announce(ctx, id)
		close(p.signal)
	}
}

// announce asks the keeper to be told when it has the command: while somebody asks, it knows that a server lives that may bring one.
func (d *Deps) announce(ctx context.Context, id string) (away func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	asked := make(chan struct{})
	go func() { // ends with the answer, or by cancel
		defer close(asked)
		_ = d.Keepers.Call(ctx, id, job.OpAwait, nil, nil)
	}()
	return func() { cancel(); <-asked }
}

// onStart notes when the command has started.
func (p *departure) onStart(started func()) func() {
	return func() {
		p.mu.Lock()
		p.started = time.Now()
		p.mu.Unlock()
		started()
	}
}

// arrive ends the departure: with a command that was let go its keeper takes it, and the job's id is returned. Otherwise the keeper
// is not needed.
func (p *departure) arrive(ctx context.Context, exit target.Exit) (id string, note string, err error) {
	if p.timer.Stop() {
		close(p.ready)
	}
	<-p.ready
	p.mu.Lock()
	id, failed := p.id, p.err
	p.mu.Unlock()
	if p.away != nil {
		defer p.away()
	}
	h := exit.Handover
	if h == nil {
		p.dismiss(ctx, id)
		if failed != nil {
			note = "it could not go on as a job: " + failed.Error()
		}
		return "", note, nil
	}
	if err := p.give(ctx, id, h); err != nil {
		p.dismiss(ctx, id) // it may have taken the command after all
		if left := h.Release(false); len(left) > 0 {
			err = fmt.Errorf("%w; left: %s", err, strings.Join(left, ", "))
		}
		return "", "", fmt.Errorf("handing the command over to a job: %w", err)
	}
	h.Release(true)
	return id, "", nil
}

// dismiss ends the keeper and what it holds. One that cannot be told ends by itself when it gets nothing.
func (p *departure) dismiss(ctx context.Context, id string) {
	if id == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), giveTimeout)
	defer cancel()
	_ = p.deps.Keepers.Close(ctx, id)
}

// giveTimeout bounds the handing over itself; a call that is cancelled meanwhile is a job already.
const giveTimeout = 10 * time.Second

func (p *departure) give(ctx context.Context, id string, h *target.Handover) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), giveTimeout)
	defer cancel()
	d := p.deps
	store, err := job.OpenStore(filepath.Join(d.localJobs().Dir, id), d.Config.JobOutputBytes)
	if err != nil {
		return err
	}
	newest := p.tail.bytes[max(0, len(p.tail.bytes)-tailBytes):]
	store.Skip(p.tail.total - int64(len(newest)))
	_, _ = store.Write(newest) // never fails
	_ = store.Close()
	p.mu.Lock()
	started := p.started
	p.mu.Unlock()
	a := job.Adopt{Files: len(h.Files), Stderr: h.Stderr, Mark: h.Mark, Meta: job.Meta{
		ID: id, Command: p.what.command, Cwd: p.dir, Started: started.UTC(), PID: h.PID, Call: p.run.ID, Timeout: p.what.timeout, Deadline: started.Add(p.what.timeout).UTC(), Secrets: h.Secrets,
	}}
	if h.Remote != nil {
		a.Meta.Host = p.run.Target().Host().Alias
		a.Remote = &job.Remote{Session: *h.Remote, Host: h.Host, SSH: d.SSHOptions}
	}
	return d.Keepers.Give(ctx, id, job.OpAdopt, a, h.Files, nil)
}

// trailFor is the audit log to which another process writes on behalf of a call, nil without one.
func (d *Deps) trailFor(run *relay.Run) *audit.Trail {
	if d.Trail.Path == "" {
		return nil
	}
	trail := d.Trail
	trail.Principal, trail.Client = run.Call.Caller.Principal, run.Call.Caller.Client
	return &trail
}

// localJobs are the jobs that keepers of this machine hold.
func (d *Deps) localJobs() *jobs.Local {
	return &jobs.Local{Keepers: d.Keepers, Dir: Jobs(d.Config.StateDir), Limits: d.jobLimits(), Environ: d.Environ}
}

func (d *Deps) jobLimits() jobs.Limits {
	c := d.Config
	return jobs.Limits{Running: c.MaxJobs, Output: c.JobOutputBytes, Retention: c.JobRetention, History: c.JobHistory}
}

// teed adds the tail to a call's writers. Equal writers stay equal: they mean one stream.
func (p *departure) teed(stdout, stderr io.Writer) (io.Writer, io.Writer) {
	merged := stdout == stderr
	stdout = io.MultiWriter(stdout, p.tail)
	if merged {
		return stdout, stdout
	}
	return stdout, io.MultiWriter(stderr, p.tail)
}
