// Package dest says where a connection goes: it validates what a caller names, asks `ssh -G` what the operator's
// ssh_config makes of it, and turns the answer into the arguments of ssh processes.
//
// Start with [Parse], which refuses everything that could be taken for an option or reach a shell, then hand the
// [Destination] to [Resolver.Resolve]. The [Resolved] destination knows its identity (two calls share a connection
// only if these are equal), every name that a policy may want to see, and the command lines: [Resolved.MasterArgs],
// [Resolved.ClientArgs], [Resolved.ControlArgs].
//
// It starts no connection and looks up no name. What it cannot do: the SSH configuration of a ProxyCommand's
// other end is that command's own business, so only hops of ProxyJump are resolved.
package dest

import (
	"strconv"
	"strings"
)

// Options are what a call says about its connection beside the host. Zero values leave the matter to ssh_config.
type Options struct {
	User       string // login name; must not contradict a user in the host
	Port       int    // 1..65535; must not contradict a port in the host
	KeyPath    string // private key (or the public half of one that an agent holds); replaces the configured identities
	KnownHosts string // "strict", "accept-new", "ignore"
	Jump       string // comma list of alias or [user@]host[:port], in the order of travel; "none" ignores ssh_config's
	Hostname   string // what an inventory says the host's address is; ssh_config still applies by the host's own name
}

// A Destination is a validated place to connect to. It is comparable, and equal destinations resolve alike.
type Destination struct {
	Host       string // an alias, a host name or an address without brackets
	User       string // empty: as ssh_config says
	Port       int    // 0: as ssh_config says
	KeyPath    string // absolute, or empty
	KnownHosts KnownHosts
	Jump       string // as for ssh -J, validated; empty: as ssh_config says
	Hostname   string // address to connect to; empty: as ssh_config says
}

// Parse validates host, which is an ssh_config alias, a host name or address, user@host, or ssh://[user@]host[:port],
// together with o. Its errors are of type *[InvalidError].
//
// The rules are stricter than ssh's own (valid_hostname and valid_ruser in ssh.c), because user, host and port reach
// ProxyCommand and Match exec by %r, %h and %p, which a shell reads.
func Parse(host string, o Options) (Destination, error) {
	d := Destination{User: o.User, Port: o.Port}
	user, name, port, err := splitHost(host)
	if err != nil {
		return Destination{}, err
	}
	d.Host = name
	if d.User, err = agree("user", user, o.User); err != nil {
		return Destination{}, err
	}
	if o.Port < 0 || o.Port > maxPort {
		return Destination{}, invalid("port", strconv.Itoa(o.Port), "is not between 1 and 65535", "leave port out to use the one of ssh_config")
	}
	if port != 0 && o.Port != 0 && port != o.Port {
		return Destination{}, invalid("port", strconv.Itoa(o.Port), "contradicts the port in host "+quote(host), "name the port once")
	}
	d.Port = max(port, o.Port)
	if d.KnownHosts, err = ParseKnownHosts(o.KnownHosts); err != nil {
		return Destination{}, err
	}
	if d.Jump, err = parseJump(o.Jump); err != nil {
		return Destination{}, err
	}
	if d.KeyPath, err = parseKeyPath(o.KeyPath); err != nil {
		return Destination{}, err
	}
	if o.Hostname != "" {
		if _, d.Hostname, _, err = splitHost(o.Hostname); err != nil {
			return Destination{}, err
		}
	}
	return d, nil
}

// agree joins a value that the host carries with the one of a parameter.
func agree(what, inHost, given string) (string, error) {
	if given != "" {
		if err := checkUser(given); err != nil {
			return "", err
		}
	}
	if inHost != "" && given != "" && inHost != given {
		return "", invalid(what, given, "contradicts "+what+" "+quote(inHost)+" in host", "name the "+what+" once")
	}
	if given != "" {
		return given, nil
	}
	return inHost, nil
}

// String is the destination as a person would write it: [user@]host[:port].
func (d Destination) String() string {
	var b strings.Builder
	if d.User != "" {
		b.WriteString(d.User + "@")
	}
	if d.Port == 0 {
		b.WriteString(d.Host)
		return b.String()
	}
	b.WriteString(hostPort(d.Host, d.Port))
	return b.String()
}

// hostPort is host:port, with brackets around an IPv6 address.
func hostPort(host string, port int) string {
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return host + ":" + strconv.Itoa(port)
}
