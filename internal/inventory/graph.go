package inventory

import (
	"cmp"
	"maps"
	"slices"
)

// graph is an inventory file as it stands: hosts, groups and variables, before anything is inherited.
type graph struct {
	hosts  map[string]*member
	order  []string // of hosts
	groups map[string]*group
	names  []string // of groups, in order
}

// variable is a value with the line that sets it.
type variable struct {
	value string
	line  int
}

type member struct {
	name   string
	line   int
	vars   map[string]variable
	groups []string
}

type group struct {
	name     string
	line     int
	declared bool // by a section or entry of its own, not only as somebody's child
	hosts    []string
	children []string
	vars     map[string]variable
	depth    int // from "all"; deeper groups win
}

// maxHosts ends what a few ranges could make of a short file.
const maxHosts = 200_000

func newGraph() *graph {
	return &graph{hosts: map[string]*member{}, groups: map[string]*group{}}
}

// host finds or adds a host; nil when there are too many.
func (g *graph) host(name string, line int) *member {
	m := g.hosts[name]
	if m == nil {
		if len(g.hosts) >= maxHosts {
			return nil
		}
		m = &member{name: name, line: line, vars: map[string]variable{}}
		g.hosts[name] = m
		g.order = append(g.order, name)
	}
	return m
}

// group finds or adds a group.
func (g *graph) group(name string, line int) *group {
	gr := g.groups[name]
	if gr == nil {
		gr = &group{name: name, line: line, vars: map[string]variable{}}
		g.groups[name] = gr
		g.names = append(g.names, name)
	}
	return gr
}

// join makes a host a member of a group.
func (g *graph) join(name string, to *group) {
	m := g.hosts[name]
	if !slices.Contains(m.groups, to.name) {
		m.groups = append(m.groups, to.name)
		to.hosts = append(to.hosts, name)
	}
}

// adopt makes one group the child of another.
func (g *graph) adopt(parent, child *group) {
	if !slices.Contains(parent.children, child.name) {
		parent.children = append(parent.children, child.name)
	}
}

// check finds what cannot be inherited: circles and names that no selection could use.
// It measures how far each group is from "all".
func (b *builder) check(g *graph) error {
	for _, name := range g.names {
		if err := checkGroup(name); err != nil {
			return at(b.path, g.groups[name].line, "group %q %v", cut(name, 80), err)
		}
	}
	order, err := b.childrenFirst(g)
	if err != nil {
		return err
	}
	for _, name := range slices.Backward(order) {
		gr := g.groups[name]
		if name != allGroup {
			gr.depth = max(gr.depth, 1)
		}
		for _, c := range gr.children {
			g.groups[c].depth = max(g.groups[c].depth, gr.depth+1)
		}
	}
	return nil
}

// childrenFirst orders the groups so that each comes after those in it.
func (b *builder) childrenFirst(g *graph) ([]string, error) {
	const open, done = 1, 2
	state := make(map[string]int, len(g.names))
	var order []string
	var visit func(name string) error
	visit = func(name string) error {
		state[name] = open
		gr := g.groups[name]
		for _, child := range gr.children {
			if state[child] == open {
				return at(b.path, gr.line, "group %q contains itself, by way of %q", name, child)
			}
			if state[child] == 0 {
				if err := visit(child); err != nil {
					return err
				}
			}
		}
		state[name] = done
		order = append(order, name)
		return nil
	}
	for _, name := range g.names {
		if state[name] == 0 {
			if err := visit(name); err != nil {
				return nil, err
			}
		}
	}
	return order, nil
}

// Groups that every inventory has, whether it names them or not.
const (
	allGroup       = "all"
	ungroupedGroup = "ungrouped"
)

// parents maps each group to those that contain it.
func (g *graph) parents() map[string][]string {
	up := map[string][]string{}
	for _, name := range g.names {
		for _, c := range g.groups[name].children {
			up[c] = append(up[c], name)
		}
	}
	return up
}

// lineage lists all groups of a host, also those that it is in by way of others, in the order in which their variables
// apply: from "all" down, and by name where the depth is the same.
func (g *graph) lineage(m *member, up, memo map[string][]string) []*group {
	seen := map[string]*group{}
	if all := g.groups[allGroup]; all != nil {
		seen[allGroup] = all
	}
	for _, name := range m.groups {
		for _, a := range g.ancestors(name, up, memo) {
			seen[a] = g.groups[a]
		}
	}
	return slices.SortedFunc(maps.Values(seen), func(a, b *group) int {
		return cmp.Or(cmp.Compare(a.depth, b.depth), cmp.Compare(a.name, b.name))
	})
}

// ancestors lists a group and those around it.
func (g *graph) ancestors(name string, up, memo map[string][]string) []string {
	if known, ok := memo[name]; ok {
		return known
	}
	seen := map[string]bool{name: true}
	out := []string{name}
	for i := 0; i < len(out); i++ {
		for _, p := range up[out[i]] {
			if !seen[p] {
				seen[p] = true
				out = append(out, p)
			}
		}
	}
	memo[name] = out
	return out
}
