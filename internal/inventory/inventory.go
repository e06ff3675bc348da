// Package inventory knows the hosts that can be named: the literal aliases of ssh_config, and the hosts and groups of an
// inventory file (the JSON of relay-shell, or an Ansible inventory in INI, YAML or JSON).
//
//	inv, err := inventory.Open(inventory.Options{File: "/etc/relay-shell/hosts.ini"})
//	names, err := inv.Select("@web:&@paris", "!web7")
//
// Files are read again when they change. A new version of the inventory file that is bad leaves the last good one in
// force, and [Inventory.Problems] says so.
//
// What it cannot do: it only lists. What a host of ssh_config resolves to is the matter of `ssh -G`; the values here are those
// of its Host blocks, for people who look for a host. It runs no inventory script or plugin, reads no group_vars or
// host_vars and evaluates no templates: a host whose connection depends on those is left out and listed as a problem,
// rather than taken for another.
package inventory

import (
	"maps"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Where a host is known from.
const (
	FromSSHConfig = "ssh_config"
	FromInventory = "inventory"
)

// Host is one host that can be named by its alias. Fields of a host of the inventory file are what the operator wants for
// it; empty ones leave the matter to ssh_config. Those of a host of ssh_config only inform: ssh decides.
type Host struct {
	Alias        string
	Hostname     string
	User         string
	Port         int    // 0 = as ssh_config says
	IdentityFile string // absolute, or empty
	Jump         string // as for ssh -J
	KnownHosts   string // strict, accept-new, ignore, or empty
	Groups       []string
	Vars         map[string]string // further variables of an Ansible inventory, without those that look like secrets
	Source       string            // FromSSHConfig or FromInventory
	Origin       string            // file:line
	PolicyMode   string            // open, guarded, readonly, or empty; it can only make the server's mode stricter
	Leash        *bool             // false: run without the leash session
	SudoSecret   string            // name of the secret that answers sudo's question
}

// Options say where to look. The zero value reads what ssh reads, and no inventory file.
type Options struct {
	// SSHConfig is the file given to ssh with -F, and "none" for none. Empty: ~/.ssh/config and /etc/ssh/ssh_config.
	SSHConfig string
	// File is the inventory file; empty = none.
	File string
	// Home is where ~ leads. "" = the home directory of the passwd entry, which is what ssh uses, whatever HOME says.
	Home string
	// SystemConfig replaces /etc/ssh/ssh_config.
	SystemConfig string
}

// Inventory is safe for use by many goroutines.
type Inventory struct {
	opts    Options
	current atomic.Pointer[snapshot]
	next    atomic.Int64 // when files are looked at again, in nanoseconds since start
	start   time.Time

	mu   sync.Mutex // guards reading
	ssh  sshState
	file fileState
}

// Open reads the files. A bad inventory file is an *Error; what is wrong with ssh_config is ssh's to say, and is listed in
// Problems.
func Open(opts Options) (*Inventory, error) {
	if opts.SystemConfig == "" {
		opts.SystemConfig = "/etc/ssh/ssh_config"
	}
	if opts.Home == "" {
		if u, err := user.Current(); err == nil {
			opts.Home = u.HomeDir
		}
	}
	i := &Inventory{opts: opts, start: time.Now()}
	i.ssh.read(opts)
	if err := i.file.read(opts); err != nil {
		return nil, err
	}
	i.current.Store(merge(&i.ssh, &i.file))
	return i, nil
}

// Hosts lists all hosts: those of the inventory file in its order, then those of ssh_config.
func (i *Inventory) Hosts() []Host { return slices.Clone(i.latest().hosts) }

// Lookup finds a host by its alias.
func (i *Inventory) Lookup(alias string) (Host, bool) {
	s := i.latest()
	n, ok := s.index[alias]
	if !ok {
		return Host{}, false
	}
	return s.hosts[n], true
}

// Groups lists the aliases of each group, those of its children included.
func (i *Inventory) Groups() map[string][]string {
	out := maps.Clone(i.latest().groups)
	for name, members := range out {
		out[name] = slices.Clone(members)
	}
	return out
}

// Problems lists what is wrong with the files in one line each, with the place. Hosts that are named in it are not listed as
// hosts.
func (i *Inventory) Problems() []string { return slices.Clone(i.latest().problems) }

// SSHConfig is the operator's ssh_config file, "" when there is none, and all its literal aliases in order, also those that
// the inventory file overrides.
func (i *Inventory) SSHConfig() (path string, aliases []string) {
	s := i.latest()
	return s.sshPath, slices.Clone(s.sshAliases)
}

// sshPath is the first configuration file that ssh reads.
func (o Options) sshPath() string {
	switch {
	case o.SSHConfig == "none":
		return ""
	case o.SSHConfig != "":
		return o.SSHConfig
	case o.Home == "":
		return ""
	}
	return filepath.Join(o.Home, ".ssh", "config")
}

// snapshot is the state that answers come from. It never changes.
type snapshot struct {
	hosts      []Host
	index      map[string]int
	groups     map[string][]string
	problems   []string
	sshPath    string
	sshAliases []string
}

// merge joins both sources. A host of the inventory file replaces one of ssh_config wholesale.
func merge(ssh *sshState, file *fileState) *snapshot {
	s := &snapshot{index: make(map[string]int, len(ssh.hosts)+len(file.hosts)), groups: file.groups}
	for _, list := range [][]Host{file.hosts, ssh.hosts} {
		for _, h := range list {
			if _, known := s.index[h.Alias]; known {
				continue
			}
			s.index[h.Alias] = len(s.hosts)
			s.hosts = append(s.hosts, h)
		}
	}
	s.problems = shorten(slices.Concat(file.problems, ssh.problems))
	for _, h := range ssh.hosts {
		s.sshAliases = append(s.sshAliases, h.Alias)
	}
	if _, err := os.Stat(ssh.path); err == nil {
		s.sshPath = ssh.path
	}
	return s
}
