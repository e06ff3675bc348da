package tools

import (
	"context"
	"fmt"
	"strings"
	"time"

	"relay-shell/internal/output"
	"relay-shell/internal/params"
	"relay-shell/internal/policy"
	"relay-shell/internal/relay"
	"relay-shell/internal/sshbin/dest"
	"relay-shell/internal/sshbin/hostkey"
	"relay-shell/internal/target"
)

type keyscanParams struct {
	Hosts    params.Selection `json:"hosts" required:"true" desc:"As in ssh_fanout."`
	Port     int              `json:"port" min:"0" max:"65535" desc:"TCP port; default the alias's."`
	KeyTypes params.List      `json:"key_types" desc:"ed25519, ecdsa, rsa; all if empty."`
	Timeout  float64          `json:"timeout" default:"10" min:"1" max:"60" desc:"Seconds per host."`
}

type trustParams struct {
	Host        string `json:"host" required:"true" desc:"Alias or host."`
	Fingerprint string `json:"fingerprint" required:"true" desc:"SHA256:…"`
}

// Keyscan is what ssh_keyscan answers.
type Keyscan struct {
	Results []KeyscanResult `json:"results"`
	Omitted int             `json:"omitted,omitempty" jsonschema:"hosts left out for want of room"`
}

// KeyscanResult is what one host showed.
type KeyscanResult struct {
	Host  string       `json:"host"`
	Name  string       `json:"name,omitempty" jsonschema:"under which known_hosts has it"`
	Keys  []ScannedKey `json:"keys"`
	Error *relay.Error `json:"error"`
}

// ScannedKey is one key that a host showed.
type ScannedKey struct {
	Type        string `json:"type"`
	Fingerprint string `json:"fingerprint"`
	State       string `json:"state" jsonschema:"match, unknown, changed or revoked, compared with known_hosts"`
	Where       string `json:"where,omitempty" jsonschema:"file:line of the entry"`
}

type trusted struct {
	Host        string `json:"host"`
	Name        string `json:"name"`
	Type        string `json:"type"`
	Fingerprint string `json:"fingerprint"`
	File        string `json:"file" jsonschema:"known_hosts file that has it now"`
	Already     bool   `json:"already" jsonschema:"it was known before; nothing was written"`
}

func (d *Deps) keyTools() []*Tool {
	scan := define(Tool{
		name: "ssh_keyscan", Title: "Scan host keys", Toolset: "ssh",
		Description: "Show the keys that hosts present now, compared with known_hosts. Stores nothing, proves nothing: a person compares the fingerprint with the host's own, then ssh_trust.",
		Hints:       Hints{ReadOnly: true, Idempotent: true, OpenWorld: true}, Output: outputOf[Keyscan](),
	}, d.planKeyscan)
	trust := define(Tool{
		name: "ssh_trust", Title: "Trust a host key", Toolset: "ssh",
		Description: "Add to known_hosts the key that the host presents now, if it has exactly this fingerprint. Changed keys are refused.",
		Hints:       Hints{Idempotent: true, OpenWorld: true}, Output: outputOf[trusted](),
	}, d.planTrust)
	return []*Tool{scan, trust}
}

func (d *Deps) keyOptions() hostkey.Options {
	return hostkey.Options{SSH: d.SSH.Path(), Env: d.Environ, Dir: d.Config.RuntimeDir}
}

func (d *Deps) planKeyscan(p *keyscanParams) (*relay.Plan, error) {
	hosts, err := d.destinations(p.Hosts, dest.Options{Port: p.Port})
	if err != nil {
		return nil, err
	}
	o := d.keyOptions()
	o.Timeout, o.Types = time.Duration(p.Timeout*float64(time.Second)), p.KeyTypes
	tier := policy.Reversible
	return &relay.Plan{
		Args: p, Hosts: hosts, Partial: true, Subject: policy.Subject{Fixed: &tier},
		Run: func(ctx context.Context, run *relay.Run) (*relay.Result, error) {
			list, err := scanAll(ctx, hosts, run, o)
			if err != nil {
				return nil, err
			}
			return keyscanAnswer(list, int(d.Config.MaxOutput)), ended(ctx)
		},
	}, nil
}

