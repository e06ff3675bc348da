package inventory

import (
	"slices"
	"strings"

	"relay-shell/internal/nearest"
)

// parseJSON reads the three forms in JSON: relay-shell's own, what ansible-inventory --list prints, and an Ansible YAML
// inventory written in JSON.
func (b *builder) parseJSON(data []byte) (*graph, error) {
	root, err := readJSON(b.path, data)
	if err != nil {
		return nil, err
	}
	if root.kind != "object" {
		return nil, at(b.path, root.line, "must be an object of alias to host")
	}
	if root.get("_meta") != nil {
		return b.ansibleList(root)
	}
	if all := root.get(allGroup); all != nil && all.kind == "object" && (all.get("hosts") != nil || all.get("children") != nil) {
		return b.parseYAML(data)
	}
	return b.ownJSON(root)
}

// ownKeys are the keys of a host in relay-shell's JSON, with the variable that each sets.
var ownKeys = map[string]string{
	"hostname": varHost, "host": varHost, "user": varUser, "port": varPort, "identity_file": varKey, "identityfile": varKey,
	"jump": varJump, "proxyjump": varJump, "known_hosts": varKnown, "policy_mode": varMode, "leash": varLeash,
	"sudo_secret": varSudo, "groups": "", "vars": "",
}

// ownJSON reads relay-shell's form: alias to host, and "@group" to what holds for all hosts of the group.
func (b *builder) ownJSON(root *jsonValue) (*graph, error) {
	g := newGraph()
	for _, entry := range root.members {
		if entry.value.kind != "object" {
			return nil, at(b.path, entry.line, "%q must be an object, not %s", cut(entry.key, 80), entry.value.described())
		}
		var vars map[string]variable
		var groups []string
		var err error
		name, isGroup := strings.CutPrefix(entry.key, "@")
		if isGroup {
			vars = g.group(name, entry.line).vars
		} else {
			m := g.host(name, entry.line)
			if m == nil {
				return nil, at(b.path, entry.line, "more than %d hosts", maxHosts)
			}
			vars = m.vars
		}
		if groups, err = b.ownHost(entry.key, &entry.value, vars); err != nil {
			return nil, err
		}
		for _, parent := range groups {
			to := g.group(parent, entry.line)
			if isGroup {
				g.adopt(to, g.group(name, entry.line))
			} else {
				g.join(name, to)
			}
		}
	}
	return g, nil
}

// ownHost reads the object of one host or group into vars.
func (b *builder) ownHost(name string, v *jsonValue, vars map[string]variable) (groups []string, err error) {
	given := map[string]string{} // variable to the key that set it
	for _, m := range v.members {
		to, known := ownKeys[m.key]
		switch {
		case !known:
			if near := nearest.Name(m.key, keysOf(ownKeys)); near != "" {
				return nil, at(b.path, m.line, "%s: unknown key %q (did you mean %s?)", cut(name, 80), m.key, near)
			}
			b.problem(m.line, "%s: key %q is not used", cut(name, 80), cut(m.key, 60))
		case m.value.kind == "null":
		case m.key == "groups":
			if groups, err = b.words(name, &m.value); err != nil {
				return nil, err
			}
		case m.key == "vars":
			if err := b.ownVars(name, &m.value, vars); err != nil {
				return nil, err
			}
		default:
			if before := given[to]; before != "" {
				return nil, at(b.path, m.line, "%s: %s and %s say the same thing twice", cut(name, 80), before, m.key)
			}
			given[to] = m.key
			if err := b.ownScalar(name, m); err != nil {
				return nil, err
			}
			vars[to] = variable{m.value.text, m.line}
		}
	}
	return groups, nil
}

