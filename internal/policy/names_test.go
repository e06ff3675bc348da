package policy

import (
	"os"
	"testing"
)

// TestForbids: what is done to one file of a tree is stopped by deny patterns and rules, not by the mode, and not by the question that was
// answered for the whole call.
func TestForbids(t *testing.T) {
	rules := t.TempDir() + "/rules.toml"
	if err := os.WriteFile(rules, []byte(`
[[rule]]
name = "but-this"
effect = "allow"
args = '/srv/secret/public'
[[rule]]
name = "secrets"
effect = "deny"
reason = "not these"
args = '/srv/secret'
[[rule]]
name = "ask"
effect = "confirm"
args = '^rm '
`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		o      Options
		text   string
		asked  string
		judges bool
		reason string
	}{
		{Options{Mode: Guarded}, "rm -r -- /srv/x", "", false, ""},
		{Options{Deny: "secret"}, "cat -- /srv/x", "", true, ""},
		{Options{Deny: "secret"}, "cat -- /srv/secret/x", "", true, denyReason},
		{Options{Deny: "^cat -- /srv/a b$"}, `cat -- $'/srv/a\x20b'`, "", true, ""},
		{Options{Deny: "/srv/a b"}, `cat -- $'/srv/a\x20b'`, "", true, denyReason},
		{Options{RulesFile: rules}, "cat -- /srv/secret/x", "", true, "not these"},
		{Options{RulesFile: rules}, "cat -- /srv/secret/public", "", true, ""},
		{Options{RulesFile: rules}, "cat -- /srv/x", "", true, ""},
		{Options{RulesFile: rules}, "rm -- /srv/x", "", true, "the rule ask"},
		{Options{RulesFile: rules}, "rm -- /srv/x", "ask", true, ""},
	} {
		e, err := New(tt.o)
		if err != nil {
			t.Fatal(err)
		}
		if e.JudgesNames() != tt.judges {
			t.Errorf("%+v judges names: %v", tt.o, e.JudgesNames())
		}
		reason, forbidden := e.Forbids(Subject{Tool: "file_delete", Text: tt.text}, Who{}, tt.asked)
		if reason != tt.reason || forbidden != (reason != "") {
			t.Errorf("%+v %s: %q", tt.o, tt.text, reason)
		}
	}
}
