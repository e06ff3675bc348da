package tools

import (
	"context"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"relay-shell/internal/audit"
	"relay-shell/internal/keeper"
	"relay-shell/internal/keeper/session"
	"relay-shell/internal/policy"
	"relay-shell/internal/policy/corpus"
	"relay-shell/internal/redact"
	"relay-shell/internal/relay"
	"relay-shell/internal/target"
)

// inert are the parameters that reach no shell, and why. A parameter that is here under its name alone is inert in every tool.
var inert = map[string]string{
	"host": "a destination behind --", "hosts": "destinations", "jump": "destinations", "user": "a login name", "key_path": "an existing file", "known_hosts": "a choice", "key_types": "a list of names",
	"path": "a file's name, one quoted word where it meets a shell", "local_path": "a file's name", "remote_path": "a file's name, quoted", "to": "a file's name, quoted", "cwd": "a directory's name, quoted",
	"glob": "a pattern that relay-shell itself matches", "pattern": "a pattern that relay-shell itself matches", "grep": "RE2", "until": "RE2", "since": "a time",
	"session_id": "an id", "job_id": "an id", "forward_id": "an id", "change_id": "an id", "id": "an id", "token": "an id", "fingerprint": "compared", "expected_sha256": "compared",
	"encoding": "a choice", "mode": "an octal number", "batch": "a number", "lines": "numbers", "outcome": "compared", "tool": "compared", "signal_name": "a choice",
	"name": "a label", "policy_explain.command": "explained and never run", "env_json": "as env",
}

// hot are the parameters that reach a shell: what the rest of the call is, and how a line gets into the parameter.
var hot = map[string][]func(line string) map[string]any{
	"command": {with("command"), func(line string) map[string]any { return map[string]any{"command": line, "tty": true} }},
	"script": {with("script"), func(line string) map[string]any {
		return map[string]any{"script": line, "interpreter": "sh", "strict": false}
	}},
	"interpreter": {func(line string) map[string]any { return map[string]any{"interpreter": "/tmp/x", "script": line} },
		func(line string) map[string]any { return map[string]any{"interpreter": line, "script": "true"} }},
	"stdin":   {feeding("sh"), feeding("bash -s"), feeding("sudo -n sh"), feeding("xargs -0 sh -c"), feeding("env bash"), feeding("tee /dev/null | sh")},
	"env":     {variable("PAGER", "git log"), variable("X", `sh -c "$X"`), variable("X", `eval "$X"`), variable("GIT_SSH_COMMAND", "git fetch")},
	"data":    {with("data"), func(line string) map[string]any { return map[string]any{"data": line + "\n", "enter": false} }},
	"keys":    {func(string) map[string]any { return map[string]any{"keys": []string{"Enter"}, "data": "reboot"} }},
	"content": {with("content")}, "old": {with("old")}, "new": {with("new")}, "check": {with("check")}, "spec": {with("spec"), func(string) map[string]any { return map[string]any{"spec": "L:0:127.0.0.1:1"} }},
}

func with(param string) func(string) map[string]any {
	return func(line string) map[string]any { return map[string]any{param: line} }
}

// feeding is a shell that runs what it reads.
func feeding(shell string) func(string) map[string]any {
	return func(line string) map[string]any {
		return map[string]any{"command": shell, "script": "sh", "stdin": line}
	}
}

// variable is a command or a script that runs what a variable holds.
func variable(name, command string) func(string) map[string]any {
	return func(line string) map[string]any {
		return map[string]any{"command": command, "script": command, "env": map[string]any{name: line}}
	}
}

// carried is a tool whose call is walked down the road as far as its run, here and not on a host.
type carried struct {
	*Tool
	ran int
}

func (c *carried) Plan(args json.RawMessage) (*relay.Plan, error) {
	plan, err := c.Tool.Plan(args)
	if err != nil {
		return nil, err
	}
	plan.Hosts = nil
	plan.Run = func(context.Context, *relay.Run) (*relay.Result, error) { c.ran++; return &relay.Result{}, nil }
	return plan, nil
}

