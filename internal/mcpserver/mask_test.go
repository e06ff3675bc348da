package mcpserver

import (
	"crypto/rand"
	"encoding/json"
	"strings"
	"testing"

	"relay-shell/internal/redact"
	"relay-shell/internal/relay"
)

// TestMaskReachesEverything wants a secret gone from every part of a result, whatever tool made it, and the rest as it was.
func TestMaskReachesEverything(t *testing.T) {
	r := redact.New(redact.Options{}).ForOutput(redact.Keys)
	token := "ghp_" + strings.Repeat(rand.Text(), 2)[:36]
	with := func(s string) string { return s + " " + token + "\n\"quoted\" <&>" }
	type inner struct {
		Names []string `json:"names"`
		N     int      `json:"n"`
	}
	type fields struct {
		B     string           `json:"b"`
		A     []inner          `json:"a"`
		Known map[string]any   `json:"known"`
		Raw   *json.RawMessage `json:"raw"`
	}
	res := &relay.Result{
		Text: with("text"), Notes: []string{with("note")}, Err: &relay.Error{Code: "internal", Message: with("message"), Hint: with("hint")},
		Command: &relay.CommandResult{Stdout: with("out"), Stderr: with("err"), Survivors: []string{with("pid 3")}},
		Fields:  &fields{B: with("b"), A: []inner{{Names: []string{with("x"), "plain"}, N: 12}}, Known: map[string]any{"k": with("v"), "t": true}},
	}
	mask(r, res)
	text, structure := Text(res), string(structured(res))
	for _, s := range []string{text, structure} {
		if strings.Contains(s, token) {
			t.Errorf("%s\nin %s", token, s)
		}
	}
	if n := strings.Count(structure, "‹secret:github:"); n != 9 {
		t.Errorf("%d marks, want 9, in %s", n, structure)
	}
	if !json.Valid([]byte(structure)) || !strings.Contains(structure, `"n":12`) || !strings.Contains(structure, `\"quoted\" <&>`) {
		t.Errorf("the rest changed: %s", structure)
	}
	if i, j := strings.Index(structure, `"b":`), strings.Index(structure, `"a":`); i < 0 || j < i {
		t.Errorf("the order changed: %s", structure)
	}
}

// FuzzMaskStrings wants every JSON text to stay one, of the same strings where nothing is a secret.
func FuzzMaskStrings(f *testing.F) {
	r := redact.New(redact.Options{Known: []string{"known-value", `"`, "1"}}).ForOutput(redact.Keys)
	f.Add([]byte(`{"a":"known-value","b":["x\"known-value\\",1,null],"c":{"":"\u003c"}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var v any
		if json.Unmarshal(text, &v) != nil {
			return
		}
		masked := maskStrings(r, text)
		if !json.Valid(masked) {
			t.Errorf("%s became %s", text, masked)
		}
	})
}
