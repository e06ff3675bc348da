package mcpserver

import (
	"encoding/json"
	"reflect"
	"slices"

	"github.com/google/jsonschema-go/jsonschema"
)

// encoded is the JSON of a schema, and the same as its own MarshalJSON would write. That one copies every level once more for each level
// above it and looks at all sixty keywords in each: for the tools it took two thirds of a server's start to its first list.
func encoded(s *jsonschema.Schema) json.RawMessage {
	b, err := appendSchema(nil, s)
	if err != nil {
		panic("mcpserver: " + err.Error()) // the schemas are compiled in: a test encodes them all
	}
	return b
}

var nothing = &jsonschema.Schema{Not: &jsonschema.Schema{}}

// appendSchema writes the keywords that our schemas have; a schema with any other writes itself.
func appendSchema(b []byte, s *jsonschema.Schema) ([]byte, error) {
	rest := *s
	rest.Type, rest.Types, rest.Properties, rest.PropertyOrder, rest.Items = "", nil, nil, nil, nil
	rest.Description, rest.Default, rest.Enum = "", nil, nil
	rest.Minimum, rest.Maximum, rest.Required, rest.AdditionalProperties = nil, nil, nil, nil
	if reflect.DeepEqual(s, nothing) { // additionalProperties of every object
		return append(b, "false"...), nil
	}
	if !reflect.ValueOf(rest).IsZero() {
		own, err := s.MarshalJSON()
		return append(b, own...), err
	}
	o := &object{b: append(b, '{')}
	if s.Type != "" {
		o.value("type", s.Type)
	} else if s.Types != nil {
		o.value("type", s.Types)
	}
	if s.Properties != nil {
		o.properties(s)
	}
	if s.Items != nil {
		o.schema("items", s.Items)
	}
	if s.Description != "" {
		o.value("description", s.Description)
	}
	if len(s.Default) > 0 {
		o.value("default", s.Default)
	}
	if len(s.Enum) > 0 {
		o.value("enum", s.Enum)
	}
	if s.Minimum != nil {
		o.value("minimum", *s.Minimum)
	}
	if s.Maximum != nil {
		o.value("maximum", *s.Maximum)
	}
	if len(s.Required) > 0 {
		o.value("required", s.Required)
	}
	if s.AdditionalProperties != nil {
		o.schema("additionalProperties", s.AdditionalProperties)
	}
	if o.members == 0 { // the schema that takes anything
		return append(b, "true"...), o.err
	}
	return append(o.b, '}'), o.err
}

// object is a JSON object that is being written.
type object struct {
	b       []byte
	members int
	err     error
}

func (o *object) key(name string) {
	if o.members > 0 {
		o.b = append(o.b, ',')
	}
	o.members++
	o.append(name)
	o.b = append(o.b, ':')
}

func (o *object) append(v any) {
	text, err := json.Marshal(v)
	if err != nil && o.err == nil {
		o.err = err
	}
	o.b = append(o.b, text...)
}

func (o *object) value(name string, v any) {
	o.key(name)
	o.append(v)
}

func (o *object) schema(name string, s *jsonschema.Schema) {
	o.key(name)
	b, err := appendSchema(o.b, s)
	if err != nil && o.err == nil {
		o.err = err
	}
	o.b = b
}

// properties writes them in their order, and the others behind those by name.
func (o *object) properties(s *jsonschema.Schema) {
	names := slices.DeleteFunc(slices.Clone(s.PropertyOrder), func(n string) bool { return s.Properties[n] == nil })
	var others []string
	for n := range s.Properties {
		if !slices.Contains(names, n) {
			others = append(others, n)
		}
	}
	slices.Sort(others)
	o.key("properties")
	inner := &object{b: append(o.b, '{')}
	for _, n := range append(names, others...) {
		inner.schema(n, s.Properties[n])
	}
	o.b = append(inner.b, '}')
	if o.err == nil {
		o.err = inner.err
	}
}