// scanAll scans the hosts that resolve; the others are results as well.
func scanAll(ctx context.Context, hosts []dest.Destination, run *relay.Run, o hostkey.Options) ([]KeyscanResult, error) {
	list := make([]KeyscanResult, len(hosts))
	var resolved []*dest.Resolved
	var index []int
	for i, h := range hosts {
		list[i] = KeyscanResult{Host: h.String(), Keys: []ScannedKey{}}
		if t := run.Targets[i]; t == nil {
			list[i].Error = relay.AsError(run.Unresolved[i])
		} else if r, ok := target.Resolved(t); ok {
			resolved, index = append(resolved, r), append(index, i)
		}
	}
	results, err := hostkey.Scan(ctx, resolved, o)
	if err != nil {
		return nil, err
	}
	for n, r := range results {
		to := &list[index[n]]
		to.Name = r.Name
		if r.Err != nil {
			to.Error = relay.AsError(r.Err)
		}
		for _, k := range r.Keys {
			to.Keys = append(to.Keys, ScannedKey{Type: k.Type, Fingerprint: k.Fingerprint, State: string(k.State), Where: k.Where})
		}
	}
	return list, nil
}

func keyscanAnswer(list []KeyscanResult, budget int) *relay.Result {
	for i := range list {
		if e := list[i].Error; e != nil {
			list[i].Error = &relay.Error{Code: e.Code, Message: clipped(e.Message, 512), Hint: clipped(e.Hint, 256)}
		}
	}
	scan := &Keyscan{}
	room := budget - min(answerReserve, budget/2)
	keep := func(n int) bool {
		scan.Results, scan.Omitted = list[:n], len(list)-n
		return sizeOf(scan)+perResult*3*n <= room && len(scan.text()) <= room
	}
	keep(mostThat(len(list), keep))
	return &relay.Result{Fields: scan, Text: scan.text()}
}

func (s *Keyscan) text() string {
	var b strings.Builder
	for _, r := range s.Results {
		if r.Error != nil {
			words, _ := output.Visible(strings.ReplaceAll(r.Error.Message, "\n", "; "))
			fmt.Fprintf(&b, "%s  %s: %s\n", r.Host, r.Error.Code, words)
			continue
		}
		fmt.Fprintf(&b, "%s  (known_hosts name %s)\n", r.Host, r.Name)
		for _, k := range r.Keys {
			fmt.Fprintf(&b, "  %s %s  %s", k.Type, k.Fingerprint, k.State)
			if k.Where != "" {
				b.WriteString("  " + k.Where)
			}
			b.WriteByte('\n')
		}
	}
	if s.Omitted > 0 {
		fmt.Fprintf(&b, "%d hosts more are not listed; name fewer\n", s.Omitted)
	}
	return b.String()
}

func (d *Deps) planTrust(p *trustParams) (*relay.Plan, error) {
	host, err := dest.Parse(p.Host, dest.Options{})
	if err != nil {
		return nil, err
	}
	tier := policy.Stateful
	return &relay.Plan{
		Args: p, Hosts: []dest.Destination{host}, Subject: policy.Subject{Fixed: &tier},
		Run: func(ctx context.Context, run *relay.Run) (*relay.Result, error) {
			resolved, ok := target.Resolved(run.Target())
			if !ok {
				return nil, &relay.Error{Code: "unsupported", Message: "this target has no host key", Hint: "name an SSH host"}
			}
			t, err := hostkey.Trust(ctx, resolved, strings.TrimSpace(p.Fingerprint), d.keyOptions())
			if err != nil {
				return nil, err
			}
			out := &trusted{Host: host.String(), Name: t.Name, Type: t.Key.Type, Fingerprint: t.Key.Fingerprint, File: t.File, Already: t.Already}
			text := fmt.Sprintf("%s %s of %s is now in %s\n", out.Type, out.Fingerprint, out.Name, out.File)
			if out.Already {
				text = fmt.Sprintf("%s %s of %s was known already (%s)\n", out.Type, out.Fingerprint, out.Name, out.File)
			}
			return &relay.Result{Fields: out, Text: text}, nil
		},
	}, nil
}
