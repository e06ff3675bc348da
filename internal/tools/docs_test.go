package tools

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/jsonschema-go/jsonschema"
)

// TestDocs holds docs/tools.md, which is generated from the registrations, to them.
func TestDocs(t *testing.T) {
	file := filepath.Join("..", "..", "docs", "tools.md")
	got := toolsMarkdown(set(t))
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("docs/tools.md is stale: go test ./internal/tools -update (-committed +now)\n%s", diff)
	}
}

func toolsMarkdown(set *Set) string {
	var b strings.Builder
	b.WriteString("# Tools\n\nGenerated from the registrations: `go test ./internal/tools -update`. Every result also has `outcome`, `tier`, `request_id`, `duration_ms`, `error` and, where there is something to say, `notes`.\n")
	toolset := ""
	for _, tool := range set.All() {
		if tool.Toolset != toolset {
			toolset = tool.Toolset
			fmt.Fprintf(&b, "\n## Toolset `%s`\n", toolset)
		}
		fmt.Fprintf(&b, "\n### `%s`\n\n%s\n\n%s\n", tool.Name(), tool.Description, hintsText(tool.Hints))
		if len(tool.Input.PropertyOrder) > 0 {
			b.WriteString("\n| parameter | type | default | |\n|---|---|---|---|\n")
		}
		for _, name := range tool.Input.PropertyOrder {
			s := tool.Input.Properties[name]
			fmt.Fprintf(&b, "| `%s`%s | %s | %s | %s |\n", name, required(tool, name), typeText(s), strings.ReplaceAll(string(s.Default), "|", "\\|"), strings.ReplaceAll(s.Description, "|", "\\|"))
		}
	}
	return b.String()
}

func hintsText(h Hints) string {
	switch {
	case h.ReadOnly:
		return "*Only reads.*"
	case h.Destructive:
		return "*May change or destroy things.*"
	}
	return "*Changes things, destroys nothing.*"
}

func required(t *Tool, name string) string {
	for _, r := range t.Input.Required {
		if r == name {
			return " (required)"
		}
	}
	return ""
}

func typeText(s *jsonschema.Schema) string {
	text := s.Type
	if text == "" {
		text = strings.Join(s.Types, " or ")
	}
	for i, e := range s.Enum {
		sep := ", "
		if i == 0 {
			sep = ": "
		}
		text += fmt.Sprintf("%s%v", sep, e)
	}
	return text
}
