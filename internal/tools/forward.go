package tools

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"relay-shell/internal/keeper"
	"relay-shell/internal/keeper/forward"
	"relay-shell/internal/policy"
	"relay-shell/internal/relay"
	"relay-shell/internal/sshbin/dest"
	"relay-shell/internal/target"
)

// forwardInfo is one port forward.
type forwardInfo struct {
	ForwardID  string `json:"forward_id"`
	Host       string `json:"host"`
	Spec       string `json:"spec"`
	ListenHost string `json:"listen_host" jsonschema:"address it listens on: here for L and D, on the host for R"`
	ListenPort int    `json:"listen_port"`
	State      string `json:"state" jsonschema:"open; reconnecting: an R forward without its connection; silent: its process does not answer; old: made by another version, close it and open it again"`
	AgeMS      int64  `json:"age_ms"`
	PID        int    `json:"pid" jsonschema:"process that owns it"`
	// Counts over its whole life.
	Connections   int64      `json:"connections"`
	Active        int64      `json:"active"`
	Failed        int64      `json:"failed" jsonschema:"connections that led nowhere; error has the newest reason"`
	SentBytes     int64      `json:"sent_bytes" jsonschema:"to the target"`
	ReceivedBytes int64      `json:"received_bytes" jsonschema:"from the target"`
	LastError     string     `json:"last_error,omitempty"`
	LastErrorAt   *time.Time `json:"last_error_at,omitempty"`
}

type forwardList struct {
	Forwards []forwardInfo `json:"forwards"`
	Omitted  int           `json:"omitted,omitempty" jsonschema:"left out for want of room"`
}

type forwardClosed struct {
	ForwardID string `json:"forward_id"`
	Closed    bool   `json:"closed"`
}

type forwardParams struct {
	Host string `json:"host" required:"true" desc:"Alias, host, user@host or ssh://user@host:port."`
	Spec string `json:"spec" required:"true" desc:"L:[bind:]port:host:port, R:[bind:]port:host:port or D:[bind:]port. Port 0 picks one; bind is 127.0.0.1."`
	connParams
}

type forwardIDParams struct {
	ForwardID string `json:"forward_id" required:"true" desc:"From ssh_forward or ssh_forward_list."`
}

func (d *Deps) forwardTools() []*Tool {
	open := define(Tool{
		name: "ssh_forward", Title: "Forward a port", Toolset: "forward",
		Description: "Forward a port over SSH: L listens here and connects from the host, R listens on the host and connects from here, D is a SOCKS5 proxy here. It outlives this server until ssh_forward_close.",
		Hints:       Hints{OpenWorld: true}, Output: outputOf[forwardInfo](),
	}, d.planForward)
	list := define(Tool{
		name: "ssh_forward_list", Title: "List port forwards", Toolset: "forward",
		Description: "List the open port forwards with their ports, connections and bytes.",
		Hints:       Hints{ReadOnly: true, Idempotent: true}, Output: outputOf[forwardList](),
	}, d.planForwardList)
	end := define(Tool{
		name: "ssh_forward_close", Title: "Close a port forward", Toolset: "forward",
		Description: "Close a port forward and the connections through it.",
		Hints:       Hints{Destructive: true}, Output: outputOf[forwardClosed](),
	}, d.planForwardClose)
	return []*Tool{open, list, end}
}

func (d *Deps) planForward(p *forwardParams) (*relay.Plan, error) {
	host, err := dest.Parse(p.Host, p.options())
	if err != nil {
		return nil, err
	}
	spec, err := forward.Parse(p.Spec)
	if err != nil {
		return nil, err
	}
	tier := policy.Stateful
	subject := policy.Subject{Fixed: &tier, Text: spec.String()}
	if spec.Host != "" {
		subject.Names = append(dest.Spellings(spec.Host), spec.Target())
	}
	plan := &relay.Plan{Args: p, Hosts: []dest.Destination{host}, Subject: subject}
	if !spec.Loopback() {
		plan.Notes = append(plan.Notes, exposed(spec))
	}
	plan.Run = func(ctx context.Context, run *relay.Run) (*relay.Result, error) { return d.openForward(ctx, run, spec) }
	return plan, nil
}

// exposed says who else reaches a forward.
func exposed(s forward.Spec) string {
	if s.Direction == forward.Remote {
		return "the host's sshd decides whether it listens beyond its loopback address (GatewayPorts); ssh does not tell"
	}
	return "it listens beyond 127.0.0.1: whoever reaches this machine can use it"
}

func (d *Deps) openForward(ctx context.Context, run *relay.Run, spec forward.Spec) (*relay.Result, error) {
	r, ok := target.Resolved(run.Target())
	if !ok {
		return nil, &relay.Error{Code: "unsupported", Message: "forwards need an SSH host", Hint: "ssh_hosts lists them"}
	}
	info, err := d.Keepers.Start(ctx, forward.Kind, d.Config.MaxForwards, forward.Params{
		Host: r.Destination, Name: run.Target().Host().Alias, Spec: spec, SSH: d.SSHOptions, StoreHostKey: run.StoreHostKeys, Deny: d.Config.PolicyDeny,
	})
	if err != nil {
		return nil, forwardError(err, d.Config.MaxForwards)
	}
	f := forwardOf(info)
	return &relay.Result{Fields: &f, Text: f.line() + "\n", Record: map[string]any{"forward_id": f.ForwardID, "listen_port": f.ListenPort}}, nil
}

