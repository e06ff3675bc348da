package tools

import (
	"context"
	"fmt"
	"strings"
	"time"

	"relay-shell/internal/inventory"
	"relay-shell/internal/policy"
	"relay-shell/internal/relay"
	"relay-shell/internal/sshbin"
	"relay-shell/internal/sshbin/dest"
	"relay-shell/internal/target"
)

// HostInfo is one host of the inventory.
type HostInfo struct {
	Alias        string   `json:"alias"`
	Hostname     string   `json:"hostname,omitempty"`
	User         string   `json:"user,omitempty"`
	Port         int      `json:"port,omitempty"`
	Jump         string   `json:"jump,omitempty"`
	IdentityFile string   `json:"identity_file,omitempty"`
	KnownHosts   string   `json:"known_hosts,omitempty"`
	Groups       []string `json:"groups,omitempty"`
	Source       string   `json:"source"`
	PolicyMode   string   `json:"policy_mode,omitempty"`
}

// HostList is what ssh_hosts and the inventory resource answer.
type HostList struct {
	Hosts    []HostInfo `json:"hosts"`
	Total    int        `json:"total" jsonschema:"hosts that match, also those not shown"`
	Groups   []string   `json:"groups"`
	Problems []string   `json:"problems,omitempty"`
}

type connectionList struct {
	Connections []connectionInfo `json:"connections"`
}

type connectionInfo struct {
	Destination string `json:"destination"`
	Kind        string `json:"kind" jsonschema:"own or adopted"`
	PID         int    `json:"pid"`
	AgeMS       int64  `json:"age_ms"`
	IdleMS      int64  `json:"idle_ms"`
	Channels    int    `json:"channels" jsonschema:"sessions of this server now open"`
	Frozen      bool   `json:"frozen,omitempty" jsonschema:"does not answer; the next call replaces it"`
}

type disconnected struct {
	Closed   int `json:"closed" jsonschema:"own masters ended"`
	Released int `json:"released" jsonschema:"adopted masters let go; they live on"`
}

func (d *Deps) hostTools() []*Tool {
	hosts := define(Tool{
		name: "ssh_hosts", Title: "List hosts", Toolset: "ssh",
		Description: "List the hosts of the inventory and of ssh_config by alias. Start here when you don't know a host's name.",
		Hints:       Hints{ReadOnly: true, Idempotent: true}, Output: outputOf[HostList](),
	}, d.planHosts)
	connections := define(Tool{
		name: "ssh_connections", Title: "List connections", Toolset: "ssh",
		Description: "List the live SSH masters that calls ride on: own ones and adopted ones of the operator.",
		Hints:       Hints{ReadOnly: true, Idempotent: true}, Output: outputOf[connectionList](),
	}, d.planConnections)
	disconnect := define(Tool{
		name: "ssh_disconnect", Title: "Close connections to a host", Toolset: "ssh",
		Description: "End the warm connections to a host; the next call logs in anew. An adopted master is only let go.",
		Hints:       Hints{Idempotent: true}, Output: outputOf[disconnected](),
	}, d.planDisconnect)
	return []*Tool{hosts, connections, disconnect}
}

// HostInfos lists inventory hosts in the form of results.
func HostInfos(hosts []inventory.Host) []HostInfo {
	out := make([]HostInfo, 0, len(hosts))
	for _, h := range hosts {
		out = append(out, HostInfo{
			Alias: h.Alias, Hostname: h.Hostname, User: h.User, Port: h.Port, Jump: h.Jump, IdentityFile: h.IdentityFile,
			KnownHosts: h.KnownHosts, Groups: h.Groups, Source: h.Source, PolicyMode: h.PolicyMode,
		})
	}
	return out
}

type hostsParams struct {
	Pattern string `json:"pattern" desc:"Glob (web*), part of an alias, or @group; empty lists all."`
}

