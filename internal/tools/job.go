package tools

import (
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"relay-shell/internal/jobs"
	"relay-shell/internal/keeper/job"
	"relay-shell/internal/output"
	"relay-shell/internal/params"
	"relay-shell/internal/policy"
	"relay-shell/internal/relay"
	"relay-shell/internal/sshbin/dest"
	"relay-shell/internal/target"
)

type jobStartParams struct {
	Command string     `json:"command" required:"true" desc:"Command line for the shell."`
	Host    string     `json:"host" desc:"As in ssh_exec; empty: here."`
	Cwd     string     `json:"cwd" path:"true" desc:"Working directory."`
	Env     params.Env `json:"env" desc:"Variables to set; null removes."`
	Name    string     `json:"name" max:"128" desc:"Label."`
}

type jobWaitParams struct {
	JobID   string  `json:"job_id" required:"true" desc:"Job."`
	Until   string  `json:"until" desc:"RE2 in the output, ^ and $ per line; empty: the end."`
	Cursor  int64   `json:"cursor" min:"0" desc:"Search from this offset."`
	Quiet   float64 `json:"quiet" min:"0" desc:"Or so many seconds without output."`
	Timeout float64 `json:"timeout" default:"50" min:"0" max:"86400" desc:"Seconds to wait."`
}

type jobOutputParams struct {
	JobID    string `json:"job_id" required:"true" desc:"Job."`
	Cursor   *int64 `json:"cursor" min:"0" desc:"Read on from this offset; omitted: the newest."`
	MaxBytes int    `json:"max_bytes" default:"65536" min:"1" max:"1048576" desc:"Bytes."`
}

type jobKillParams struct {
	JobID      string `json:"job_id" required:"true" desc:"Job."`
	SignalName string `json:"signal_name" default:"TERM" enum:"TERM,KILL,INT,HUP,QUIT,STOP,CONT,USR1,USR2" desc:"TERM and KILL end the tree; others are only sent."`
}

type jobListParams struct {
	Host string `json:"host" desc:"The jobs on this host; empty: here."`
}

func (d *Deps) jobTools() []*Tool {
	return []*Tool{
		define(Tool{name: "job_start", Title: "Start a background job", Toolset: "job",
			Description: "Start a long command here or on a host and return at once; it survives server, client and connection. Then job_wait. For short commands use shell_exec or ssh_exec.",
			Hints:       Hints{Destructive: true, OpenWorld: true}, Output: outputOf[jobInfo]()}, d.planJobStart),
		define(Tool{name: "job_wait", Title: "Wait for a job", Toolset: "job",
			Description: "Wait until a job ends, prints something or falls quiet: state and newest output. Use this rather than polling.",
			Hints:       Hints{ReadOnly: true, OpenWorld: true}, Output: outputOf[jobOutput]()}, d.planJobWait),
		define(Tool{name: "job_output", Title: "Read a job's output", Toolset: "job",
			Description: "Read a job's output without waiting.",
			Hints:       Hints{ReadOnly: true, Idempotent: true, OpenWorld: true}, Output: outputOf[jobOutput]()}, d.planJobOutput),
		define(Tool{name: "job_kill", Title: "End a job", Toolset: "job",
			Description: "End a job's whole process tree, or signal it.",
			Hints:       Hints{Destructive: true, OpenWorld: true}, Output: outputOf[jobOutput]()}, d.planJobKill),
		define(Tool{name: "job_list", Title: "List jobs", Toolset: "job",
			Description: "List running and ended jobs.",
			Hints:       Hints{ReadOnly: true, Idempotent: true, OpenWorld: true}, Output: outputOf[jobList]()}, d.planJobList),
	}
}

// Jobs is the directory of this machine's jobs.
func Jobs(stateDir string) string { return filepath.Join(stateDir, "jobs") }

// place is where the jobs of a call are: on its host, or here.
func (d *Deps) place(run *relay.Run, host string, storeHostKeys bool) jobs.Place {
	if host != "" {
		return &jobs.Host{Target: run.Target(), Name: host, Limits: d.jobLimits(), StoreHostKeys: storeHostKeys}
	}
	l := d.localJobs()
	l.Trail = d.trailFor(run)
	return l
}

