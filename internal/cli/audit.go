package cli

import (
	"encoding/json"
	"fmt"
	"time"

	"relay-shell/internal/audit"
	"relay-shell/internal/relay"
	"relay-shell/internal/tools"
)

type auditCmd struct {
	Tail   auditTailCmd   `cmd:"" help:"Show the newest calls."`
	Verify auditVerifyCmd `cmd:"" help:"Check the whole log: 0 intact, 2 not, naming the first bad record."`
}

type auditTailCmd struct {
	Lines   int    `short:"n" default:"50" help:"How many calls, 1 to 1000."`
	Tool    string `help:"Only this tool."`
	Tier    *int   `help:"Only this tier."`
	Denied  *bool  `help:"Only denied calls, or with =false only admitted ones."`
	Host    string `help:"Only this host."`
	Outcome string `help:"Only this outcome."`
	Since   string `help:"RFC 3339 time or an age such as 2h or 7d."`
}

func (c *auditTailCmd) Run(s *session) error {
	args := map[string]any{"lines": c.Lines, "tool": c.Tool, "host": c.Host, "outcome": c.Outcome, "since": c.Since}
	if c.Tier != nil {
		args["tier"] = *c.Tier
	}
	if c.Denied != nil {
		args["denied"] = *c.Denied
	}
	return s.show("audit_tail", args)
}

type auditVerifyCmd struct {
	Path   string   `help:"Live file of the log, if not AUDIT_PATH." placeholder:"FILE"`
	Since  string   `help:"Leave out segments sealed before: RFC 3339 time or an age."`
	Floor  []string `help:"A head that the log must contain, as in _meta of a result." placeholder:"SIZE:ROOT"`
	Pubkey string   `help:"Verifier key as you keep it elsewhere." placeholder:"KEY"`
	JSON   bool     `help:"The report as JSON." name:"json"`
}

func (c *auditVerifyCmd) Run(s *session) error {
	o := audit.VerifyOptions{Path: c.Path, PublicKey: c.Pubkey}
	if o.Path == "" {
		o.Path = s.cfg.AuditPath
	}
	var err error
	if o.Since, err = tools.Since(c.Since, time.Now()); err != nil {
		return usage(err)
	}
	for _, text := range c.Floor {
		floor, err := audit.ParseFloor(text)
		if err != nil {
			return usage(err)
		}
		o.Floors = append(o.Floors, floor)
	}
	report, err := audit.Verify(s.ctx, o)
	if err != nil {
		return usage(relay.AsError(err))
	}
	if c.JSON {
		if err := json.NewEncoder(s.world.Stdout).Encode(report); err != nil {
			return err
		}
	} else {
		printReport(s, report)
	}
	if !report.OK {
		return &statusError{exitUsage, nil}
	}
	return nil
}

func printReport(s *session, r *audit.Report) {
	if r.OK {
		fmt.Fprintf(s.world.Stdout, "intact: %d records, size %d, root %s, %d checkpoints signed up to %d\n", r.Records, r.Size, r.Root, r.Checkpoints, r.Signed)
	} else {
		fmt.Fprintf(s.world.Stdout, "NOT INTACT: %s line %d (record %d): %s\n", r.Fault.File, r.Fault.Line, r.Fault.Seq, r.Fault.Reason)
	}
	if r.PublicKey != "" {
		fmt.Fprintf(s.world.Stdout, "key: %s\n", r.PublicKey)
	}
	for _, note := range r.Notes {
		fmt.Fprintln(s.world.Stdout, "note: "+note)
	}
}
