package tools

import (
	"context"
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
	"time"

	"relay-shell/internal/inventory"
	"relay-shell/internal/keeper"
	"relay-shell/internal/keeper/session"
	"relay-shell/internal/params"
	"relay-shell/internal/relay"
	"relay-shell/internal/sshbin/dest"
)

// Resource is something a client can read by its URI. It is a [relay.Operation] with the argument uri.
type Resource struct {
	name string
	// URI is the resource's address, or for a Template its RFC 6570 pattern.
	URI                                        string
	Template                                   bool
	ResourceName, Title, Description, MIMEType string
	plan                                       func(uri *url.URL) (*relay.Plan, error)
}

// Name is the label under which reads are audited.
func (r *Resource) Name() string { return "resource:" + r.name }

type resourceParams struct {
	URI string `json:"uri" required:"true" desc:"The resource's URI."`
}

// Plan parses the URI.
func (r *Resource) Plan(args json.RawMessage) (*relay.Plan, error) {
	var p resourceParams
	if err := params.Decode(args, &p); err != nil {
		return nil, err
	}
	u, err := url.Parse(p.URI)
	if err != nil {
		return nil, params.Errorf("uri", "see resources/list and resources/templates/list", "%v", err)
	}
	plan, err := r.plan(u)
	if plan != nil {
		plan.Args = &p
	}
	return plan, err
}

// Resources lists what can be read.
func (s *Set) Resources() []*Resource {
	d := s.deps
	inventoryPlan := func(u *url.URL) (*relay.Plan, error) { return d.planInventory(u) }
	return []*Resource{
		{name: "inventory", URI: "relay-shell://inventory", ResourceName: "inventory", Title: "Inventory", MIMEType: "application/json",
			Description: "Hosts of the inventory and of ssh_config, with groups. A long list is paged: follow next.", plan: inventoryPlan},
		{name: "inventory", URI: "relay-shell://inventory{?offset}", Template: true, ResourceName: "inventory-page", Title: "Inventory, further pages", MIMEType: "application/json",
			Description: "The inventory from the host numbered offset on.", plan: inventoryPlan},
		{name: "inventory_host", URI: "relay-shell://inventory/{host}", Template: true, ResourceName: "inventory-host", Title: "One host", MIMEType: "application/json",
			Description: "What OpenSSH would use for this host (ssh -G), and where it is defined.", plan: d.planInventoryHost},
		{name: "ssh-config", URI: "relay-shell://ssh-config", ResourceName: "ssh-config", Title: "ssh_config", MIMEType: "application/json",
			Description: "The ssh_config in use and its literal aliases.", plan: func(*url.URL) (*relay.Plan, error) { return d.planSSHConfig() }},
		{name: "output", URI: "relay-shell://output/{id}", Template: true, ResourceName: "output", Title: "A spooled output", MIMEType: "text/plain",
			Description: "The whole of an output that was truncated, up to 1 MiB; output_read pages further.", plan: d.planOutputResource},
		{name: "checkpoint", URI: "relay-shell://audit/checkpoint", ResourceName: "audit-checkpoint", Title: "The audit log's signed head", MIMEType: "text/plain",
			Description: "A C2SP checkpoint over every record so far, signed now. Kept elsewhere, it shows later that the log was not changed.", plan: d.planCheckpoint},
		{name: "session-screen", URI: sessionScreenURI, Template: true, ResourceName: "session-screen", Title: "A session's screen", MIMEType: "text/plain",
			Description: "The screen of a living session as a person sees it, as session_screen shows it.", plan: d.planScreenResource},
	}
}

// sessionScreenURI is the address of a session's screen.
const sessionScreenURI = "relay-shell://session/{id}/screen"

type inventoryPage struct {
	Hosts    []HostInfo `json:"hosts"`
	Total    int        `json:"total"`
	Next     *string    `json:"next"`
	Problems []string   `json:"problems,omitempty"`
}

func (d *Deps) planInventory(u *url.URL) (*relay.Plan, error) {
	offset := 0
	if text := u.Query().Get("offset"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 {
			return nil, params.Errorf("offset", "the number of a host, from 0", "%q is not a number", text)
		}
		offset = n
	}
	return &relay.Plan{Run: func(context.Context, *relay.Run) (*relay.Result, error) {
		all := HostInfos(d.Inventory.Hosts())
		page := inventoryPage{Total: len(all), Problems: d.Inventory.Problems()}
		page.Hosts = fitting(all[min(offset, len(all)):], int(d.Config.MaxOutput)-1024)
		if end := offset + len(page.Hosts); end < len(all) && len(page.Hosts) > 0 {
			next := "relay-shell://inventory?offset=" + strconv.Itoa(end)
			page.Next = &next
		}
		return jsonResult(page)
	}}, nil
}

