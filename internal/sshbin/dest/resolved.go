package dest

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Resolved destination is what the operator's ssh makes of a Destination. It is shared and must not be changed.
type Resolved struct {
	Destination

	Alias    string // the name by which ssh was called: what Host patterns see
	User     string // login name
	Hostname string // what ssh connects to, or asks its proxy to: HostName after expansion
	Port     int
	Jump     []Hop // hops of ProxyJump from here to there, those that hops' own configuration adds included

	// ProxyCommand is ssh_config's, "" if there is none. ProxyJump is told in Jump alone.
	ProxyCommand string
	// ControlPath is the operator's own control socket after expansion, "" if there is none.
	ControlPath string
	// Settings is everything that `ssh -G` printed, in its order.
	Settings []Setting
	// Matches are the Host blocks that apply. Match blocks are not told by ssh.
	Matches []Match
	// Files are the configuration files that were read.
	Files []string
	// Identity is equal for two destinations exactly if they may share a connection: 64 hexadecimal digits over all
	// that `ssh -G` printed for it and its hops, and the call's policy for host keys.
	Identity string

	ssh        string // path of the ssh program
	configFile string // for -F, "" for ssh's own default
	keyConfig  bool   // configFile is a copy without identities, because KeyPath replaces them
	executed   bool   // a Match exec had a say, here or for a hop
}

// A Hop is a jump host on the way.
type Hop struct {
	Alias    string
	User     string
	Hostname string
	Port     int
	Resolved *Resolved
}

// Get gives the first value of an ssh_config keyword (any case), or "".
func (r *Resolved) Get(key string) string {
	for _, s := range r.Settings {
		if strings.EqualFold(s.Key, key) {
			return s.Value
		}
	}
	return ""
}

// All gives every value of a keyword.
func (r *Resolved) All(key string) []string {
	var values []string
	for _, s := range r.Settings {
		if strings.EqualFold(s.Key, key) {
			values = append(values, s.Value)
		}
	}
	return values
}

// IsAlias reports whether ssh_config knows the host by name: a Host line names it without wildcards, or gives it
// another HostName, or a proxy does the resolving. Else it is a mere name, and one that does not resolve is unknown.
func (r *Resolved) IsAlias() bool {
	named := slices.ContainsFunc(r.Matches, func(m Match) bool {
		return strings.EqualFold(m.Pattern, r.Alias)
	})
	return named || !strings.EqualFold(r.Hostname, r.Alias) || r.ProxyCommand != "" || len(r.Jump) > 0
}

// Address is Hostname:Port with brackets around IPv6.
func (r *Resolved) Address() string { return hostPort(r.Hostname, r.Port) }

// JumpString is the way in the form of ssh -J, "" for none.
func (r *Resolved) JumpString() string {
	hops := make([]string, len(r.Jump))
	for i, h := range r.Jump {
		hops[i] = Destination{Host: h.Alias, User: h.User, Port: h.Port}.hop()
	}
	return strings.Join(hops, ",")
}

// ConnectTimeout is how long a TCP connection may take: ssh_config's ConnectTimeout, else def.
func (r *Resolved) ConnectTimeout(def time.Duration) time.Duration {
	if n, err := strconv.Atoi(r.Get("connecttimeout")); err == nil && n > 0 {
		return time.Duration(n) * time.Second
	}
	return def
}

// Names lists every name under which a rule may know the destination or a hop on the way: alias, host name, user,
// HostKeyAlias, and addresses in every spelling. Names are not looked up in the DNS.
func (r *Resolved) Names() []string {
	var names []string
	add := func(values ...string) {
		for _, v := range values {
			if v != "" && !slices.Contains(names, v) {
				names = append(names, v)
			}
		}
	}
	one := func(r *Resolved) {
		add(Spellings(r.Alias)...)
		add(Spellings(r.Hostname)...)
		add(r.User, r.Get("hostkeyalias"))
	}
	one(r)
	for _, hop := range r.Jump {
		one(hop.Resolved)
	}
	return names
}

// identity hashes what makes a connection. Every part carries its length, so that no two lists run together.
func (r *Resolved) identity() string {
	h := sha256.New()
	put := func(s string) { fmt.Fprintf(h, "%d:%s", len(s), s) }
	put(r.Alias) // OpenSSH 8.4 does not print it
	put(string(r.KnownHosts))
	put(r.KeyPath)
	put(r.configFileGiven())
	for _, s := range r.Settings {
		put(s.Key)
		put(s.Value)
	}
	for _, hop := range r.Jump {
		put(hop.Resolved.Identity)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// configFileGiven is the configuration that was asked for; a copy made for KeyPath says nothing of its own.
func (r *Resolved) configFileGiven() string {
	if r.keyConfig {
		return ""
	}
	return r.configFile
}
