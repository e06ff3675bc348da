package tools

import (
	"context"
	"fmt"
	"strings"
	"time"

	"relay-shell/internal/fleet"
	"relay-shell/internal/output"
	"relay-shell/internal/policy"
	"relay-shell/internal/relay"
)

// Check is what ssh_check answers.
type Check struct {
	Counts  CheckCounts   `json:"counts"`
	Results []CheckResult `json:"results" jsonschema:"in the order of the hosts"`
	Omitted int           `json:"omitted,omitempty" jsonschema:"hosts left out for want of room, those that are up first"`
}

// CheckCounts counts hosts by state.
type CheckCounts struct {
	Total   int `json:"total"`
	Up      int `json:"up"`
	NoLogin int `json:"no_login"`
	Down    int `json:"down"`
	Unknown int `json:"unknown,omitempty"`
}

// CheckResult is what is known of one host.
type CheckResult struct {
	Host        string       `json:"host"`
	State       string       `json:"state" jsonschema:"up; no_login: the server answers and lets nobody in; down; unknown: not tried to the end"`
	Outcome     string       `json:"outcome" jsonschema:"ok, timeout, cancelled, error or skipped"`
	LatencyMS   *float64     `json:"latency_ms" jsonschema:"there and back over the live connection, or the whole login where that was not measured"`
	Reason      string       `json:"reason,omitempty" jsonschema:"error code and ssh's words"`
	Error       *relay.Error `json:"error"`
	Adopted     bool         `json:"adopted,omitempty" jsonschema:"rides on the operator's own connection"`
	Fingerprint string       `json:"fingerprint,omitempty" jsonschema:"of the host key"`
	DurationMS  int64        `json:"duration_ms"`
}

// The states of a host.
const (
	stateUp      = "up"
	stateNoLogin = "no_login"
	stateDown    = "down"
	stateUnknown = "unknown"
)

func (d *Deps) planCheck(p *checkParams) (*relay.Plan, error) {
	hosts, err := d.destinations(p.Hosts, connParams{}.options())
	if err != nil {
		return nil, err
	}
	floor := policy.Observe
	o := fleet.CheckOptions{Timeout: time.Duration(p.Timeout * float64(time.Second))}
	return &relay.Plan{
		Args: p, Hosts: hosts, Partial: true, ReadOnly: true, Subject: policy.Subject{Fixed: &floor},
		Run: func(ctx context.Context, run *relay.Run) (*relay.Result, error) {
			o := o
			o.Progress = run.Call.Progress
			o.StoreHostKeys = false // looking must change nothing, in any mode
			checked := fleet.Check(ctx, units(hosts, run), o)
			return checkAnswer(checked, int(d.Config.MaxOutput)), ended(ctx)
		},
	}, nil
}

func checkAnswer(checked []fleet.Checked, budget int) *relay.Result {
	c := &Check{Results: []CheckResult{}}
	for i := range checked {
		r := checkResult(&checked[i])
		c.Counts.add(r.State)
		c.Results = append(c.Results, r)
	}
	record := map[string]any{"results": map[string]any{"counts": c.Counts}}
	c.fit(budget - min(answerReserve, budget/2))
	return &relay.Result{Fields: c, Text: c.text(), Record: record}
}

func (c *CheckCounts) add(state string) {
	c.Total++
	switch state {
	case stateUp:
		c.Up++
	case stateNoLogin:
		c.NoLogin++
	case stateDown:
		c.Down++
	default:
		c.Unknown++
	}
}

