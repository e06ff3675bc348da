package target

import (
	"context"
	"net"
	"strconv"
	"strings"

	"relay-shell/internal/inventory"
	"relay-shell/internal/localexec"
	"relay-shell/internal/sshbin"
	"relay-shell/internal/sshbin/dest"
)

// Resolver makes targets of destinations: what the inventory says about a host goes to ssh as options, ssh_config decides
// the rest.
type Resolver struct {
	engine    *sshbin.Engine
	inventory *inventory.Inventory
	local     *local
	secret    Secret
	trials    *trials // of passwords for sudo
	addresses *addresses
	// lookUp reports whether a policy asks for addresses.
	lookUp func() bool
}

// NewResolver makes a resolver. environ is the environment of local commands before their own changes; run starts them, nil
// is [localexec.Run].
func NewResolver(engine *sshbin.Engine, inv *inventory.Inventory, environ []string, run RunLocal) *Resolver {
	here := &local{environ: environ, run: run}
	if run == nil {
		here.run, here.bare = localexec.Run, true
	}
	return &Resolver{engine: engine, inventory: inv, local: here, trials: &trials{},
		addresses: &addresses{lookup: net.DefaultResolver.LookupHost, known: map[string]answer{}}, lookUp: func() bool { return false }}
}

// LookUp has names looked up in the DNS for as long as wanted says so, and their addresses be among the Names of targets. It is called
// before the first Resolve.
func (r *Resolver) LookUp(wanted func() bool) { r.lookUp = wanted }

// AnswerSudo lets sudo have the password that the inventory names for a host, and on this machine that of the secret here, "" for none. It is
// called before the first Resolve.
func (r *Resolver) AnswerSudo(secret Secret, here string) {
	r.secret = secret
	r.local.sudo = sudoer{name: here, secret: secret, trials: r.trials}
}

// Local is this machine.
func (r *Resolver) Local() Target { return r.local }

// Resolve asks ssh what the destination means.
func (r *Resolver) Resolve(ctx context.Context, d dest.Destination) (Target, error) {
	h, known := r.inventory.Lookup(d.Host)
	t := &ssh{engine: r.engine}
	given := d
	if known {
		var err error
		if d, err = r.overlay(d, h); err != nil {
			return nil, err
		}
		t.sudo = sudoer{name: h.SudoSecret, secret: r.secret, trials: r.trials}
		t.noLeash = h.Leash != nil && !*h.Leash
	}
	resolved, err := r.engine.Resolve(ctx, d)
	if err != nil {
		return nil, err
	}
	t.resolved = resolved
	t.names = append(dest.Spellings(given.Host), resolved.Names()...)
	if r.lookUp() {
		more, err := r.addresses.of(ctx, resolved)
		if err != nil {
			return nil, err
		}
		t.names = append(t.names, more...)
	}
	t.host = &Host{
		Alias: given.String(), User: resolved.User, Hostname: resolved.Hostname, Port: resolved.Port, Jump: resolved.JumpString(),
		Groups: h.Groups, PolicyMode: h.PolicyMode, Config: map[string][]string{},
	}
	t.sudo.host, t.sudo.where = t.host, t.host.Address()
	for _, s := range resolved.Settings {
		t.host.Config[s.Key] = append(t.host.Config[s.Key], s.Value)
	}
	return t, nil
}

// overlay adds what the inventory file says; the call's own parameters win.
func (r *Resolver) overlay(d dest.Destination, h inventory.Host) (dest.Destination, error) {
	if h.Source != inventory.FromInventory {
		return d, nil // the entry only repeats what ssh_config says, and ssh reads that itself
	}
	o := dest.Options{
		User: orElse(d.User, h.User), Port: d.Port, KeyPath: orElse(d.KeyPath, h.IdentityFile),
		KnownHosts: orElse(string(d.KnownHosts), h.KnownHosts), Jump: d.Jump, Hostname: h.Hostname,
	}
	if o.Port == 0 {
		o.Port = h.Port
	}
	if o.Jump == "" {
		o.Jump = r.jumps(h.Jump)
	}
	return dest.Parse(d.Host, o)
}

// jumps spells hops that are themselves hosts of the inventory out, because ssh does not know those.
func (r *Resolver) jumps(jump string) string {
	hops := strings.Split(jump, ",")
	for i, hop := range hops {
		h, known := r.inventory.Lookup(strings.TrimSpace(hop))
		if !known || h.Source != inventory.FromInventory || h.Hostname == "" {
			continue
		}
		hops[i] = h.Hostname
		if h.Port != 0 {
			hops[i] = net.JoinHostPort(h.Hostname, strconv.Itoa(h.Port))
		}
		if h.User != "" {
			hops[i] = h.User + "@" + hops[i]
		}
	}
	return strings.Join(hops, ",")
}

func orElse(s, fallback string) string {
	if s == "" {
		return fallback
	}
	return s
}
