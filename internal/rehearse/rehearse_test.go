package rehearse

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"relay-shell/internal/audit"
	"relay-shell/internal/policy"
	"relay-shell/internal/relay"
	"relay-shell/internal/sshbin/dest"
)

// plan stands for the tools: ssh_exec and ssh_read with a command, a host and standard input.
func plan(tool string, args json.RawMessage) (*relay.Plan, error) {
	var p struct{ Command, Host, Stdin string }
	if err := json.Unmarshal(args, &p); err != nil {
		return nil, err
	}
	if !strings.HasPrefix(tool, "ssh_") {
		return nil, nil
	}
	out := &relay.Plan{ReadOnly: tool == "ssh_read", Subject: policy.Subject{Text: p.Command, Stdin: p.Stdin, Remote: true}}
	if p.Host != "" {
		out.Hosts = []dest.Destination{{Host: p.Host}}
	}
	return out, nil
}

func host(alias string) ([]string, string) {
	if alias == "db1" {
		return []string{"prod"}, "readonly"
	}
	return nil, ""
}

func record(tool string, tier int, args string) audit.Joined {
	seq, exit, at := int64(1), 0, time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC) // a Wednesday
	rec := audit.Joined{IntentSeq: &seq, Began: &at}
	rec.Seq, rec.TS, rec.Tool, rec.Tier, rec.Args, rec.Outcome, rec.ExitCode, rec.Principal = 2, at, tool, tier, json.RawMessage(args), "ok", &exit, "ann"
	rec.Host = &audit.Host{Alias: "web1", Hostname: "web1.example.net", User: "deploy", Jump: "bastion"}
	return rec
}

func judge(t *testing.T, o policy.Options, rec audit.Joined) Verdict {
	t.Helper()
	r, err := New(Options{Policy: o, Plan: plan, Host: host})
	if err != nil {
		t.Fatal(err)
	}
	return r.Judge(rec)
}

func rulesFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "rules.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestJudge(t *testing.T) {
	restart := `{"command":"systemctl restart nginx","host":"web1"}`
	office := rulesFile(t, "[[rule]]\nname = \"office\"\neffect = \"deny\"\nreason = \"out of hours\"\nhours = \"Sat-Sun 00:00-24:00\"\n[[rule]]\nname = \"ask\"\neffect = \"confirm\"\nreason = \"ask\"\ntier = \"2\"\nhost = [\"web*\"]\n")
	for _, tt := range []struct {
		name string
		o    policy.Options
		rec  audit.Joined
		want string // was now rule
	}{
		{"as before", policy.Options{}, record("ssh_exec", 2, restart), "allow allow "},
		{"a stricter mode", policy.Options{Mode: policy.Guarded}, record("ssh_exec", 2, restart), "allow deny mode"},
		{"the host's own mode", policy.Options{}, record("ssh_exec", 2, `{"command":"systemctl restart x","host":"db1"}`), "allow deny mode"},
		{"a resolved name", policy.Options{Deny: `example\.net`}, record("ssh_exec", 0, `{"command":"ls","host":"web1"}`), "allow deny deny"},
		{"a jump", policy.Options{Deny: `^bastion$`}, record("ssh_exec", 0, `{"command":"ls","host":"web1"}`), "allow deny deny"},
		{"a rule that asks, at the hour of the call", policy.Options{RulesFile: office}, record("ssh_exec", 2, restart), "allow confirm ask"},
		{"a reading tool", policy.Options{}, record("ssh_read", 0, `{"command":"env","host":"web1"}`), "allow deny read"},
	} {
		v := judge(t, tt.o, tt.rec)
		if got := string(v.Was) + " " + string(v.Now) + " " + v.Rule; got != tt.want || v.Skipped != "" {
			t.Errorf("%s: %q, want %q (%+v)", tt.name, got, tt.want, v)
		}
	}
	weekend := record("ssh_exec", 2, restart)
	at := time.Date(2026, 3, 7, 12, 0, 0, 0, time.UTC)
	weekend.Began = &at
	if v := judge(t, policy.Options{RulesFile: office}, weekend); v.Rule != "office" || v.Now != policy.Deny {
		t.Errorf("a Saturday: %+v", v)
	}
}

func TestWas(t *testing.T) {
	denied, asked, confirmed, invalid := record("ssh_exec", 2, `{"command":"ls"}`), record("ssh_exec", 3, `{"command":"ls"}`), record("ssh_exec", 3, `{"command":"ls"}`), record("ssh_exec", 0, `{"command":"ls"}`)
	denied.Denied, denied.IntentSeq, denied.Outcome = true, nil, "denied"
	asked.IntentSeq, asked.Outcome, asked.Error = nil, "confirm_required", &audit.Error{Code: "confirm_required"}
	confirmed.Action = "confirm_execute"
	invalid.IntentSeq, invalid.ExitCode, invalid.Outcome, invalid.Error = nil, nil, "error", &audit.Error{Code: "invalid_argument"}
	for _, tt := range []struct {
		rec     audit.Joined
		was     policy.Effect
		changed bool
		skipped string
	}{{denied, policy.Deny, true, ""}, {asked, policy.Confirm, true, ""}, {confirmed, policy.Confirm, true, ""}, {invalid, "", false, Undecided}} {
		v := judge(t, policy.Options{}, tt.rec)
		if v.Was != tt.was || v.Changed() != tt.changed || v.Skipped != tt.skipped {
			t.Errorf("%s: %+v", tt.rec.Outcome, v)
		}
	}
}

// TestWhatTheLogDoesNotHold is never guessed.
func TestWhatTheLogDoesNotHold(t *testing.T) {
	for args, want := range map[string]string{
		`{"command":"x ‹secret:token:12345678›"}`:                Redacted,
		`{"command":"ls","env":{"A":"‹secret:token:12345678›"}}`: Redacted,
		`{"command":"echo aaa...(+70000 bytes)"}`:                Cut,
		`{"command":7}`: NotPlan,
		`[]`:            NotPlan,
	} {
		if v := judge(t, policy.Options{}, record("ssh_exec", 0, args)); v.Skipped != want || v.Now != "" {
			t.Errorf("%s: %+v, want %q", args, v, want)
		}
	}
	if v := judge(t, policy.Options{}, record("gone", 0, `{}`)); v.Skipped != Unknown {
		t.Errorf("a tool that is gone: %+v", v)
	}
	body := record("ssh_exec", 3, `{"command":"sh","host":"web1","stdin":{"len":9,"sha256":"00"}}`)
	if v := judge(t, policy.Options{Mode: policy.Guarded}, body); !v.Partly || v.Tier != 3 || v.Now != policy.Deny {
		t.Errorf("input that is not in the log: %+v", v)
	}
}
