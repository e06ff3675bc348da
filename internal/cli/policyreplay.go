package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"relay-shell/internal/audit"
	"relay-shell/internal/mcpserver"
	"relay-shell/internal/policy"
	"relay-shell/internal/rehearse"
	"relay-shell/internal/relay"
)

type policyReplayCmd struct {
	Rules   *string `help:"Rules file, instead of POLICY_FILE." placeholder:"FILE"`
	Mode    *string `help:"Mode, instead of POLICY_MODE: open, guarded or readonly." placeholder:"MODE"`
	Deny    *string `help:"Deny pattern, instead of POLICY_DENY." placeholder:"RE"`
	Allow   *string `help:"Allow pattern, instead of POLICY_ALLOW." placeholder:"RE"`
	Confirm *string `help:"Confirmation, instead of CONFIRM: off, token or human."`

	Lines   int    `short:"n" default:"10000" help:"How many calls, the newest."`
	Tool    string `help:"Only this tool." placeholder:"NAME"`
	Tier    *int   `help:"Only calls recorded with this tier." placeholder:"N"`
	Denied  *bool  `help:"Only denied calls, or with =false only admitted ones."`
	Host    string `help:"Only this host." placeholder:"HOST"`
	Since   string `help:"RFC 3339 time or an age such as 2h or 7d." placeholder:"TIME"`
	All     bool   `help:"Show calls whose decision stays as it was too."`
	Skipped bool   `help:"Show the calls that cannot be judged."`
	JSON    bool   `help:"One JSON object a line, the last one the counts." name:"json"`
}

// replayCounts sums a replay up.
type replayCounts struct {
	Calls     int            `json:"calls"`
	Unchanged int            `json:"unchanged"`
	Denied    int            `json:"newly_denied"`
	Asked     int            `json:"newly_confirmed"`
	Allowed   int            `json:"newly_allowed"`
	Partly    int            `json:"judged_partly"`
	Skipped   map[string]int `json:"skipped"`
}

func (c *policyReplayCmd) Run(s *session) error {
	since, err := when("since", c.Since)
	if err != nil {
		return err
	}
	s.cfg.Toolsets = nil // the past may have had others
	a, err := s.open()
	if err != nil {
		return usage(err)
	}
	defer a.close()
	past, err := rehearse.New(rehearse.Options{Policy: c.policy(policyOptions(s.cfg)), Plan: a.plan, Host: a.hostPolicy})
	if err != nil {
		return usage(err)
	}
	calls, err := audit.Query(nil, s.cfg.AuditPath, audit.Filter{Lines: c.Lines, Tool: c.Tool, Tier: c.Tier, Denied: c.Denied, Host: c.Host, Since: since, MaxBytes: replayBytes})
	if err != nil {
		return err
	}
	counts := replayCounts{Calls: len(calls), Skipped: map[string]int{}}
	for _, call := range calls {
		v := past.Judge(call)
		counts.add(v)
		if c.All || v.Changed() || c.Skipped && v.Skipped != "" && v.Skipped != rehearse.Undecided {
			if err := c.show(s.world.Stdout, v); err != nil {
				return err
			}
		}
	}
	if c.JSON {
		return json.NewEncoder(s.world.Stdout).Encode(counts)
	}
	return counts.write(s.world.Stdout)
}

// replayBytes bounds how much of the log a replay reads, from its end.
const replayBytes = 1 << 30

// policy is the policy to judge by: the settings, with what the command line says instead.
func (c *policyReplayCmd) policy(o policy.Options) policy.Options {
	for _, x := range []struct{ from, to *string }{{c.Rules, &o.RulesFile}, {c.Deny, &o.Deny}, {c.Allow, &o.Allow}} {
		if x.from != nil {
			*x.to = *x.from
		}
	}
	if c.Mode != nil {
		o.Mode = policy.Mode(*c.Mode)
	}
	if c.Confirm != nil {
		o.Confirm = policy.Confirmation(*c.Confirm)
	}
	return o
}

// plan is a tool's plan of recorded arguments, among which are notes of the call that are no parameters.
func (a *app) plan(tool string, args json.RawMessage) (*relay.Plan, error) {
	t := a.tools.Get(tool)
	if t == nil {
		return nil, nil
	}
	given := map[string]json.RawMessage{}
	if err := json.Unmarshal(args, &given); err != nil {
		return nil, err
	}
	for name := range given {
		if _, ok := t.Input.Properties[name]; !ok {
			delete(given, name)
		}
	}
	raw, err := json.Marshal(given)
	if err != nil {
		return nil, err
	}
	return t.Plan(raw)
}

func (a *app) hostPolicy(alias string) (groups []string, mode string) {
	h, _ := a.inventory.Lookup(alias)
	return h.Groups, h.PolicyMode
}

func (n *replayCounts) add(v rehearse.Verdict) {
	switch {
	case v.Skipped != "":
		n.Skipped[v.Skipped]++
		return
	case !v.Changed():
		n.Unchanged++
	case v.Now == policy.Deny:
		n.Denied++
	case v.Now == policy.Confirm:
		n.Asked++
	default:
		n.Allowed++
	}
	if v.Partly {
		n.Partly++
	}
}

func (n *replayCounts) write(w io.Writer) error {
	fmt.Fprintf(w, "%d calls: %d as before, %d newly denied, %d newly to be confirmed, %d newly allowed\n", n.Calls, n.Unchanged, n.Denied, n.Asked, n.Allowed)
	if n.Partly > 0 {
		fmt.Fprintf(w, "%d were judged without the input that the log does not hold, at their recorded tier or above\n", n.Partly)
	}
	why := make([]string, 0, len(n.Skipped))
	for reason := range n.Skipped {
		why = append(why, reason)
	}
	slices.Sort(why)
	for _, reason := range why {
		fmt.Fprintf(w, "%d not judged: %s\n", n.Skipped[reason], reason)
	}
	return nil
}

// maxReplayText bounds the command in a line of text, in characters.
const maxReplayText = 120

func (c *policyReplayCmd) show(w io.Writer, v rehearse.Verdict) error {
	if c.JSON {
		return json.NewEncoder(w).Encode(v)
	}
	host := v.Host
	if host == "" {
		host = "local"
	}
	if v.Skipped != "" {
		_, err := fmt.Fprintf(w, "%s #%d %s %s: not judged: %s\n", v.Time.Format(time.RFC3339), v.Seq, v.Tool, mcpserver.Visible(host), v.Skipped)
		return err
	}
	text := []rune(flat(v.Text))
	if len(text) > maxReplayText {
		text = append(text[:maxReplayText], '…')
	}
	reason := ""
	if v.Rule != "" {
		reason = " [" + v.Rule + "] " + flat(v.Reason)
	}
	_, err := fmt.Fprintf(w, "%s #%d %s %s: %s -> %s, tier %d -> %d%s: %s\n", v.Time.Format(time.RFC3339), v.Seq, v.Tool, mcpserver.Visible(host), v.Was, v.Now, v.WasTier, v.Tier, reason, string(text))
	return err
}

// flat puts text on one line, with what a terminal would obey made visible.
func flat(text string) string {
	return mcpserver.Visible(strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' }), "; "))
}