// forwardError names the tools that help.
func forwardError(err error, limit int) error {
	var e *keeper.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code {
	case "limit_reached":
		return &relay.Error{Code: e.Code, Message: fmt.Sprintf("all %d forwards are in use (MAX_FORWARDS)", limit), Hint: "ssh_forward_list shows them, ssh_forward_close ends one"}
	case "not_found":
		return &relay.Error{Code: e.Code, Message: "no such forward", Hint: "ssh_forward_list shows what is open"}
	}
	return err
}

func (d *Deps) planForwardList(*noParams) (*relay.Plan, error) {
	return &relay.Plan{Run: func(ctx context.Context, _ *relay.Run) (*relay.Result, error) {
		living, err := d.Keepers.List(ctx, forward.Kind)
		if err != nil {
			return nil, err
		}
		all := make([]forwardInfo, len(living))
		for i, info := range living {
			all[i] = forwardOf(info)
		}
		list := &forwardList{Forwards: fitting(all, int(d.Config.MaxOutput)/2)}
		list.Omitted = len(all) - len(list.Forwards)
		var b strings.Builder
		for i := range list.Forwards {
			b.WriteString(list.Forwards[i].line() + list.Forwards[i].counts() + "\n")
		}
		switch {
		case len(all) == 0:
			b.WriteString("no forwards\n")
		case list.Omitted > 0:
			fmt.Fprintf(&b, "%d more\n", list.Omitted)
		}
		return &relay.Result{Fields: list, Text: b.String()}, nil
	}}, nil
}

func (d *Deps) planForwardClose(p *forwardIDParams) (*relay.Plan, error) {
	tier := policy.Reversible
	return &relay.Plan{Subject: policy.Subject{Fixed: &tier}, Run: func(ctx context.Context, _ *relay.Run) (*relay.Result, error) {
		info, err := d.Keepers.Find(ctx, forward.Kind, p.ForwardID)
		if err == nil {
			err = d.Keepers.Close(ctx, p.ForwardID)
		}
		if err != nil {
			return nil, forwardError(err, d.Config.MaxForwards)
		}
		f := forwardOf(info)
		return &relay.Result{
			Fields: &forwardClosed{ForwardID: p.ForwardID, Closed: true}, Text: "closed " + f.line() + "\n",
			Record: map[string]any{"host": f.Host, "spec": f.Spec, "connections": f.Connections, "sent_bytes": f.SentBytes, "received_bytes": f.ReceivedBytes},
		}, nil
	}}, nil
}

// forwardOf puts what a keeper tells into the form of results.
func forwardOf(info keeper.Info) forwardInfo {
	f := forwardInfo{ForwardID: info.ID, PID: info.PID}
	if !info.Started.IsZero() {
		f.AgeMS = max(time.Since(info.Started).Milliseconds(), 0)
	}
	var s forward.Status
	err := json.Unmarshal(info.Detail, &s)
	switch {
	case info.Silent:
		f.State = "silent"
	case info.Foreign(): // what it tells may mean something else
		f.State = "old"
	case info.Starting || err != nil:
		f.State = "starting"
	default:
		f.State = s.State
	}
	f.Host, f.Spec, f.ListenHost, f.ListenPort = s.Host, s.Spec, s.ListenHost, s.ListenPort
	f.Connections, f.Active, f.Failed, f.SentBytes, f.ReceivedBytes = s.Connections, s.Active, s.Failed, s.Sent, s.Received
	f.LastError, f.LastErrorAt = s.Error, s.ErrorAt
	return f
}

// line is a forward in words: "f-abcdefgh  L 127.0.0.1:8080 -> db:5432 via web1".
func (f *forwardInfo) line() string {
	text := f.ForwardID
	if spec, err := forward.Parse(f.Spec); err == nil {
		listen := dest.Destination{Host: f.ListenHost, Port: f.ListenPort}.String()
		switch spec.Direction {
		case forward.Local:
			text += fmt.Sprintf("  L %s here -> %s from %s", listen, spec.Target(), f.Host)
		case forward.Remote:
			text += fmt.Sprintf("  R %s on %s -> %s from here", listen, f.Host, spec.Target())
		case forward.Dynamic:
			text += fmt.Sprintf("  D socks5h://%s here -> anywhere from %s", listen, f.Host)
		}
	}
	if f.State != forward.StateOpen {
		text += "  [" + f.State + "]"
	}
	return text
}

func (f *forwardInfo) counts() string {
	text := fmt.Sprintf("  connections %d (%d active, %d failed)  sent %d  received %d bytes  age %s", f.Connections, f.Active, f.Failed,
		f.SentBytes, f.ReceivedBytes, (time.Duration(f.AgeMS) * time.Millisecond).Round(time.Second))
	if f.LastError != "" {
		text += "  last error: " + f.LastError
	}
	return text
}
