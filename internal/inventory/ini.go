package inventory

import (
	"slices"
	"strings"

	"relay-shell/internal/lazyregexp"
)

// parseINI reads an Ansible inventory in INI form
// (https://docs.ansible.com/ansible/latest/collections/ansible/builtin/ini_inventory.html).
func (b *builder) parseINI(data []byte) (*graph, error) {
	p := &iniParser{builder: b, graph: newGraph()}
	p.section, p.kind = p.graph.group(ungroupedGroup, 1), "hosts"
	p.section.declared = true
	line := 0
	for text := range strings.SplitSeq(string(data), "\n") {
		line++
		text = strings.TrimSpace(text)
		if text == "" || text[0] == '#' || text[0] == ';' {
			continue
		}
		if err := p.line(text, line); err != nil {
			return nil, err
		}
	}
	// Children and variables may stand before the section of the group, so that this is known only now.
	for _, u := range p.used {
		if !p.declared(u.group) {
			defined := slices.DeleteFunc(slices.Clone(p.graph.names), func(name string) bool { return !p.declared(name) })
			return nil, at(b.path, u.line, "group %q is not defined%s", cut(u.group, 80), didYouMean(u.group, defined))
		}
	}
	return p.graph, nil
}

type iniParser struct {
	*builder
	graph   *graph
	section *group
	kind    string // of the section: hosts, children, vars
	used    []use
}

// declared: all is there without being named.
func (p *iniParser) declared(name string) bool {
	return name == allGroup || p.graph.groups[name].declared
}

// use is a group that is named somewhere and must be defined somewhere else.
type use struct {
	group string
	line  int
}

func (p *iniParser) line(text string, line int) error {
	if text[0] == '[' {
		if name, rest, ok := strings.Cut(text[1:], "]"); ok && (rest == "" || strings.HasPrefix(strings.TrimSpace(rest), "#") || strings.HasPrefix(strings.TrimSpace(rest), ";")) {
			return p.header(strings.TrimSpace(name), line)
		}
		if !strings.Contains(text, "]:") {
			return at(p.path, line, "is no section header; [name], [name:children] or [name:vars] is")
		}
	}
	switch p.kind {
	case "children":
		return p.child(text, line)
	case "vars":
		name, value, ok := strings.Cut(text, "=")
		if name = strings.TrimSpace(name); !ok || name == "" {
			return at(p.path, line, "expected name=value in [%s:vars]", p.section.name)
		}
		p.section.vars[name] = variable{unquote(strings.TrimSpace(value)), line}
		return nil
	}
	return p.hostLine(text, line)
}

func (p *iniParser) header(name string, line int) error {
	name, kind, typed := strings.Cut(name, ":")
	if !typed {
		kind = "hosts"
	}
	if kind != "hosts" && kind != "children" && kind != "vars" {
		return at(p.path, line, "section kind %q is unknown; children and vars are known", cut(kind, 40))
	}
	if err := checkGroup(name); err != nil {
		return at(p.path, line, "group %q %v", cut(name, 80), err)
	}
	p.section, p.kind = p.graph.group(name, line), kind
	if kind == "vars" {
		p.used = append(p.used, use{name, line})
	} else {
		p.section.declared = true
	}
	return nil
}

func (p *iniParser) child(text string, line int) error {
	name, _, _ := strings.Cut(text, "#")
	name = strings.TrimSpace(name)
	if err := checkGroup(name); err != nil {
		return at(p.path, line, "group %q %v", cut(name, 80), err)
	}
	p.used = append(p.used, use{name, line})
	p.graph.adopt(p.section, p.graph.group(name, line))
	return nil
}

// hostLine reads "name[01:10]:port key=value …".
func (p *iniParser) hostLine(text string, line int) error {
	words, err := splitWords(text, true)
	if err != nil {
		return at(p.path, line, "%v", err)
	}
	if len(words) == 0 {
		return nil
	}
	names, port, err := expandHost(words[0])
	if err != nil {
		return at(p.path, line, "host %q %v", cut(words[0], 80), err)
	}
	vars := map[string]variable{}
	for _, w := range words[1:] {
		name, value, ok := strings.Cut(w, "=")
		if !ok || name == "" {
			return at(p.path, line, "expected name=value after the host, not %q", cut(w, 60))
		}
		vars[name] = variable{unquote(value), line}
	}
	return p.add(p.graph, p.section, names, port, vars, line)
}

// add puts hosts with their variables into a group.
func (b *builder) add(g *graph, to *group, names []string, port string, vars map[string]variable, line int) error {
	for _, name := range names {
		m := g.host(name, line)
		if m == nil {
			return at(b.path, line, "more than %d hosts", maxHosts)
		}
		if port != "" {
			m.vars["ansible_port"] = variable{port, line}
		}
		for k, v := range vars {
			m.vars[k] = v
		}
		g.join(name, to)
	}
	return nil
}

// literals are the values that Python reads as such, also with a comment behind them: quoted strings, numbers, booleans.
var literals = lazyregexp.New(`^(?:"([^"\\]*)"|'([^'\\]*)'|(-?\d+|True|False|None))\s*(?:#.*)?$`)

// unquote reads a value as Ansible does: as a Python literal where it is one, else as it stands, with any #.
func unquote(s string) string {
	if found := literals.FindStringSubmatch(s); found != nil {
		return strings.TrimPrefix(found[1]+found[2]+found[3], "None")
	}
	return s
}
