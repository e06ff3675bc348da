package tools

import (
	"context"
	"io"
	"time"

	"relay-shell/internal/fleet"
	"relay-shell/internal/params"
	"relay-shell/internal/policy"
	"relay-shell/internal/relay"
	"relay-shell/internal/sshbin/dest"
	"relay-shell/internal/target"
)

// fanoutTimeout is what a command may take on each host when the call says nothing.
const fanoutTimeout = 30 * time.Second

type fanoutParams struct {
	Command     string           `json:"command" required:"true" desc:"Command line."`
	Hosts       params.Selection `json:"hosts" desc:"Aliases, @group, glob, !exclude, @a:&@b; empty = whole inventory."`
	Timeout     *float64         `json:"timeout" min:"0" desc:"Seconds per host, at most 900."`
	Concurrency int              `json:"concurrency" default:"32" min:"1" max:"512" desc:"Hosts at a time."`
	Batch       params.Share     `json:"batch" desc:"Rolling: 5 or \"25%\" hosts end before the next start; 0 = off."`
	MaxFailures int              `json:"max_failures" min:"0" desc:"Start no more hosts after so many failures (non-zero exits count); 0 = never."`
	Aggregate   bool             `json:"aggregate" desc:"Join identical results into one with its hosts."`
	connParams
}

type checkParams struct {
	Hosts   params.Selection `json:"hosts" desc:"As in ssh_fanout."`
	Timeout float64          `json:"timeout" default:"5" min:"0.1" max:"300" desc:"Seconds per host."`
}

func (d *Deps) fleetTools() []*Tool {
	fanout := define(Tool{
		name: "ssh_fanout", Title: "Run a command on many hosts", Toolset: "ssh",
		Description: "Run one command on many hosts in parallel. For one host use ssh_exec. Use batch and max_failures for risky changes, aggregate to compare hosts.",
		Hints:       Hints{Destructive: true, OpenWorld: true}, Output: outputOf[Fanout](),
	}, d.planFanout)
	check := define(Tool{
		name: "ssh_check", Title: "Check which hosts answer", Toolset: "ssh",
		Description: "Log in to hosts in parallel: which are up, how fast, or why not. Runs nothing, stores no host key.",
		Hints:       Hints{ReadOnly: true, Idempotent: true, OpenWorld: true}, Output: outputOf[Check](),
	}, d.planCheck)
	return []*Tool{fanout.withDefault("timeout", fanoutTimeout.Seconds()), check}
}

// destinations are the hosts that a selection means.
func (d *Deps) destinations(selection params.Selection, o dest.Options) ([]dest.Destination, error) {
	names, err := d.Inventory.Select(string(selection))
	if err != nil {
		return nil, err
	}
	hosts := make([]dest.Destination, len(names))
	for i, name := range names {
		if hosts[i], err = dest.Parse(name, o); err != nil {
			return nil, err
		}
	}
	return hosts, nil
}

func (d *Deps) planFanout(p *fanoutParams) (*relay.Plan, error) {
	if err := checkText("command", p.Command); err != nil {
		return nil, err
	}
	hosts, err := d.destinations(p.Hosts, p.options())
	if err != nil {
		return nil, err
	}
	batch, err := p.Batch.Of(len(hosts))
	if err != nil {
		return nil, err
	}
	b := d.bounded(p.Timeout, fanoutTimeout, 0)
	o := fleet.Options{
		Timeout: b.timeout, Concurrency: p.Concurrency, Batch: batch, MaxFailures: p.MaxFailures, Budget: b.budget, Spool: d.Spool,
		SpoolPerCall: int64(d.Config.SpoolPerCall), Mask: d.mask(), Command: target.Command{Text: p.Command},
	}
	return &relay.Plan{
		Args: p, Hosts: hosts, Partial: true, Notes: b.notes, Subject: policy.Subject{Text: p.Command, Remote: true},
		Run: func(ctx context.Context, run *relay.Run) (*relay.Result, error) {
			o := o
			o.Command.ID, o.Command.StoreHostKeys = run.ID, run.StoreHostKeys
			o.Progress, o.Live = run.Call.Progress, liveLines(run.Call.Stdout)
			report := fleet.Run(ctx, units(hosts, run), o)
			a := newFanoutAnswer(report, p.Aggregate, b.budget)
			return a.result(), ended(ctx)
		},
	}, nil
}

// units are the hosts of a call with their targets.
func units(hosts []dest.Destination, run *relay.Run) []fleet.Unit {
	list := make([]fleet.Unit, len(hosts))
	for i, h := range hosts {
		list[i] = fleet.Unit{Host: h.String(), Target: run.Targets[i]}
		if len(run.Unresolved) > 0 {
			list[i].Err = run.Unresolved[i]
		}
	}
	return list
}

// liveLines writes to the command line's terminal, if there is one.
func liveLines(w io.Writer) func([]byte) {
	if w == nil {
		return nil
	}
	return func(lines []byte) {
		_, _ = w.Write(lines) // a terminal that is gone ends the program by itself
	}
}

// ended is the cause with which a call was ended, nil if it was not: what there is of its results is answered all the same.
func ended(ctx context.Context) error {
	if ctx.Err() == nil {
		return nil
	}
	return context.Cause(ctx)
}
