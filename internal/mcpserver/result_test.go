package mcpserver

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"go.uber.org/goleak"

	"relay-shell/internal/relay"
)

func TestText(t *testing.T) {
	zero, signal := 0, "KILL"
	killed := 137
	for _, tt := range []struct {
		name string
		res  relay.Result
		want string
	}{
		{"a command", relay.Result{Outcome: relay.OK, Command: &relay.CommandResult{ExitCode: &zero, Stdout: "hi\n"}}, "[exit 0]\nhi"},
		{"killed", relay.Result{Outcome: relay.OK, Command: &relay.CommandResult{ExitCode: &killed, Signal: &signal}}, "[exit 137]"},
		{"separate streams", relay.Result{Outcome: relay.OK, Command: &relay.CommandResult{ExitCode: &zero, Stdout: "out", Stderr: "err"}}, "[exit 0]\nout\n[stderr]\nerr"},
		{"terminal sequences", relay.Result{Outcome: relay.OK, Command: &relay.CommandResult{ExitCode: &zero, Stdout: "a\x1b[2Jb"}}, "[exit 0]\na\\x1b[2Jb\nnote: control characters in the output are shown as escapes"},
		{"a timeout", relay.Result{Outcome: relay.Timeout, Err: &relay.Error{Code: "timeout", Message: "timed out after 2s", Hint: "h"},
			Command: &relay.CommandResult{Stdout: "partial", Survivors: []string{"42 sleep"}}}, "[TIMEOUT after 2s]\npartial\n[SURVIVORS 42 sleep]\nhint: h"},
		{"denied", relay.Result{Outcome: relay.Denied, Tier: 3, Err: &relay.Error{Code: "denied", Message: "no\nway", Hint: "h"}}, "[DENIED tier 3 (IRREVERSIBLE): no; way]\nhint: h"},
		{"an error", relay.Result{Outcome: relay.Failed, Err: &relay.Error{Code: "dns", Message: "ssh: x\x07", Hint: "h"}, Notes: []string{"n"}}, "[ERROR dns: ssh: x\\x07]\nhint: h\nnote: n"},
		{"a list", relay.Result{Outcome: relay.OK, Text: "web1\n"}, "web1"},
	} {
		if got := Text(&tt.res); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestStructured(t *testing.T) {
	type own struct {
		Hosts []string `json:"hosts"`
	}
	var got map[string]any
	b := structured(&relay.Result{Outcome: relay.OK, RequestID: "id", Fields: &own{Hosts: []string{"<a>"}}})
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	if got["outcome"] != "ok" || got["error"] != nil || got["request_id"] != "id" || !strings.Contains(string(b), `"hosts":["<a>"]`) {
		t.Errorf("%s", b)
	}
}

func TestNotifier(t *testing.T) {
	defer goleak.VerifyNone(t)
	n := &notifier{wake: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{})}
	sent := make(chan string, 10)
	go n.run(context.Background(), func(message string, _ float64) { sent <- message })
	n.progress()("one")
	if got := <-sent; got != "one" {
		t.Errorf("got %q", got)
	}
	n.progress()("two")
	n.progress()("three")
	if got := <-sent; got != "three" && got != "two" {
		t.Errorf("got %q", got)
	}
	n.close()
	var none *notifier
	if none.progress() != nil {
		t.Error("somebody listens where nobody asked")
	}
	none.close()
	if newNotifier(context.Background(), &mcp.CallToolRequest{Params: &mcp.CallToolParamsRaw{}}) != nil {
		t.Error("progress without a token")
	}
}
