// Package tools defines every tool: its name, its parameters, what it would run and how it runs. A tool knows nothing of
// MCP, of the policy or of the audit: internal/mcpserver shows tools to clients, the command line calls the same ones, and
// internal/relay walks each call down the one road. [New] builds them all; one file holds one family.
package tools

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/google/jsonschema-go/jsonschema"

	"relay-shell/internal/nearest"
	"relay-shell/internal/params"
	"relay-shell/internal/relay"
)

// Tool is one tool. It is a [relay.Operation].
type Tool struct {
	name        string
	Title       string
	Description string
	// Toolset is the group that RELAY_SHELL_TOOLSETS switches.
	Toolset string
	Hints   Hints
	Input   *jsonschema.Schema
	Output  *jsonschema.Schema
	// RunsCommand says that every result has the fields of [relay.CommandResult].
	RunsCommand bool
	plan        func(args json.RawMessage) (*relay.Plan, error)
	refused     func(args json.RawMessage) map[string]any
}

// Hints are the tool's MCP annotations. They tell the truth: a client may let a ReadOnly tool run unasked.
type Hints struct {
	ReadOnly, Destructive, Idempotent, OpenWorld bool
}

// Name is the tool's name.
func (t *Tool) Name() string { return t.name }

// Plan validates the arguments.
func (t *Tool) Plan(args json.RawMessage) (*relay.Plan, error) { return t.plan(args) }

// Set is all tools of the switched-on toolsets, in the order in which they are listed.
type Set struct {
	deps  *Deps
	tools []*Tool
	// off names the toolset of each tool that is switched off.
	off map[string]string
}

// RecordRefused is what the audit holds of arguments that Plan refused.
func (t *Tool) RecordRefused(args json.RawMessage) map[string]any { return t.refused(args) }

// New builds the tools. The zero toolsets means all that exist.
func New(deps *Deps, toolsets []string) *Set {
	s := &Set{deps: deps, off: map[string]string{}}
	deps.jobs = len(toolsets) == 0 || slices.Contains(toolsets, "job")
	for _, family := range [][]*Tool{deps.shellTools(), deps.sshTools(), deps.fleetTools(), deps.keyTools(), deps.hostTools(), deps.sessionTools(), deps.jobTools(), deps.fileTools(), deps.forwardTools(), deps.diagTools()} {
		for _, t := range family {
			if len(toolsets) == 0 || slices.Contains(toolsets, t.Toolset) {
				s.tools = append(s.tools, t)
			} else {
				s.off[t.name] = t.Toolset
			}
		}
	}
	return s
}

// Missing says why there is no tool of this name, and what to call instead.
func (s *Set) Missing(name string) string {
	if toolset, is := s.off[name]; is {
		return fmt.Sprintf("tool %q is switched off: RELAY_SHELL_TOOLSETS leaves out %s, and only the operator can change that", name, toolset)
	}
	names := make([]string, len(s.tools))
	for i, t := range s.tools {
		names[i] = t.name
	}
	if near := nearest.Name(name, names); near != "" {
		return fmt.Sprintf("unknown tool %q: did you mean %s?", name, near)
	}
	return fmt.Sprintf("unknown tool %.100q: tools/list names the tools", name)
}

// All lists the tools.
func (s *Set) All() []*Tool { return s.tools }

// Get finds a tool by name, nil if there is none.
func (s *Set) Get(name string) *Tool {
	for _, t := range s.tools {
		if t.name == name {
			return t
		}
	}
	return nil
}

// define completes a tool from its parameter struct P and the plan made of it.
func define[P any](t Tool, plan func(p *P) (*relay.Plan, error)) *Tool {
	t.Input = params.Schema[P]()
	t.refused = params.RecordRefused[P]
	t.plan = func(args json.RawMessage) (*relay.Plan, error) {
		p := new(P)
		if err := params.Decode(args, p); err != nil {
			return nil, err
		}
		made, err := plan(p)
		if err != nil {
			return nil, err
		}
		if made.Args == nil {
			made.Args = p
		}
		return made, nil
	}
	return &t
}

// without hides a parameter.
func (t *Tool) without(param string) *Tool {
	delete(t.Input.Properties, param)
	t.Input.PropertyOrder = slices.DeleteFunc(t.Input.PropertyOrder, func(p string) bool { return p == param })
	return t
}

// withDefault shows a parameter's default that a setting decides.
func (t *Tool) withDefault(param string, value any) *Tool {
	b, _ := json.Marshal(value)
	t.Input.Properties[param].Default = b
	return t
}
