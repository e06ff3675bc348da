package tools

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"relay-shell/internal/config"
)

var update = flag.Bool("update", false, "rewrite the committed snapshots of the tools' schemas")

func set(t *testing.T, toolsets ...string) *Set {
	t.Helper()
	return New(&Deps{Config: &config.Config{
		DefaultTimeout: 60 * time.Second, MaxTimeout: 900 * time.Second, DetachAfter: 50 * time.Second, MaxOutput: 65536, MaxOutputHard: 1 << 20,
	}}, toolsets)
}

// TestSnapshots makes every change of the surface visible in review: testdata/schemas holds what clients are shown.
func TestSnapshots(t *testing.T) {
	dir := filepath.Join("testdata", "schemas")
	known := map[string]bool{}
	for _, tool := range set(t).All() {
		shown := map[string]any{
			"name": tool.Name(), "title": tool.Title, "description": tool.Description, "toolset": tool.Toolset,
			"hints": tool.Hints, "input": tool.Input, "output": tool.Output,
		}
		b, err := json.MarshalIndent(shown, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		b = append(b, '\n')
		file := filepath.Join(dir, tool.Name()+".json")
		known[filepath.Base(file)] = true
		if *update {
			if err := os.MkdirAll(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, b, 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatalf("%v (go test ./internal/tools -update)", err)
		}
		if diff := cmp.Diff(string(want), string(b)); diff != "" {
			t.Errorf("%s changed; if that is meant, go test ./internal/tools -update (-committed +now)\n%s", tool.Name(), diff)
		}
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*.json"))
	for _, file := range files {
		if !known[filepath.Base(file)] {
			t.Errorf("%s is the snapshot of no tool", file)
		}
	}
}

// TestTools asks of every tool what each must have.
func TestTools(t *testing.T) {
	seen := map[string]bool{}
	for _, tool := range set(t).All() {
		name := tool.Name()
		if seen[name] {
			t.Errorf("%s is registered twice", name)
		}
		seen[name] = true
		if tool.Title == "" || len(tool.Description) < 20 || tool.Toolset == "" {
			t.Errorf("%s: title %q, description %q, toolset %q", name, tool.Title, tool.Description, tool.Toolset)
		}
		if tool.Hints.ReadOnly && tool.Hints.Destructive {
			t.Errorf("%s says that it is read-only and destructive", name)
		}
		if readOnly := strings.HasSuffix(name, "_read") && name != "file_read"; readOnly && !tool.Hints.ReadOnly {
			t.Errorf("%s must be read-only", name)
		}
		if tool.Input.Type != "object" || tool.Input.AdditionalProperties == nil {
			t.Errorf("%s takes unknown parameters", name)
		}
		for param, s := range tool.Input.Properties {
			if s.Description == "" {
				t.Errorf("%s: parameter %s has no description", name, param)
			}
		}
		for _, required := range tool.Input.Required {
			if tool.Input.Properties[required].Default != nil {
				t.Errorf("%s: required parameter %s has a default", name, required)
			}
		}
		for _, field := range []string{"outcome", "tier", "request_id", "duration_ms", "error"} {
			if tool.Output.Properties[field] == nil {
				t.Errorf("%s: output has no field %s", name, field)
			}
		}
		if _, err := tool.Plan(json.RawMessage(`{"no_such_parameter":1}`)); err == nil {
			t.Errorf("%s takes a parameter it does not know", name)
		}
	}
}

// TestSize holds the surface to what a model can afford: compact JSON of names, descriptions and input schemas.
func TestSize(t *testing.T) {
	for _, tt := range []struct {
		toolsets []string
		limit    int
	}{
		{nil, 30_000},
		{[]string{"shell", "ssh", "session"}, 16_000},
	} {
		size := 0
		for _, tool := range set(t, tt.toolsets...).All() {
			b, err := json.Marshal(map[string]any{"name": tool.Name(), "description": tool.Description, "inputSchema": tool.Input})
			if err != nil {
				t.Fatal(err)
			}
			size += len(b)
		}
		if size > tt.limit {
			t.Errorf("toolsets %v take %d bytes, over %d", tt.toolsets, size, tt.limit)
		}
		t.Logf("toolsets %v: %d bytes", tt.toolsets, size)
	}
}

func TestSince(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"": {}, "90s": now.Add(-90 * time.Second), "2h": now.Add(-2 * time.Hour), "7d": now.Add(-7 * 24 * time.Hour), "2026-01-02T03:04:05Z": time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
	} {
		if got, err := Since(text, now); err != nil || !got.Equal(want) {
			t.Errorf("Since(%q) = %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"yesterday", "-2h", "d", "2026-01-02"} {
		if got, err := Since(text, now); err == nil {
			t.Errorf("Since(%q) = %v", text, got)
		}
	}
}

func TestFitting(t *testing.T) {
	items := []string{"aaaa", "bbbb", "cccc"} // 7 bytes each with quotes and comma
	for budget, want := range map[int]int{0: 0, 6: 0, 7: 1, 20: 2, 21: 3, 1000: 3} {
		if got := len(fitting(items, budget)); got != want {
			t.Errorf("fitting in %d bytes: %d items, want %d", budget, got, want)
		}
	}
}