// TestReadOnlyRunsNothing gives every labelled command that is more than a read to every parameter of every tool that can reach a shell, in readonly
// mode, and wants none of them to run. The tools and parameters are those that are registered: one that is not sorted above fails.
func TestReadOnlyRunsNothing(t *testing.T) {
	var lines []string
	for _, file := range []string{"commands.tsv"} {
		f, err := os.Open(filepath.Join("..", "policy", "testdata", file))
		if err != nil {
			t.Fatal(err)
		}
		read, err := corpus.Read(f)
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range read {
			if l.Tier > policy.Observe {
				lines = append(lines, l.Command)
			}
		}
	}
	if len(lines) < 300 {
		t.Fatalf("%d lines", len(lines))
	}
	road := readOnlyRoad(t)
	fill := map[string]any{"host": "h", "hosts": "h", "command": "true", "script": "true", "session_id": keeper.NewID(session.Kind), "job_id": "x", "path": "/tmp/x", "local_path": "/tmp/x", "remote_path": "/tmp/x",
		"pattern": "x", "content": "x", "old": "a", "new": "b", "to": "/tmp/y", "mode": "600", "change_id": "x", "spec": "L:0:127.0.0.1:1", "forward_id": "x", "fingerprint": "SHA256:x", "id": "x", "token": "x", "cols": 80, "rows": 24}
	tried := 0
	for _, tool := range set(t).All() {
		for _, param := range slices.Sorted(maps.Keys(tool.Input.Properties)) {
			kinds := append(slices.Clone(tool.Input.Properties[param].Types), tool.Input.Properties[param].Type)
			if !slices.ContainsFunc(kinds, func(k string) bool { return k == "string" || k == "array" || k == "object" }) {
				continue
			}
			if inert[param] != "" || inert[tool.Name()+"."+param] != "" {
				continue
			}
			ways := hot[param]
			if len(ways) == 0 {
				t.Errorf("%s.%s: does it reach a shell? Sort it into hot or inert", tool.Name(), param)
			}
			for way, args := range ways {
				for _, line := range lines {
					call := map[string]any{}
					for _, name := range tool.Input.Required {
						call[name] = fill[name]
					}
					for name, value := range args(line) {
						if tool.Input.Properties[name] != nil {
							call[name] = value
						}
					}
					raw, err := json.Marshal(call)
					if err != nil {
						t.Fatal(err)
					}
					op := &carried{Tool: tool}
					res := road.Do(context.Background(), &relay.Call{Operation: op, Args: raw})
					tried++
					if op.ran > 0 || res.Outcome == relay.OK {
						t.Errorf("%s.%s, way %d: ran %.200s", tool.Name(), param, way, raw)
					}
				}
			}
		}
	}
	t.Logf("%d calls, none ran", tried)
}

func readOnlyRoad(t *testing.T) *relay.Relay {
	t.Helper()
	log, err := audit.Open(audit.Options{Path: filepath.Join(t.TempDir(), "audit", "audit.jsonl"), Sync: audit.SyncNone})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { log.Close() })
	engine, err := policy.New(policy.Options{Mode: policy.ReadOnly})
	if err != nil {
		t.Fatal(err)
	}
	road := relay.New(relay.Options{Policy: engine, Audit: log, Redact: redact.New(redact.Options{}), Targets: target.NewResolver(nil, nil, os.Environ(), nil), StateDir: t.TempDir(), Log: zerolog.Nop(), ConnectTimeout: time.Second})
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_ = road.Close(ctx)
	})
	return road
}

// TestReadOnlyRoadRuns keeps the test above honest: the same road lets a read pass.
func TestReadOnlyRoadRuns(t *testing.T) {
	road := readOnlyRoad(t)
	for _, tool := range set(t).All() {
		if tool.Name() != "shell_exec" && tool.Name() != "ssh_read" {
			continue
		}
		args := map[string]any{"command": "ls -la"}
		if tool.Input.Properties["host"] != nil {
			args["host"] = "h"
		}
		raw, _ := json.Marshal(args)
		op := &carried{Tool: tool}
		if res := road.Do(context.Background(), &relay.Call{Operation: op, Args: raw}); op.ran != 1 {
			t.Errorf("%s: %s %v", tool.Name(), strings.ToUpper(string(res.Outcome)), res.Err)
		}
	}
}
