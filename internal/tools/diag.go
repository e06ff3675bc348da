package tools

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"relay-shell/internal/audit"
	"relay-shell/internal/params"
	"relay-shell/internal/policy"
	"relay-shell/internal/relay"
	"relay-shell/internal/sshbin/dest"
)

func (d *Deps) diagTools() []*Tool {
	info := define(Tool{
		name: "server_info", Title: "About this server", Toolset: "diag",
		Description: "Version, policy mode, limits, audit health, OpenSSH version, toolsets.",
		Hints:       Hints{ReadOnly: true, Idempotent: true}, Output: outputOf[serverInfo](),
	}, d.planInfo)
	tail := define(Tool{
		name: "audit_tail", Title: "Read the audit", Toolset: "diag",
		Description: "The newest audited calls, oldest first, one JSON line each, filtered.",
		Hints:       Hints{ReadOnly: true, Idempotent: true}, Output: outputOf[auditRecords](),
	}, d.planTail)
	read := define(Tool{
		name: "output_read", Title: "Read more of an output", Toolset: "diag",
		Description: "Read or search the rest of an output that was truncated. The id is in the [TRUNCATED …] line and in output_id.",
		Hints:       Hints{ReadOnly: true, Idempotent: true}, Output: outputOf[outputPage](),
	}, d.planOutput)
	explain := define(Tool{
		name: "policy_explain", Title: "Explain a verdict", Toolset: "diag",
		Description: "Say what tier a command has, why, and what the policy would do with it, without running anything.",
		Hints:       Hints{ReadOnly: true, Idempotent: true}, Output: outputOf[explanation](),
	}, d.planExplain)
	confirm := define(Tool{
		name: "operation_confirm", Title: "Confirm a call", Toolset: "diag",
		Description: "Confirm the call that answered [CONFIRM REQUIRED …] by its token; then repeat the identical call.",
		Hints:       Hints{Idempotent: true}, Output: outputOf[confirmed](),
	}, d.planConfirm)
	return []*Tool{info, tail, read, explain, confirm}
}

type tailParams struct {
	Lines   int    `json:"lines" default:"50" min:"1" max:"1000" desc:"How many calls."`
	Tool    string `json:"tool" desc:"Only this tool."`
	Tier    *int   `json:"tier" min:"0" max:"3" desc:"Only this tier."`
	Denied  *bool  `json:"denied" desc:"Only denied, or only admitted, calls."`
	Host    string `json:"host" desc:"Only this host, by alias or name."`
	Outcome string `json:"outcome" enum:"ok,running,timeout,cancelled,denied,confirm_required,error,unknown" desc:"Only this outcome."`
	Since   string `json:"since" desc:"RFC 3339 time, or an age such as 2h."`
}

type auditRecords struct {
	Records []json.RawMessage `json:"records" jsonschema:"result records joined with their intents, oldest first"`
}

func (d *Deps) planTail(p *tailParams) (*relay.Plan, error) {
	since, err := Since(p.Since, time.Now())
	if err != nil {
		return nil, err
	}
	filter := audit.Filter{Lines: p.Lines, Tool: p.Tool, Tier: p.Tier, Denied: p.Denied, Host: p.Host, Outcome: p.Outcome, Since: since}
	return &relay.Plan{Run: func(context.Context, *relay.Run) (*relay.Result, error) {
		joined, err := d.Audit.Query(filter)
		if err != nil {
			return nil, err
		}
		lines := make([]json.RawMessage, 0, len(joined))
		for _, j := range joined {
			b, err := json.Marshal(j)
			if err != nil {
				return nil, err
			}
			lines = append(lines, b)
		}
		res := &relay.Result{}
		kept := newest(lines, int(d.Config.MaxOutput)/2)
		if len(kept) < len(lines) {
			res.Notes = append(res.Notes, fmt.Sprintf("%d older records left out to fit the output budget; narrow the filters", len(lines)-len(kept)))
		}
		var b strings.Builder
		for _, line := range kept {
			b.Write(line)
			b.WriteByte('\n')
		}
		if len(lines) == 0 {
			b.WriteString("no audited calls match\n")
		}
		res.Fields, res.Text = &auditRecords{Records: kept}, b.String()
		return res, nil
	}}, nil
}

// newest keeps as many trailing lines as fit in budget bytes.
func newest(lines []json.RawMessage, budget int) []json.RawMessage {
	used := 0
	for i := len(lines) - 1; i >= 0; i-- {
		used += len(lines[i]) + 1
		if used > budget {
			return lines[i+1:]
		}
	}
	return lines
}

