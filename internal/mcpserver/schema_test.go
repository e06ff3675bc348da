package mcpserver

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/jsonschema-go/jsonschema"

	"relay-shell/internal/config"
	"relay-shell/internal/tools"
)

// TestEncoded compares the schemas of all tools, and the odd ones, with what they write of themselves.
func TestEncoded(t *testing.T) {
	minimum := 0.5
	all := map[string]*jsonschema.Schema{
		"anything": {},
		"nothing":  {Not: &jsonschema.Schema{}},
		"odd":      {Type: "string", Pattern: `^<&>$`, Description: "known and not"},
		"nested": {Type: "object", PropertyOrder: []string{"z", "gone"}, Properties: map[string]*jsonschema.Schema{
			"z": {Types: []string{"null", "number"}, Minimum: &minimum, Default: json.RawMessage(`null`)}, "b": {}, "a": {Enum: []any{"<x>", 1, nil}},
		}, AdditionalProperties: &jsonschema.Schema{Not: &jsonschema.Schema{}}, Required: []string{"z"}},
		"empty": {Type: "object", Properties: map[string]*jsonschema.Schema{}},
	}
	for _, tool := range tools.New(&tools.Deps{Config: &config.Config{}}, nil).All() {
		all[tool.Name()+" input"] = tool.Input
		if tool.Output != nil {
			all[tool.Name()+" output"] = tool.Output
		}
	}
	if len(all) < 20 {
		t.Fatalf("only %d schemas", len(all))
	}
	for name, s := range all {
		want, err := json.Marshal(s)
		if err != nil {
			t.Fatal(name, err)
		}
		if diff := cmp.Diff(string(want), string(encoded(s))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