func checkResult(c *fleet.Checked) CheckResult {
	r := CheckResult{Host: c.Host, Outcome: string(c.Outcome), DurationMS: c.Duration.Milliseconds(), Adopted: c.Adopted, Fingerprint: c.Fingerprint}
	switch c.Outcome {
	case fleet.OK:
		latency := c.Latency
		if latency == 0 {
			latency = c.Duration
		}
		ms := float64(latency.Microseconds()) / 1000
		r.State, r.LatencyMS = stateUp, &ms
		return r
	case fleet.Skipped, fleet.Cancelled:
		r.State = stateUnknown
	default:
		r.State = stateDown
	}
	if c.Err != nil {
		e := *relay.AsError(c.Err)
		e.Message, e.Hint = clipped(e.Message, 1024), clipped(e.Hint, 512)
		r.Error, r.Reason = &e, e.Code+": "+e.Message
		if answers(e.Code) && r.State == stateDown {
			r.State = stateNoLogin
		}
	}
	return r
}

// answers reports whether an error means that the server itself was reached.
func answers(code string) bool {
	switch code {
	case "auth_failed", "host_key_unknown", "host_key_changed", "login_required", "touch_required", "permission_denied", "limit_reached":
		return true
	}
	return false
}

// fit makes both forms fit room bytes: first hints and details go, then hosts that are up, then the last of the others.
func (c *Check) fit(room int) {
	fits := func() bool { return sizeOf(c)+perResult*len(c.Results) <= room && len(c.text()) <= room }
	if fits() {
		return
	}
	hinted := map[string]bool{}
	for i := range c.Results {
		r := &c.Results[i]
		r.Fingerprint = ""
		if r.Error == nil {
			continue
		}
		r.Reason = clipped(r.Reason, 160)
		r.Error.Message = clipped(r.Error.Message, 120)
		if hinted[r.Error.Code] {
			r.Error.Hint = ""
		}
		hinted[r.Error.Code] = true
	}
	if fits() {
		return
	}
	all := c.Results
	keep := func(n int) bool {
		c.Results, c.Omitted = important(all, n), len(all)-n
		return fits()
	}
	keep(mostThat(len(all), keep))
}

// important are n results in their order, of hosts that are not up before those that are.
func important(all []CheckResult, n int) []CheckResult {
	bad := 0
	for i := range all {
		if all[i].State != stateUp {
			bad++
		}
	}
	good := max(0, n-bad)
	bad = min(bad, n)
	kept := make([]CheckResult, 0, n)
	for _, r := range all {
		switch {
		case r.State == stateUp && good > 0:
			good--
		case r.State != stateUp && bad > 0:
			bad--
		default:
			continue
		}
		kept = append(kept, r)
	}
	return kept
}

// text lists the hosts that are not up first.
func (c *Check) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "[%s: %d up", hostCount(c.Counts.Total), c.Counts.Up)
	for _, other := range []struct {
		n    int
		name string
	}{{c.Counts.NoLogin, "without login"}, {c.Counts.Down, "down"}, {c.Counts.Unknown, "unknown"}} {
		if other.n > 0 {
			fmt.Fprintf(&b, ", %d %s", other.n, other.name)
		}
	}
	b.WriteString("]\n")
	hinted := map[string]bool{}
	hints := ""
	for _, r := range c.Results {
		if r.State == stateUp {
			continue
		}
		reason, _ := output.Visible(strings.ReplaceAll(strings.TrimSpace(r.Reason), "\n", "; "))
		fmt.Fprintf(&b, "%s  %s  %s\n", r.Host, r.State, reason)
		if r.Error != nil && r.Error.Hint != "" && !hinted[r.Error.Code] && len(hinted) < maxHints {
			hinted[r.Error.Code] = true
			hint, _ := output.Visible(strings.ReplaceAll(r.Error.Hint, "\n", " "))
			hints += fmt.Sprintf("hint (%s): %s\n", r.Error.Code, hint)
		}
	}
	for _, r := range c.Results {
		if r.State == stateUp {
			fmt.Fprintf(&b, "%s  up  %.1f ms\n", r.Host, *r.LatencyMS)
		}
	}
	if c.Omitted > 0 {
		fmt.Fprintf(&b, "%d hosts more are not listed; name fewer\n", c.Omitted)
	}
	return b.String() + hints
}
