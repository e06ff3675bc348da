package tools

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"relay-shell/internal/output"
	"relay-shell/internal/params"
	"relay-shell/internal/policy"
	"relay-shell/internal/relay"
	"relay-shell/internal/target"
)

// bounds are what every call that runs a command may ask for.
type bounds struct {
	timeout time.Duration
	budget  int
	notes   []string
}

// bounded turns the timeout (seconds, nil = the setting) and the output budget (bytes, 0 = the setting) of a call into what
// the server allows: too much is lowered and said.
func (d *Deps) bounded(timeout *float64, fallback time.Duration, maxOutput int) bounds {
	b := bounds{timeout: fallback, budget: maxOutput}
	if timeout != nil && *timeout > 0 {
		b.timeout = time.Duration(*timeout * float64(time.Second))
	}
	if limit := d.Config.MaxTimeout; b.timeout > limit {
		if timeout != nil {
			b.notes = append(b.notes, fmt.Sprintf("timeout lowered to %g s (MAX_TIMEOUT)", limit.Seconds()))
		}
		b.timeout = limit
	}
	if b.budget == 0 {
		b.budget = int(d.Config.MaxOutput)
	}
	if hard := int(d.Config.MaxOutputHard); b.budget > hard {
		b.notes = append(b.notes, fmt.Sprintf("max_output lowered to %d bytes (MAX_OUTPUT_HARD)", hard))
		b.budget = hard
	}
	return b
}

// execution is a command to run with everything around it.
type execution struct {
	command target.Command
	merge   bool
	stdin   string
	bounds  bounds
	detach  detachment
}

// runner makes the plan's Run: the command on the call's only target, its output captured within the budget.
func (d *Deps) runner(j execution) func(context.Context, *relay.Run) (*relay.Result, error) {
	return func(ctx context.Context, run *relay.Run) (*relay.Result, error) {
		stdin, env, err := d.reveal(ctx, run, j.stdin, j.command.Env)
		if err != nil {
			return nil, err
		}
		capture := output.NewCapture(output.CaptureOptions{Budget: j.bounds.budget, Spool: d.Spool, Merge: j.merge, Progress: run.Call.Progress, Mask: d.mask()})
		c := j.command
		c.ID = run.ID
		c.StoreHostKeys = run.StoreHostKeys
		c.Started = run.Started
		c.Stdout, c.Stderr = live(capture, run.Call, j.merge)
		c.Stdin = run.Call.Stdin
		c.Env = env
		if stdin != "" {
			c.Stdin = strings.NewReader(stdin)
		}
		leaving := d.depart(ctx, run, j)
		if leaving != nil {
			c.Detach, c.Started = leaving.signal, leaving.onStart(run.Started)
			c.Stdout, c.Stderr = leaving.teed(c.Stdout, c.Stderr)
		}
		exit, err := run.Target().Run(ctx, c)
		res := &relay.Result{Notes: exit.Notes}
		var jobID *string
		if leaving != nil {
			id, note, failed := leaving.arrive(ctx, exit)
			switch {
			case failed != nil:
				err = failed
			case id != "":
				res.Outcome, jobID = relay.Running, &id
				res.Record = map[string]any{"job_id": id}
			case note != "":
				res.Notes = append(res.Notes, note)
			}
		}
		res.Command = commandResult(exit, capture.Finish(), run.Target().Host())
		res.Command.JobID = jobID
		return res, err
	}
}

// live adds the caller's own terminal to the capture. Equal writers stay equal: they mean one stream.
func live(capture *output.Capture, call *relay.Call, merge bool) (stdout, stderr io.Writer) {
	stdout, stderr = capture.Stdout(), capture.Stderr()
	if call.Stdout == nil {
		return stdout, stderr
	}
	stdout = io.MultiWriter(stdout, call.Stdout)
	if merge {
		return stdout, stdout
	}
	return stdout, io.MultiWriter(stderr, call.Stderr)
}

// mask stands between a command's output and everything that shows or keeps it (REDACT_OUTPUT). Values that relay-shell itself has given to
// a command are masked whatever the setting says.
func (d *Deps) mask() func(io.Writer) output.Filter {
	if d.Mask == nil {
		return nil
	}
	return func(w io.Writer) output.Filter { return d.Mask.NewWriter(w) }
}

func commandResult(exit target.Exit, out output.Output, host *target.Host) *relay.CommandResult {
	res := &relay.CommandResult{
		ExitCode: exit.Code, Stdout: out.Stdout, Stderr: out.Stderr, Truncated: out.Truncated, TotalBytes: out.TotalBytes,
		Lossy: out.Lossy, Survivors: exit.Survivors, Fingerprint: exit.Fingerprint, SHA256: out.SHA256,
	}
	if res.Survivors == nil {
		res.Survivors = []string{}
	}
	if exit.Signal != "" {
		res.Signal = &exit.Signal
	}
	if host != nil {
		res.Host = &host.Alias
	}
	if out.OutputID != "" {
		res.OutputID = &out.OutputID
	}
	return res
}

// checkText refuses a command or script that cannot mean anything.
func checkText(param, text string) error {
	if strings.TrimSpace(text) == "" {
		return params.Errorf(param, "pass the "+param+" to run", "is blank")
	}
	if strings.ContainsRune(text, 0) {
		return params.Errorf(param, "remove the NUL; bytes go by stdin or a file", "holds a NUL byte, which no command line can carry")
	}
	return noSecret(param, text)
}

// overlay joins env and env_json into what targets and the policy take.
func overlay(env params.Env, envJSON string) ([]target.EnvVar, []policy.EnvVar, error) {
	merged, err := env.Merge(envJSON)
	if err != nil {
		return nil, nil, err
	}
	var vars []target.EnvVar
	var subject []policy.EnvVar
	for _, name := range merged.Names() {
		value := merged[name]
		vars = append(vars, target.EnvVar{Name: name, Value: value})
		if value == nil {
			subject = append(subject, policy.EnvVar{Name: name, Unset: true})
		} else {
			subject = append(subject, policy.EnvVar{Name: name, Value: *value})
		}
	}
	return vars, subject, nil
}