func jsonResult(v any) (*relay.Result, error) {
	b, err := json.MarshalIndent(v, "", " ")
	return &relay.Result{Text: string(b)}, err
}

type resolvedHost struct {
	Alias    string              `json:"alias"`
	Source   string              `json:"source" jsonschema:"inventory, ssh_config or explicit"`
	User     string              `json:"user"`
	Hostname string              `json:"hostname"`
	Port     int                 `json:"port"`
	Jump     string              `json:"jump,omitempty"`
	Groups   []string            `json:"groups,omitempty"`
	Config   map[string][]string `json:"config"`
}

func (d *Deps) planInventoryHost(u *url.URL) (*relay.Plan, error) {
	name := strings.TrimPrefix(u.Path, "/")
	host, err := dest.Parse(name, dest.Options{})
	if err != nil {
		return nil, err
	}
	return &relay.Plan{Hosts: []dest.Destination{host}, Run: func(_ context.Context, run *relay.Run) (*relay.Result, error) {
		h := run.Target().Host()
		out := resolvedHost{Alias: h.Alias, Source: d.source(name), User: h.User, Hostname: h.Hostname, Port: h.Port, Jump: h.Jump, Groups: h.Groups, Config: h.Config}
		return jsonResult(out)
	}}, nil
}

func (d *Deps) source(alias string) string {
	if h, ok := d.Inventory.Lookup(alias); ok {
		return h.Source
	}
	return "explicit"
}

type sshConfig struct {
	Path    *string  `json:"path"`
	Aliases []string `json:"aliases"`
	Total   int      `json:"total"`
}

func (d *Deps) planSSHConfig() (*relay.Plan, error) {
	return &relay.Plan{Run: func(context.Context, *relay.Run) (*relay.Result, error) {
		path, aliases := d.Inventory.SSHConfig()
		out := sshConfig{Total: len(aliases), Aliases: fitting(aliases, int(d.Config.MaxOutput)-1024)}
		if path != "" {
			out.Path = &path
		}
		return jsonResult(out)
	}}, nil
}

func (d *Deps) planOutputResource(u *url.URL) (*relay.Plan, error) {
	p := &outputParams{ID: strings.TrimPrefix(u.Path, "/")}
	return &relay.Plan{Run: func(context.Context, *relay.Run) (*relay.Result, error) {
		return d.pageOutput(p, maxPage)
	}}, nil
}

func (d *Deps) planScreenResource(u *url.URL) (*relay.Plan, error) {
	id, ok := strings.CutSuffix(strings.TrimPrefix(u.Path, "/"), "/screen")
	if !ok || !keeper.ValidID(session.Kind, id) {
		return nil, noSession
	}
	plan, err := d.planScreen(&sessionParams{SessionID: id})
	if err != nil {
		return nil, err
	}
	show := plan.Run
	plan.Run = func(ctx context.Context, run *relay.Run) (*relay.Result, error) {
		res, err := show(ctx, run)
		if res != nil {
			res.Fields = nil
		}
		return res, err
	}
	return plan, nil
}

// completeTimeout bounds the asking of sessions for a completion.
const completeTimeout = 2 * time.Second

// Complete lists the candidates for an argument of a prompt or, with its URI, of a resource template.
func (s *Set) Complete(ctx context.Context, template, argument string) []string {
	d := s.deps
	switch {
	case argument == "host", argument == "hosts":
		return aliases(d.Inventory.Hosts())
	case argument == "session_id", argument == "id" && template == sessionScreenURI:
		return d.sessionIDs(ctx)
	case argument == "id":
		return d.Spool.IDs()
	}
	return nil
}

// sessionIDs lists the living sessions, the newest first.
func (d *Deps) sessionIDs(ctx context.Context) []string {
	if d.Keepers == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, completeTimeout)
	defer cancel()
	living, err := d.Keepers.List(ctx, session.Kind)
	if err != nil {
		return nil
	}
	ids := make([]string, len(living))
	for i, info := range living {
		ids[len(living)-1-i] = info.ID
	}
	return ids
}

func aliases(hosts []inventory.Host) []string {
	out := make([]string, len(hosts))
	for i, h := range hosts {
		out[i] = h.Alias
	}
	return out
}