func (d *Deps) planHosts(p *hostsParams) (*relay.Plan, error) {
	return &relay.Plan{Run: func(context.Context, *relay.Run) (*relay.Result, error) {
		all := HostInfos(d.Inventory.Match(p.Pattern))
		list := &HostList{Total: len(all), Groups: sortedKeys(d.Inventory.Groups()), Problems: d.Inventory.Problems()}
		list.Hosts = fitting(all, int(d.Config.MaxOutput)/2)
		return &relay.Result{Fields: list, Text: hostTable(list)}, nil
	}}, nil
}

func hostTable(list *HostList) string {
	var b strings.Builder
	for _, h := range list.Hosts {
		b.WriteString(h.Alias)
		if where := h.where(); where != "" {
			b.WriteString("  " + where)
		}
		if len(h.Groups) > 0 {
			b.WriteString("  @" + strings.Join(h.Groups, " @"))
		}
		b.WriteString("\n")
	}
	switch {
	case list.Total == 0:
		b.WriteString("no hosts found\n")
	case len(list.Hosts) < list.Total:
		fmt.Fprintf(&b, "%d of %d hosts shown; narrow with pattern\n", len(list.Hosts), list.Total)
	}
	for _, p := range list.Problems {
		b.WriteString("problem: " + p + "\n")
	}
	return b.String()
}

func (h HostInfo) where() string {
	s := h.Hostname
	if h.User != "" {
		s = h.User + "@" + s
	}
	if h.Port != 0 {
		s = fmt.Sprintf("%s:%d", s, h.Port)
	}
	if h.Jump != "" {
		s += " via " + h.Jump
	}
	return s
}

type noParams struct{}

func (d *Deps) planConnections(*noParams) (*relay.Plan, error) {
	return &relay.Plan{Run: func(ctx context.Context, _ *relay.Run) (*relay.Result, error) {
		live, err := d.SSH.Connections(ctx)
		if err != nil {
			return nil, err
		}
		list := &connectionList{Connections: []connectionInfo{}}
		var b strings.Builder
		for _, c := range live {
			info := connectionOf(c)
			list.Connections = append(list.Connections, info)
			fmt.Fprintf(&b, "%s  %s  pid %d  age %s  idle %s  channels %d", info.Destination, info.Kind, info.PID,
				(time.Duration(info.AgeMS) * time.Millisecond).Round(time.Second), (time.Duration(info.IdleMS) * time.Millisecond).Round(time.Second), info.Channels)
			if info.Frozen {
				b.WriteString("  frozen: does not answer, the next call replaces it")
			}
			b.WriteString("\n")
		}
		if len(live) == 0 {
			b.WriteString("no live connections\n")
		}
		return &relay.Result{Fields: list, Text: b.String()}, nil
	}}, nil
}

func connectionOf(c sshbin.Connection) connectionInfo {
	kind := "own"
	if c.Adopted {
		kind = "adopted"
	}
	return connectionInfo{Destination: c.Destination, Kind: kind, PID: c.PID, AgeMS: c.Age.Milliseconds(), IdleMS: c.Idle.Milliseconds(), Channels: c.Channels, Frozen: c.Frozen}
}

type disconnectParams struct {
	Host string `json:"host" required:"true" desc:"As in ssh_exec."`
}

func (d *Deps) planDisconnect(p *disconnectParams) (*relay.Plan, error) {
	host, err := dest.Parse(p.Host, dest.Options{})
	if err != nil {
		return nil, err
	}
	floor := policy.Tier(1)
	return &relay.Plan{Hosts: []dest.Destination{host}, Subject: policy.Subject{Fixed: &floor}, Run: func(ctx context.Context, run *relay.Run) (*relay.Result, error) {
		closed, released, err := run.Target().Disconnect(ctx)
		if err != nil {
			return nil, err
		}
		if r, ok := target.Resolved(run.Target()); ok && closed+released == 0 {
			if err := sshbin.Known(ctx, r); err != nil {
				return nil, err
			}
			return &relay.Result{Fields: &disconnected{}, Text: "nothing was connected\n"}, nil
		}
		text := fmt.Sprintf("ended %d own, released %d adopted\n", closed, released)
		return &relay.Result{Fields: &disconnected{Closed: closed, Released: released}, Text: text}, nil
	}}, nil
}
