package params

import (
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/google/jsonschema-go/jsonschema"
)

// Schema returns the JSON Schema (draft 2020-12) of T: an object with a description, bounds and default for every
// parameter, and additionalProperties false.
func Schema[T any]() *jsonschema.Schema {
	return schemaOf(reflect.TypeFor[T]())
}

func schemaOf(t reflect.Type) *jsonschema.Schema {
	s := &jsonschema.Schema{
		Type:                 "object",
		Properties:           map[string]*jsonschema.Schema{},
		AdditionalProperties: &jsonschema.Schema{Not: &jsonschema.Schema{}},
	}
	for _, f := range fieldsOf(t) {
		s.Properties[f.name] = f.schema()
		s.PropertyOrder = append(s.PropertyOrder, f.name)
		if f.required {
			s.Required = append(s.Required, f.name)
		}
	}
	return s
}

func (f field) schema() *jsonschema.Schema {
	s := typeSchema(f.typ)
	s.Description = f.desc
	if s.Type != "string" {
		s.Minimum, s.Maximum = f.min, f.max
	} else if f.max != nil {
		most := int(*f.max)
		s.MaxLength = &most
	}
	for _, e := range f.enum {
		s.Enum = append(s.Enum, e)
	}
	if f.def != "" {
		s.Default = f.defaultJSON()
	}
	return s
}

func (f field) defaultJSON() json.RawMessage {
	if f.typ.Kind() == reflect.String {
		b, _ := json.Marshal(f.def)
		return b
	}
	return json.RawMessage(f.def)
}

func typeSchema(t reflect.Type) *jsonschema.Schema {
	switch t {
	case reflect.TypeFor[List]():
		return &jsonschema.Schema{Types: []string{"array", "string"}, Items: &jsonschema.Schema{Type: "string"}}
	case reflect.TypeFor[Selection]():
		return &jsonschema.Schema{Types: []string{"array", "string"}, Items: &jsonschema.Schema{Type: "string"}}
	case reflect.TypeFor[Share]():
		return &jsonschema.Schema{Types: []string{"integer", "string"}}
	case reflect.TypeFor[Env]():
		return &jsonschema.Schema{Type: "object", AdditionalProperties: &jsonschema.Schema{Types: []string{"string", "number", "boolean", "null"}}}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return typeSchema(t.Elem())
	case reflect.String:
		return &jsonschema.Schema{Type: "string"}
	case reflect.Bool:
		return &jsonschema.Schema{Type: "boolean"}
	case reflect.Int, reflect.Int64:
		return &jsonschema.Schema{Type: "integer"}
	case reflect.Float64:
		return &jsonschema.Schema{Type: "number"}
	case reflect.Slice:
		return &jsonschema.Schema{Type: "array", Items: typeSchema(t.Elem())}
	}
	panic(fmt.Sprintf("params: no JSON Schema for %s", t))
}