// hostsOf are the plan's hosts for a host parameter.
func hostsOf(host string) ([]dest.Destination, error) {
	if host == "" {
		return nil, nil
	}
	h, err := dest.Parse(host, dest.Options{})
	if err != nil {
		return nil, err
	}
	return []dest.Destination{h}, nil
}

func (d *Deps) planJobStart(p *jobStartParams) (*relay.Plan, error) {
	if err := checkText("command", p.Command); err != nil {
		return nil, err
	}
	hosts, err := hostsOf(p.Host)
	if err != nil {
		return nil, err
	}
	vars, subjectEnv, err := overlay(p.Env, "")
	if err != nil {
		return nil, err
	}
	named := secretNames("", vars)
	dir := p.Cwd
	if p.Host == "" {
		dir = d.here(dir)
	}
	// Whatever the command does, a job itself leaves files where it runs.
	subject := policy.Subject{Text: p.Command, Env: subjectEnv, Dir: dir, Remote: p.Host != ""}
	return &relay.Plan{Args: p, Hosts: hosts, Subject: subject, Secrets: named, Run: func(ctx context.Context, run *relay.Run) (*relay.Result, error) {
		env, _, err := d.revealEnv(ctx, run, vars)
		if err != nil {
			return nil, err
		}
		spec := jobs.Spec{Name: p.Name, Command: p.Command, Dir: dir, Call: run.ID, Secrets: named}
		if sudoer, ok := run.Target().(target.Sudoer); ok {
			text, input, secret, err := sudoer.Sudo(ctx, target.Command{Text: p.Command, ID: run.ID, StoreHostKeys: run.StoreHostKeys})
			if err != nil {
				return nil, err
			}
			if secret != "" {
				spec.Text, spec.Input, spec.Secrets = text, input, append(slices.Clone(named), secret)
			}
		}
		for _, v := range env {
			spec.Env = append(spec.Env, jobs.EnvVar(v))
		}
		var announced string
		if p.Host != "" {
			spec.Announce = func(id string) { announced = id; d.rememberJob(jobs.Ref{ID: id, Host: p.Host}) }
		}
		info, err := d.place(run, p.Host, run.StoreHostKeys).Start(ctx, spec)
		if err != nil {
			if ctx.Err() == nil && relay.AsError(err).Code != "connection_lost" { // otherwise it may have been started
				d.forgetJob(announced)
			}
			return nil, err
		}
		j := d.jobOf(info)
		d.noteJob(ctx, run, info)
		return &relay.Result{Fields: &j, Text: j.line() + "\n", Record: map[string]any{"job_id": j.JobID}}, nil
	}}, nil
}

// jobPlan is the plan of a call about one job.
func (d *Deps) jobPlan(p any, id string, do func(ctx context.Context, run *relay.Run, ref jobs.Ref, place jobs.Place) (*relay.Result, error)) (*relay.Plan, error) {
	ref, err := jobs.ParseRef(id)
	if err != nil {
		return nil, err
	}
	hosts, err := hostsOf(ref.Host)
	if err != nil {
		return nil, err
	}
	return &relay.Plan{Args: p, Hosts: hosts, Run: func(ctx context.Context, run *relay.Run) (*relay.Result, error) {
		res, err := do(ctx, run, ref, d.place(run, ref.Host, false))
		return res, err
	}}, nil
}

// newestShown is how much of the newest output comes with an answer that is not about the output, in bytes.
const newestShown = 8 << 10

