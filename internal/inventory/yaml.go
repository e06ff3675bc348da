package inventory

import (
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"relay-shell/internal/lazyregexp"
)

// parseYAML reads an Ansible inventory in YAML form
// (https://docs.ansible.com/ansible/latest/collections/ansible/builtin/yaml_inventory.html): group to {hosts, children,
// vars}.
func (b *builder) parseYAML(data []byte) (*graph, error) {
	var document, second yaml.Node
	dec := yaml.NewDecoder(strings.NewReader(string(data)))
	if err := dec.Decode(&document); err != nil {
		if errors.Is(err, io.EOF) {
			return newGraph(), nil
		}
		return nil, b.yamlError(err)
	}
	if err := dec.Decode(&second); !errors.Is(err, io.EOF) {
		return nil, at(b.path, max(second.Line, 1), "holds more than one YAML document")
	}
	p := &yamlParser{builder: b, graph: newGraph()}
	root := &document
	if root.Kind == yaml.DocumentNode {
		root = root.Content[0]
	}
	if p.isNull(root) {
		return p.graph, nil
	}
	groups, err := p.mapping(root, "the inventory")
	if err != nil {
		return nil, err
	}
	for _, entry := range groups {
		if entry.key == "plugin" && entry.value.Kind == yaml.ScalarNode {
			return nil, &Error{Where: b.path, Message: "configures an inventory plugin, and plugins are not run", hint: "save what `ansible-inventory --list` prints and name that file"}
		}
		if _, err := p.group(entry, 0); err != nil {
			return nil, err
		}
	}
	return p.graph, nil
}

var yamlLine = lazyregexp.New(`^(?:yaml: )?(?:unmarshal errors:\s*)?line (\d+): `)

// yamlError gives an error of the YAML library the place that errors have here.
func (b *builder) yamlError(err error) error {
	text := err.Error()
	if found := yamlLine.FindStringSubmatch(text); found != nil {
		line, _ := strconv.Atoi(found[1])
		return at(b.path, line, "is no YAML: %s", strings.TrimPrefix(text, found[0]))
	}
	return &Error{Where: b.path, Message: "is no YAML: " + strings.TrimPrefix(text, "yaml: ")}
}

// yamlParser walks the nodes. Anchors can make a short file stand for a huge tree, so visits are counted.
type yamlParser struct {
	*builder
	graph  *graph
	visits int
}

const maxVisits = 20 * maxHosts

type yamlEntry struct {
	key   string
	line  int
	value *yaml.Node
}

// resolve follows aliases.
func resolve(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}

func (p *yamlParser) isNull(n *yaml.Node) bool {
	n = resolve(n)
	return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null"
}

// mapping lists the entries of a mapping in order, with merged ones (<<) before its own. A key that stands twice is an error.
func (p *yamlParser) mapping(n *yaml.Node, what string) ([]yamlEntry, error) {
	return p.merged(n, what, 0)
}

func (p *yamlParser) merged(n *yaml.Node, what string, depth int) ([]yamlEntry, error) {
	if n = resolve(n); p.isNull(n) {
		return nil, nil
	}
	if n.Kind != yaml.MappingNode {
		return nil, at(p.path, n.Line, "%s must be a mapping, not %s", what, describeNode(n))
	}
	if depth == maxNesting {
		return nil, at(p.path, n.Line, "is nested deeper than %d levels", maxNesting)
	}
	var inherited, own []yamlEntry
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if p.visits++; p.visits > maxVisits {
			return nil, at(p.path, n.Line, "stands for more than %d entries", maxVisits)
		}
		k, v := resolve(n.Content[i]), n.Content[i+1]
		if k.Kind != yaml.ScalarNode {
			return nil, at(p.path, n.Content[i].Line, "a key of %s must be a name, not %s", what, describeNode(k))
		}
		if k.ShortTag() == "!!merge" {
			sources := []*yaml.Node{v}
			if list := resolve(v); list.Kind == yaml.SequenceNode {
				sources = list.Content
			}
			for _, source := range slices.Backward(sources) { // the earlier wins
				more, err := p.merged(source, "what << names", depth+1)
				if err != nil {
					return nil, err
				}
				inherited = append(inherited, more...)
			}
			continue
		}
		if before, twice := seen[k.Value]; twice {
			return nil, at(p.path, k.Line, "%q stands twice, first in line %d", cut(k.Value, 80), before)
		}
		seen[k.Value] = k.Line
		own = append(own, yamlEntry{k.Value, k.Line, v})
	}
	return append(inherited, own...), nil
}

// group reads one group with everything below it.
func (p *yamlParser) group(entry yamlEntry, depth int) (*group, error) {
	if depth == maxNesting {
		return nil, at(p.path, entry.line, "is nested deeper than %d levels", maxNesting)
	}
	gr := p.graph.group(entry.key, entry.line)
	what := "group " + strconv.Quote(cut(entry.key, 80))
	parts, err := p.mapping(entry.value, what)
	if err != nil {
		return nil, err
	}
	for _, part := range parts {
		switch part.key {
		case "hosts":
			err = p.hosts(gr, part, what)
		case "children":
			err = p.children(gr, part, what, depth)
		case "vars":
			err = p.vars(gr.vars, part.value, "vars of "+what)
		default:
			p.problem(part.line, "%s: %q is not used; hosts, children and vars are known", what, cut(part.key, 60))
		}
		if err != nil {
			return nil, err
		}
	}
	return gr, nil
}

func (p *yamlParser) hosts(gr *group, part yamlEntry, what string) error {
	if n := resolve(part.value); n.Kind == yaml.ScalarNode && !p.isNull(n) {
		return p.hostEntry(gr, yamlEntry{n.Value, n.Line, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null"}})
	}
	entries, err := p.mapping(part.value, "hosts of "+what)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := p.hostEntry(gr, e); err != nil {
			return err
		}
	}
	return nil
}

func (p *yamlParser) hostEntry(gr *group, e yamlEntry) error {
	names, port, err := expandHost(e.key)
	if err != nil {
		return at(p.path, e.line, "host %q %v", cut(e.key, 80), err)
	}
	vars := map[string]variable{}
	if err := p.vars(vars, e.value, "host "+strconv.Quote(cut(e.key, 80))); err != nil {
		return err
	}
	return p.add(p.graph, gr, names, port, vars, e.line)
}

func (p *yamlParser) children(gr *group, part yamlEntry, what string, depth int) error {
	entries, err := p.mapping(part.value, "children of "+what)
	if err != nil {
		return err
	}
	for _, e := range entries {
		child, err := p.group(e, depth+1)
		if err != nil {
			return err
		}
		p.graph.adopt(gr, child)
	}
	return nil
}

// vars reads scalars. Lists, mappings and vaulted values are of no use here.
func (p *yamlParser) vars(to map[string]variable, n *yaml.Node, what string) error {
	entries, err := p.mapping(n, what)
	if err != nil {
		return err
	}
	for _, e := range entries {
		v := resolve(e.value)
		if v.Kind == yaml.ScalarNode && !strings.HasPrefix(v.Tag, "!vault") && !p.isNull(v) {
			to[e.key] = variable{v.Value, e.line}
		}
	}
	return nil
}

func describeNode(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	return "a single value"
}