// ownScalar checks the type of one value: port is a number or digits, leash a boolean, all else a string.
func (b *builder) ownScalar(name string, m jsonMember) error {
	want, ok := "a string", m.value.kind == "string"
	switch m.key {
	case "port":
		want, ok = "a number from 1 to 65535", false
		if m.value.kind == "number" || m.value.kind == "string" {
			_, err := parsePort(m.value.text)
			ok = err == nil || m.value.kind == "string" && m.value.text == ""
		}
	case "leash":
		want, ok = "true or false", m.value.kind == "boolean"
	}
	if !ok {
		return at(b.path, m.line, "%s: %s must be %s, not %s", cut(name, 80), m.key, want, m.value.described())
	}
	return nil
}

// words reads an array of strings, or one string separated by commas or blanks.
func (b *builder) words(name string, v *jsonValue) ([]string, error) {
	if v.kind == "string" {
		return strings.FieldsFunc(v.text, func(r rune) bool { return r == ',' || r == ' ' }), nil
	}
	var out []string
	for _, item := range v.items {
		if item.kind != "string" {
			return nil, at(b.path, item.line, "%s: groups must be names, not %s", cut(name, 80), item.described())
		}
		out = append(out, item.text)
	}
	if v.kind != "array" {
		return nil, at(b.path, v.line, "%s: groups must be an array of names, not %s", cut(name, 80), v.described())
	}
	return out, nil
}

func (b *builder) ownVars(name string, v *jsonValue, vars map[string]variable) error {
	if v.kind != "object" {
		return at(b.path, v.line, "%s: vars must be an object, not %s", cut(name, 80), v.described())
	}
	for _, m := range v.members {
		if m.value.scalar() {
			vars[m.key] = variable{m.value.text, m.line}
		}
	}
	return nil
}

func (v *jsonValue) scalar() bool {
	return v.kind == "string" || v.kind == "number" || v.kind == "boolean"
}

// described is the value for a message: its kind, and a number itself.
func (v *jsonValue) described() string {
	switch v.kind {
	case "null":
		return "null"
	case "number":
		return cut(v.text, 40)
	case "object", "array":
		return "an " + v.kind
	}
	return "a " + v.kind
}

func keysOf(m map[string]string) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// ansibleList reads what ansible-inventory --list prints, and inventory scripts
// (https://docs.ansible.com/ansible/latest/dev_guide/developing_inventory.html): group to {hosts, children, vars}, and
// _meta.hostvars.
func (b *builder) ansibleList(root *jsonValue) (*graph, error) {
	g := newGraph()
	for _, entry := range root.members {
		if entry.key == "_meta" {
			continue
		}
		gr := g.group(entry.key, entry.line)
		hosts, children := entry.value.get("hosts"), entry.value.get("children")
		if entry.value.kind == "array" { // the short form: group to list of hosts
			hosts = &entry.value
		} else if entry.value.kind != "object" {
			return nil, at(b.path, entry.line, "group %q must be an object, not %s", cut(entry.key, 80), entry.value.described())
		}
		for _, list := range []*jsonValue{hosts, children} {
			if list == nil {
				continue
			}
			names, err := b.words(entry.key, list)
			if err != nil {
				return nil, err
			}
			for i, name := range names {
				if list == children {
					g.adopt(gr, g.group(name, list.line))
					continue
				}
				line := list.line
				if i < len(list.items) {
					line = list.items[i].line
				}
				if err := b.add(g, gr, []string{name}, "", nil, line); err != nil {
					return nil, err
				}
			}
		}
		if vars := entry.value.get("vars"); vars != nil {
			if err := b.ownVars(entry.key, vars, gr.vars); err != nil {
				return nil, err
			}
		}
	}
	return g, b.hostVars(g, root.get("_meta").get("hostvars"))
}

func (b *builder) hostVars(g *graph, all *jsonValue) error {
	if all == nil {
		return nil
	}
	for _, entry := range all.members {
		m := g.host(entry.key, entry.line)
		if m == nil {
			return at(b.path, entry.line, "more than %d hosts", maxHosts)
		}
		if err := b.ownVars(entry.key, &entry.value, m.vars); err != nil {
			return err
		}
	}
	return nil
}