func (d *Deps) planJobWait(p *jobWaitParams) (*relay.Plan, error) {
	o := jobs.WaitOptions{Cursor: p.Cursor, Quiet: seconds(p.Quiet), Timeout: seconds(p.Timeout), Max: min(newestShown, int(d.Config.MaxOutput))}
	if p.Until != "" {
		re, err := regexp.Compile("(?m)" + p.Until)
		if err != nil {
			return nil, params.Errorf("until", "RE2 syntax: no lookaround, no backreferences", "%v", err)
		}
		o.Until = re
	}
	return d.jobPlan(p, p.JobID, func(ctx context.Context, run *relay.Run, ref jobs.Ref, place jobs.Place) (*relay.Result, error) {
		if progress := run.Call.Progress; progress != nil {
			if info, _, err := place.Read(ctx, ref.ID, job.Newest, 1, 0); err == nil {
				d.maskSecrets(ctx, run, info)
			}
			o.Progress = func(data []byte) {
				if line := output.LastLine(data); line != "" {
					progress(d.hidden(nil, []byte(line)))
				}
			}
		}
		w, err := jobs.Wait(ctx, place, ref.ID, o)
		if err != nil {
			return nil, err
		}
		out := d.shown(ctx, run, place, w.Info, w.Chunk, job.Newest)
		out.Reason = w.Reason
		return d.jobResult(ctx, run, out, w.Info), nil
	})
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

func (d *Deps) planJobOutput(p *jobOutputParams) (*relay.Plan, error) {
	limit := min(p.MaxBytes, int(d.Config.MaxOutputHard))
	return d.jobPlan(p, p.JobID, func(ctx context.Context, run *relay.Run, ref jobs.Ref, place jobs.Place) (*relay.Result, error) {
		cursor := int64(job.Newest)
		if p.Cursor != nil {
			cursor = *p.Cursor
		}
		info, c, err := place.Read(ctx, ref.ID, cursor, limit, 0)
		if err != nil {
			return nil, err
		}
		return d.jobResult(ctx, run, d.shown(ctx, run, place, info, c, cursor), info), nil
	})
}

func (d *Deps) planJobKill(p *jobKillParams) (*relay.Plan, error) {
	plan, err := d.jobPlan(p, p.JobID, func(ctx context.Context, run *relay.Run, ref jobs.Ref, place jobs.Place) (*relay.Result, error) {
		_, sent, err := place.Kill(ctx, ref.ID, p.SignalName)
		if err != nil {
			return nil, err
		}
		info, c, err := place.Read(ctx, ref.ID, job.Newest, newestShown, 0)
		if err != nil {
			return nil, err
		}
		out := d.shown(ctx, run, place, info, c, job.Newest)
		if p.SignalName != "TERM" && p.SignalName != "KILL" {
			out.Signalled = &sent
		}
		return d.jobResult(ctx, run, out, info), nil
	})
	if err != nil {
		return nil, err
	}
	tier := policy.Reversible
	plan.Subject = policy.Subject{Fixed: &tier}
	return plan, nil
}

func (d *Deps) planJobList(p *jobListParams) (*relay.Plan, error) {
	hosts, err := hostsOf(p.Host)
	if err != nil {
		return nil, err
	}
	return &relay.Plan{Args: p, Hosts: hosts, Run: func(ctx context.Context, run *relay.Run) (*relay.Result, error) {
		found, err := d.place(run, p.Host, false).List(ctx)
		if err != nil {
			return nil, err
		}
		all := make([]jobInfo, len(found)) // newest first: those are asked for
		for i, info := range found {
			all[len(all)-1-i] = d.jobOf(info).listed()
			d.noteJob(ctx, run, info)
		}
		list := &jobList{Jobs: fitting(all, int(d.Config.MaxOutput)/2), Elsewhere: []string{}}
		list.Omitted = len(all) - len(list.Jobs)
		var b strings.Builder
		for i := range list.Jobs {
			b.WriteString(list.Jobs[i].line() + "\n")
		}
		switch {
		case len(all) == 0:
			b.WriteString("no jobs\n")
		case list.Omitted > 0:
			fmt.Fprintf(&b, "%d older ones\n", list.Omitted)
		}
		if p.Host != "" {
			d.forgetAbsent(p.Host, found)
		} else {
			list.Elsewhere = d.jobsElsewhere()
			if len(list.Elsewhere) > 0 {
				b.WriteString("started from here on hosts: " + strings.Join(list.Elsewhere, ", ") + "\n")
			}
		}
		return &relay.Result{Fields: list, Text: b.String()}, nil
	}}, nil
}
