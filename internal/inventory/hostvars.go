package inventory

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"relay-shell/internal/lazyregexp"
)

// Names that carry the settings of a host. Those of Ansible are in
// https://docs.ansible.com/ansible/latest/collections/ansible/builtin/ssh_connection.html; ours have a prefix there.
const (
	varHost    = "ansible_host"
	varUser    = "ansible_user"
	varPort    = "ansible_port"
	varKey     = "ansible_ssh_private_key_file"
	varJump    = "relay_shell_jump"
	varKnown   = "relay_shell_known_hosts"
	varMode    = "relay_shell_policy_mode"
	varLeash   = "relay_shell_leash"
	varSudo    = "relay_shell_sudo_secret"
	varConnect = "ansible_connection"
)

// synonyms are other names for the same, in the order in which they give way. Ansible accepts all but ours.
var synonyms = map[string]string{
	"ansible_ssh_host": varHost, "ansible_ssh_user": varUser, "ansible_ssh_port": varPort, "ansible_private_key_file": varKey,
	"policy_mode": varMode, "leash": varLeash, "sudo_secret": varSudo,
}

// canonical is the one name for a variable. Ours may be written in capitals, as the settings are.
func canonical(name string) string {
	if lower := strings.ToLower(name); strings.HasPrefix(lower, "relay_shell_") {
		name = lower
	}
	if to := synonyms[name]; to != "" {
		return to
	}
	return name
}

// build inherits variables and makes hosts of members.
func (b *builder) build(g *graph) ([]Host, map[string][]string, error) {
	groups := map[string][]string{}
	for _, name := range g.names {
		if name != allGroup && name != ungroupedGroup {
			groups[name] = []string{}
		}
	}
	up, memo := g.parents(), map[string][]string{}
	hosts := make([]Host, 0, len(g.order))
	for _, name := range g.order {
		m := g.hosts[name]
		lineage := g.lineage(m, up, memo)
		h, err := b.host(m, inherit(lineage, m))
		if err != nil {
			return nil, nil, err
		}
		if h == nil {
			continue
		}
		for _, gr := range lineage {
			if gr.name != allGroup && gr.name != ungroupedGroup {
				h.Groups = append(h.Groups, gr.name)
				groups[gr.name] = append(groups[gr.name], name)
			}
		}
		slices.Sort(h.Groups)
		hosts = append(hosts, *h)
	}
	if len(hosts) == 0 {
		b.problems = append(b.problems, b.path+": holds no usable host")
	}
	return hosts, groups, nil
}

// inherit lays the variables over one another: groups from far to near, then the host's own. Of two groups equally near
// the stricter policy mode counts, and for all else the later name, as in Ansible.
func inherit(lineage []*group, m *member) map[string]variable {
	vars := map[string]variable{}
	modeDepth := -1
	for _, gr := range lineage {
		for _, name := range slices.Sorted(maps.Keys(gr.vars)) {
			v, key := gr.vars[name], canonical(name)
			if key == varMode {
				if modeDepth == gr.depth && strictness(vars[key].value) >= strictness(v.value) {
					continue
				}
				modeDepth = gr.depth
			}
			vars[key] = v
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m.vars)) {
		vars[canonical(name)] = m.vars[name]
	}
	return vars
}

// strictness orders policy modes; unknown ones come out on top so that they are seen and refused.
func strictness(mode string) int {
	if i := slices.Index(policyModes, strings.ToLower(mode)); i >= 0 {
		return i
	}
	return len(policyModes)
}

var policyModes = []string{"open", "guarded", "readonly"}

// secretName tells variables that likely hold a secret by their names.
var secretName = lazyregexp.New(`(?i)pass|secret|token|key|credential|vault`)

// host makes a Host, nil for one that is left out. An error is a value that could make a host less safe than the operator
// meant, and refuses the file.
func (b *builder) host(m *member, vars map[string]variable) (*Host, error) {
	if err := checkHost(m.name); err != nil {
		b.leaveOut(m, m.line, "it %v", err)
		return nil, nil
	}
	h := &Host{Alias: m.name, Source: FromInventory, Origin: fmt.Sprintf("%s:%d", b.path, m.line)}
	if err := b.safety(h, vars); err != nil {
		return nil, err
	}
	if !b.connection(h, m, vars) {
		return nil, nil
	}
	for name, v := range vars {
		if strings.HasPrefix(name, "ansible_") || strings.HasPrefix(name, "relay_shell_") || secretName.MatchString(name) {
			continue
		}
		if h.Vars == nil {
			h.Vars = map[string]string{}
		}
		h.Vars[name] = v.value
	}
	return h, nil
}