// Since reads a point in time: RFC 3339, or an age before now such as 90s, 2h or 7d. Empty is the zero time.
func Since(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t, nil
	}
	age := text
	if days, ok := strings.CutSuffix(text, "d"); ok {
		age = days + "h"
	}
	if d, err := time.ParseDuration(age); err == nil && d >= 0 {
		if strings.HasSuffix(text, "d") {
			d *= 24
		}
		return now.Add(-d), nil
	}
	return time.Time{}, params.Errorf("since", "for example 2026-01-31T12:00:00Z, 30m, 2h or 7d", "%q is neither a time nor an age", text)
}

type outputParams struct {
	ID     string `json:"id" required:"true" desc:"The output's id."`
	Offset int64  `json:"offset" min:"0" desc:"Byte to start at."`
	Length int    `json:"length" min:"0" desc:"Bytes to read, default 65536, at most 1048576."`
	Grep   string `json:"grep" desc:"RE2: return matching lines from offset on instead, with their numbers."`
}

type outputPage struct {
	Data       string        `json:"data"`
	Offset     int64         `json:"offset"`
	NextOffset int64         `json:"next_offset" jsonschema:"where to read on"`
	TotalBytes int64         `json:"total_bytes"`
	EOF        bool          `json:"eof"`
	Lossy      bool          `json:"lossy"`
	Matches    []outputMatch `json:"matches,omitempty"`
}

type outputMatch struct {
	Line   int64  `json:"line"`
	Offset int64  `json:"offset"`
	Text   string `json:"text"`
}

type explainParams struct {
	Command string `json:"command" required:"true" desc:"The command line; for script tools the script."`
	Host    string `json:"host" desc:"The host it would run on; empty is this machine."`
	Tool    string `json:"tool" desc:"The tool that would run it; default shell_exec or ssh_exec."`
}

type explanation struct {
	Sensitive bool            `json:"sensitive" jsonschema:"reads keys, passwords or other secrets"`
	TierName  string          `json:"tier_name"`
	Reasons   []policy.Reason `json:"reasons" jsonschema:"each simple command with its rule"`
	Effect    string          `json:"effect" jsonschema:"allow, deny or confirm"`
	Reason    string          `json:"reason" jsonschema:"why the policy would do that"`
	Mode      string          `json:"mode"`
}

func (d *Deps) planExplain(p *explainParams) (*relay.Plan, error) {
	if err := checkText("command", p.Command); err != nil {
		return nil, err
	}
	var hosts []dest.Destination
	tool := p.Tool
	if p.Host != "" {
		host, err := dest.Parse(p.Host, dest.Options{})
		if err != nil {
			return nil, err
		}
		hosts = append(hosts, host)
		tool = orElse(tool, "ssh_exec")
	}
	tool = orElse(tool, "shell_exec")
	return &relay.Plan{Args: p, Hosts: hosts, Run: func(_ context.Context, run *relay.Run) (*relay.Result, error) {
		subject := policy.Subject{Tool: tool, Remote: len(hosts) > 0, Names: run.Target().Names()}
		if strings.HasSuffix(tool, "_script") {
			subject.Script, subject.Interpreter = p.Command, "bash"
		} else {
			subject.Text = p.Command
		}
		return explain(d.Policy, subject, relay.Who(run.Call.Caller, run.Targets)), nil
	}}, nil
}

func explain(engine *policy.Engine, subject policy.Subject, who policy.Who) *relay.Result {
	a := policy.Assess(subject)
	decision := engine.Decide(subject, a, who)
	e := &explanation{
		Sensitive: a.Sensitive, TierName: a.Tier.String(), Reasons: a.Reasons,
		Effect: string(decision.Effect), Reason: decision.Reason, Mode: string(decision.Mode),
	}
	var b strings.Builder
	fmt.Fprintf(&b, "tier %d (%s), %s in mode %s", a.Tier, a.Tier, decision.Effect, decision.Mode)
	if decision.Reason != "" {
		b.WriteString(": " + decision.Reason)
	}
	b.WriteByte('\n')
	if a.Sensitive {
		b.WriteString("sensitive: it would show secrets\n")
	}
	for _, r := range a.Reasons {
		fmt.Fprintf(&b, "%d  %s  — %s\n", r.Tier, r.Text, r.Why)
	}
	// The tier in this result is the explained command's; the call itself is audited at tier 0.
	return &relay.Result{Tier: a.Tier, Fields: e, Text: b.String()}
}

func orElse(s, fallback string) string {
	if s == "" {
		return fallback
	}
	return s
}