// leaveOut lists a host that cannot be used.
func (b *builder) leaveOut(m *member, line int, format string, args ...any) {
	b.problem(line, "host %q is left out: %s", cut(m.name, 80), fmt.Sprintf(format, args...))
}

var secretNames = lazyregexp.New(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// safety reads what bounds a host.
func (b *builder) safety(h *Host, vars map[string]variable) error {
	if v, ok := vars[varMode]; ok {
		mode := strings.ToLower(v.value)
		if !slices.Contains(policyModes, mode) {
			return at(b.path, v.line, "policy_mode %q of %s must be open, guarded or readonly%s", cut(v.value, 40), h.Alias, didYouMean(mode, policyModes))
		}
		h.PolicyMode = mode
	}
	if v, ok := vars[varLeash]; ok {
		on, err := parseBool(v.value)
		if err != nil {
			return at(b.path, v.line, "leash %q of %s must be true or false", cut(v.value, 40), h.Alias)
		}
		h.Leash = &on
	}
	if v, ok := vars[varSudo]; ok {
		if !secretNames.MatchString(v.value) {
			return at(b.path, v.line, "sudo_secret of %s must be the name of a secret: letters, digits and ._-", h.Alias)
		}
		h.SudoSecret = v.value
	}
	if v, ok := vars[varKnown]; ok {
		h.KnownHosts = strings.ToLower(v.value)
		if !slices.Contains([]string{"", "strict", "accept-new", "ignore"}, h.KnownHosts) {
			return at(b.path, v.line, "known_hosts %q of %s must be strict, accept-new or ignore", cut(v.value, 40), h.Alias)
		}
	}
	return nil
}

// parseBool takes the words of YAML 1.1, which Ansible takes.
func parseBool(s string) (bool, error) {
	switch strings.ToLower(s) {
	case "yes", "on":
		return true, nil
	case "no", "off":
		return false, nil
	}
	return strconv.ParseBool(strings.ToLower(s))
}

// connection reads how a host is reached. What is not understood leaves the host out: without it the name could mean
// another machine.
func (b *builder) connection(h *Host, m *member, vars map[string]variable) bool {
	for _, name := range []string{varHost, varUser, varPort, varKey, varJump, varConnect, "ansible_ssh_args", "ansible_ssh_common_args", "ansible_ssh_extra_args"} {
		if v := vars[name]; strings.Contains(v.value, "{{") || strings.Contains(v.value, "{%") {
			b.leaveOut(m, v.line, "%s is a template, and templates are not evaluated", name)
			return false
		}
	}
	if v := vars[varConnect]; !slices.Contains(sshConnections, v.value) {
		b.leaveOut(m, v.line, "its connection %q is not SSH", cut(v.value, 40))
		return false
	}
	if !b.sshArgs(h, m, vars) {
		return false
	}
	for _, f := range []struct {
		name, what string
		set        *string
		check      func(string) error
	}{
		{varHost, "host name", &h.Hostname, checkHost},
		{varUser, "user", &h.User, checkUser},
		{varJump, "jump", &h.Jump, checkJump},
		{varKey, "identity file", &h.IdentityFile, checkPath},
	} {
		v := vars[f.name]
		if v.value == "" {
			continue
		}
		if err := f.check(v.value); err != nil {
			b.leaveOut(m, v.line, "its %s %q %v", f.what, cut(v.value, 80), err)
			return false
		}
		*f.set = v.value
	}
	if v := vars[varPort]; v.value != "" {
		port, err := parsePort(v.value)
		if err != nil {
			b.leaveOut(m, v.line, "it %v", err)
			return false
		}
		h.Port = port
	}
	h.IdentityFile = b.absolute(h.IdentityFile)
	return true
}

var sshConnections = []string{"", "ssh", "smart", "paramiko", "paramiko_ssh", "ansible.builtin.ssh", "ansible.builtin.paramiko_ssh"}

// checkPath refuses what ssh_config cannot carry.
func checkPath(path string) error {
	for _, r := range path {
		if r < ' ' || r == 0x7f || r == '"' || r == '\\' {
			return fmt.Errorf("holds %q", r)
		}
	}
	if strings.Contains(path, "${") {
		return fmt.Errorf("names a variable")
	}
	return nil
}

// absolute makes the path of a key independent of the working directory.
func (b *builder) absolute(path string) string {
	switch {
	case path == "" || filepath.IsAbs(path):
		return path
	case strings.HasPrefix(path, "~/") && b.home != "":
		return filepath.Join(b.home, path[2:])
	}
	return filepath.Join(filepath.Dir(b.path), path)
}
