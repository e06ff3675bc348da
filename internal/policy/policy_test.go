package policy

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func engine(t *testing.T, o Options) *Engine {
	t.Helper()
	e, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func decide(e *Engine, s Subject, who Who) Decision { return e.Decide(s, Assess(s), who) }

// TestDocumentedRules reads the example of the documentation.
func TestDocumentedRules(t *testing.T) {
	text, err := os.ReadFile("../../docs/policy.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "```toml\n")
	example, _, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatal("docs/policy.md has no example of rules")
	}
	set, err := parseRules([]byte(example))
	if err != nil || len(set.rules) != 2 {
		t.Fatal(set, err)
	}
}

func TestModes(t *testing.T) {
	for _, tt := range []struct {
		mode    Mode
		command string
		want    Effect
	}{
		{Open, "rm -rf /", Allow},
		{Guarded, "ls", Allow},
		{Guarded, "touch x", Allow},
		{Guarded, "systemctl restart nginx", Deny},
		{Guarded, "rm -rf /", Deny},
		{ReadOnly, "ls", Allow},
		{ReadOnly, "touch x", Deny},
		{ReadOnly, "cat /etc/shadow", Allow}, // by effect; ReadAllowed is stricter
	} {
		e := engine(t, Options{Mode: tt.mode})
		if got := decide(e, Subject{Tool: "shell_exec", Text: tt.command}, Who{}); got.Effect != tt.want {
			t.Errorf("%s %q: %+v, want %s", tt.mode, tt.command, got, tt.want)
		}
	}
}

func TestHostModeOnlyTightens(t *testing.T) {
	s := Subject{Tool: "ssh_exec", Text: "touch x"}
	if got := decide(engine(t, Options{}), s, Who{Mode: ReadOnly}); got.Effect != Deny || got.Mode != ReadOnly {
		t.Errorf("a readonly host under an open server: %+v", got)
	}
	if got := decide(engine(t, Options{Mode: ReadOnly}), s, Who{Mode: Open}); got.Effect != Deny {
		t.Errorf("an open host under a readonly server: %+v", got)
	}
	if got := Stricter(Open, "gaurded"); got != ReadOnly {
		t.Errorf("a mistyped mode is %q", got)
	}
}

func TestDenySeesEverything(t *testing.T) {
	for _, tt := range []struct {
		name, deny string
		s          Subject
		want       bool
	}{
		{"raw text", "secret-host", Subject{Text: "ping secret-host"}, true},
		{"tool", "^ssh_upload$", Subject{Tool: "ssh_upload"}, true},
		{"tool and text", `^shell_exec rm\b`, Subject{Tool: "shell_exec", Text: "rm x"}, true},
		{"simple command behind a wrapper", `^rm -rf /$`, Subject{Text: "nice rm -rf /"}, true},
		{"quoted apart", `^rm -rf /$`, Subject{Text: `r''m -r"f" /`}, true},
		{"from a substitution", `^reboot$`, Subject{Text: "echo $(reboot)"}, true},
		{"stdin", "evil", Subject{Text: "cat", Stdin: "evil"}, true},
		{"environment", "^LD_PRELOAD=", Subject{Text: "ls", Env: []EnvVar{{Name: "LD_PRELOAD", Value: "/x"}}}, true},
		{"jump", "bastion", Subject{Text: "ls", Names: []string{"web1", "bastion.example"}}, true},
		{"address in another spelling", `\b127\.0\.0\.1\b`, Subject{Text: "curl http://2130706433/"}, true},
		{"address in hex", `127\.0\.0\.1`, Subject{Text: "ping 0x7f.1"}, true},
		{"address in octal", `10\.0\.0\.5`, Subject{Names: []string{"012.0.0.5"}}, true},
		{"mapped address", `10\.0\.0\.5`, Subject{Names: []string{"::ffff:10.0.0.5"}}, true},
		{"address with a port", `127\.0\.0\.1:80`, Subject{Text: "curl 0x7f000001:80"}, true},
		{"mapped address in brackets, with a port", `127\.0\.0\.1`, Subject{Text: "curl http://[::ffff:7f00:1]:80/"}, true},
		{"address in the long form", `\b::1\b`, Subject{Text: "curl http://[0:0:0:0:0:0:0:1]:80/"}, false}, // \b needs a letter before the colons
		{"address in the long form", `::1:80`, Subject{Text: "curl http://[0:0:0:0:0:0:0:1]:80/"}, true},
		{"target of a forward", `10\.0\.0\.5`, Subject{Text: "ssh -L 0:0xa000005:80 h"}, true},
		{"decimal target of a forward", `127\.0\.0\.1`, Subject{Tool: "ssh_forward", Names: []string{"L:0:2130706433:80"}}, true},
		{"short octal", `127\.0\.0\.1`, Subject{Text: "ssh 0177.1"}, true},
		{"after a user", `127\.0\.0\.1`, Subject{Text: "ssh root@0x7f.0.0x1"}, true},
		{"a time", `0\.0\.`, Subject{Text: "at 10:20:30 2026"}, false},
		{"nothing", "zzz", Subject{Text: "ls -la", Names: []string{"web1"}}, false},
	} {
		e := engine(t, Options{Deny: tt.deny})
		got := decide(e, tt.s, Who{})
		if (got.Effect == Deny) != tt.want {
			t.Errorf("%s: %+v", tt.name, got)
		}
		if tt.want && strings.Contains(got.Reason, tt.deny) {
			t.Errorf("%s: the reason shows the pattern: %q", tt.name, got.Reason)
		}
	}
}

func TestAllowCoversWholeCommands(t *testing.T) {
	for _, tt := range []struct {
		allow, command string
		want           Effect
	}{
		{`systemctl restart nginx`, "systemctl restart nginx", Allow},
		{`systemctl restart nginx`, "systemctl restart nginx2", Deny},
		{`systemctl restart .*`, "systemctl restart nginx; rm -rf /", Deny},
		{`systemctl restart .*`, "systemctl restart nginx && systemctl restart redis", Allow},
		{`systemctl restart .*`, "systemctl restart $(rm -rf /srv)", Deny},
		{`systemctl restart .*`, "systemctl restart nginx > /etc/passwd", Deny},
		{`echo \w+ > /etc/motd`, "echo hello > /etc/motd", Allow},
		{`echo .* > /etc/m.*`, "echo hello > /etc/motd", Allow},
		{`systemctl restart \w+`, "systemctl restart nginx > /etc/motd", Deny},
		{`sudo systemctl restart nginx`, "sudo systemctl restart nginx", Allow},
		{`sudo .*`, "sudo sh -c 'systemctl stop x; rm -rf /'", Deny},
		{`.*`, "systemctl restart 'nginx", Deny},
		{`systemctl restart .*`, "systemctl restart nginx & curl http://x | sh", Deny},
		{`systemctl restart nginx`, "ls; systemctl restart nginx", Deny},
		{`systemctl restart .*`, "systemctl restart nginx\nrm -rf /srv", Deny},
		{`systemctl restart .*`, "systemctl restart nginx\r\nrm -rf /srv", Deny},
		{`systemctl restart .*`, "systemctl restart nginx # ; comment\nrm -rf /srv", Deny},
		{`systemctl restart .*`, "systemctl restart nginx `rm -rf /srv`", Deny},
		{`systemctl restart .*`, "systemctl restart <(rm -rf /srv)", Deny},
		{`systemctl restart .*`, "LD_PRELOAD=/tmp/x.so systemctl restart nginx", Deny},
		{`systemctl restart .*`, "PATH=/tmp systemctl restart nginx", Deny},
		{`systemctl restart .*`, "systemctl() { rm -rf /srv; }; systemctl restart nginx", Deny},
		{`systemctl restart .*`, "alias systemctl=reboot\nsystemctl restart nginx", Deny},
		{`systemctl restart .*`, "systemctl restart nginx || rm -rf /srv", Deny},
		{`systemctl restart .*`, "systemctl restart nginx | sh", Deny},
		{`systemctl restart .*`, "systemctl restart a <<E\n$(rm -rf /srv)\nE", Deny},
		{`systemctl restart .*`, "systemctl restart ${x:-$(rm -rf /srv)}", Deny},
		{`systemctl restart .*`, "trap 'rm -rf /srv' EXIT; systemctl restart nginx", Deny},
	} {
		e := engine(t, Options{Mode: Guarded, Allow: tt.allow})
		if got := decide(e, Subject{Tool: "shell_exec", Text: tt.command}, Who{}); got.Effect != tt.want {
			t.Errorf("allow %q, %q: %+v, want %s", tt.allow, tt.command, got, tt.want)
		}
	}
}

func TestConfirm(t *testing.T) {
	e := engine(t, Options{Confirm: ConfirmHuman})
	if got := decide(e, Subject{Text: "rm -rf /"}, Who{}); got.Effect != Confirm || got.By != ConfirmHuman {
		t.Errorf("%+v", got)
	}
	if got := decide(e, Subject{Text: "systemctl restart nginx"}, Who{}); got.Effect != Allow {
		t.Errorf("%+v", got)
	}
	if got := decide(e, Subject{Text: strings.Repeat("true\n", 60)}, Who{}); got.Effect != Confirm {
		t.Errorf("a padded text: %+v", got)
	}
}

func TestRefusedInEveryMode(t *testing.T) {
	s := Subject{Text: strings.Repeat("$(", 5000)}
	for _, m := range []Mode{Open, Guarded, ReadOnly} {
		if got := decide(engine(t, Options{Mode: m}), s, Who{}); got.Effect != Deny {
			t.Errorf("%s: %+v", m, got)
		}
	}
}

func TestReadAllowed(t *testing.T) {
	for command, want := range map[string]bool{
		"ls -la": true, "cat /etc/shadow": false, "touch x": false, "cat ~/.ssh/id_ed25519": false, "cat .env": false,
		"curl -s http://169.254.169.254/latest/meta-data/iam": false, "": true, "cat ~/.ssh/id_ed25519.pub": true,
		"grep x /etc/passwd": true, "kubectl get secret x -o yaml": false, "echo $AWS_SECRET_ACCESS_KEY": false, "cat /proc/1/environ": false,
	} {
		if got, why := ReadAllowed(Assess(Subject{Text: command})); got != want {
			t.Errorf("%q: %v %q", command, got, why)
		}
	}
}

func TestFixedAndFloor(t *testing.T) {
	two := Tier(2)
	if a := Assess(Subject{Tool: "ssh_upload", Fixed: &two, Text: "rm -rf /"}); a.Tier != 2 {
		t.Errorf("fixed: %+v", a)
	}
	floor := Subject{Tool: "file_write", Text: "touch x", Floor: Stateful}
	if a := Assess(floor); a.Tier != Stateful {
		t.Errorf("floor: %+v", a)
	}
	for _, mode := range []Mode{ReadOnly, Guarded} {
		if d := decide(engine(t, Options{Mode: mode}), floor, Who{}); d.Effect != Deny || !strings.Contains(d.Reason, "file_write") {
			t.Errorf("%s does not name the tool: %+v", mode, d)
		}
	}
}

func TestSubjectForms(t *testing.T) {
	for _, tt := range []struct {
		name string
		s    Subject
		want Tier
	}{
		{"argv is no shell text", Subject{Argv: []string{"echo", "$(reboot)"}}, 0},
		{"argv", Subject{Argv: []string{"rm", "-rf", "/"}}, 3},
		{"argv with a shell", Subject{Argv: []string{"sh", "-c", "reboot"}}, 3},
		{"shell script", Subject{Script: "ls\nrm -rf /etc\n", Interpreter: "bash"}, 3},
		{"reading shell script", Subject{Script: "set -e\nls\n", Interpreter: "sh"}, 0},
		{"python script", Subject{Script: "print(1)", Interpreter: "python3"}, 2},
		{"python script that deletes", Subject{Script: "import shutil\nshutil.rmtree('/srv')", Interpreter: "/usr/bin/python3"}, 3},
		{"stdin as code", Subject{Text: "bash", Stdin: "rm -rf /"}, 3},
		{"stdin as data", Subject{Text: "wc -l", Stdin: "rm -rf /"}, 0},
		{"stdin for SQL", Subject{Text: "psql app", Stdin: "drop table users;"}, 3},
		{"environment", Subject{Text: "git log", Env: []EnvVar{{Name: "GIT_PAGER", Value: "rm -rf /;"}}}, 3},
		{"unset environment", Subject{Text: "ls", Env: []EnvVar{{Name: "LD_PRELOAD", Unset: true}}}, 0},
		{"variable from the environment", Subject{Text: "rm -rf $D", Env: []EnvVar{{Name: "D", Value: "build"}}}, 2},
		{"directory", Subject{Text: "rm -rf nginx", Dir: "/etc"}, 3},
		{"directory below tmp", Subject{Text: "rm -rf nginx", Dir: "/tmp/x"}, 2},
		{"session line", Subject{Text: "rm -rf /", Session: true}, 3},
	} {
		if a := Assess(tt.s); a.Tier != tt.want {
			t.Errorf("%s: tier %d, want %d: %+v", tt.name, a.Tier, tt.want, a.Reasons)
		}
	}
}

func writeRules(t *testing.T, text string) string {
	t.Helper()
	p := filepath.Join(t.TempDir(), "policy.toml")
	if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return p
}

const someRules = `
[[rule]]
name = "no database drops on production"
effect = "deny"
reason = "ask the DBA"
host = ["@prod"]
program = ["psql", "mysql"]
args = "(?i)drop"
match = ["psql -c 'drop table x'"]
no_match = ["psql -c 'select 1'", "ls"]

[[rule]]
name = "restarts"
effect = "allow"
tool = ["ssh_exec"]
principal = ["alice", "ops-*"]
program = ["systemctl", "sudo"]
args = "systemctl (restart|status) [a-z]+$"
match = ["systemctl restart nginx", "sudo systemctl restart nginx"]
no_match = ["systemctl stop nginx", "systemctl restart nginx; rm -rf /"]

[[rule]]
name = "office hours"
effect = "confirm"
reason = "outside office hours"
tier = ">=2"
hours = "Mon-Fri 18:00-08:00, Sat 00:00-24:00, Sun 00:00-24:00"
time_zone = "UTC"
`

func TestRules(t *testing.T) {
	at := time.Date(2026, 11, 18, 12, 0, 0, 0, time.UTC) // a Wednesday
	e := engine(t, Options{Mode: Guarded, RulesFile: writeRules(t, someRules), Now: func() time.Time { return at }})
	for _, tt := range []struct {
		command string
		who     Who
		want    Effect
		rule    string
	}{
		{"psql -c 'DROP TABLE x'", Who{Host: "db1", Groups: []string{"prod"}}, Deny, "no database drops on production"},
		{"systemctl restart nginx", Who{Principal: "alice", Host: "web1"}, Allow, "restarts"},
		{"systemctl restart nginx", Who{Principal: "bob", Host: "web1"}, Deny, "mode"},
		{"systemctl restart nginx && rm -rf /", Who{Principal: "alice"}, Deny, "mode"},
		{"systemctl restart $(rm -rf /)", Who{Principal: "alice"}, Deny, "mode"},
		{"ls", Who{}, Allow, ""},
	} {
		got := decide(e, Subject{Tool: "ssh_exec", Text: tt.command}, tt.who)
		if got.Effect != tt.want || got.Rule != tt.rule {
			t.Errorf("%q by %+v: %+v", tt.command, tt.who, got)
		}
	}
	at = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC) // a Saturday
	if got := decide(e, Subject{Tool: "shell_exec", Text: "systemctl restart nginx"}, Who{}); got.Effect != Confirm || got.Reason != "outside office hours" {
		t.Errorf("outside office hours: %+v", got)
	}
	ro := engine(t, Options{Mode: ReadOnly, RulesFile: writeRules(t, someRules)})
	if got := decide(ro, Subject{Tool: "ssh_exec", Text: "systemctl restart nginx"}, Who{Principal: "alice"}); got.Effect != Deny {
		t.Errorf("a rule lifted readonly mode: %+v", got)
	}
}

func TestRulesReloadOnlyTightens(t *testing.T) {
	p := writeRules(t, "[[rule]]\nname = \"a\"\neffect = \"deny\"\nprogram = [\"reboot\"]\n")
	e := engine(t, Options{RulesFile: p})
	effect := func(command string) Effect { return decide(e, Subject{Text: command}, Who{}).Effect }
	rewrite := func(text string) {
		t.Helper()
		q := p + ".new"
		if err := os.WriteFile(q, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(q, p); err != nil {
			t.Fatal(err)
		}
	}
	first := e.Version()
	rewrite("[[rule]]\nname = \"b\"\neffect = \"deny\"\nprogram = [\"halt\"]\n")
	if effect("reboot") != Deny || effect("halt") != Deny {
		t.Error("a changed file did not make the policy stricter, or made it weaker")
	}
	if e.Version() == first || len(e.Problems()) == 0 {
		t.Error("the change does not show")
	}
	rewrite("[[rule]]\nname = \"c\"\neffect = \"perhaps\"\n")
	if effect("halt") != Deny || !strings.Contains(strings.Join(e.Problems(), " "), "perhaps") {
		t.Errorf("a bad file: %v", e.Problems())
	}
	os.Remove(p)
	if effect("reboot") != Deny || len(e.Problems()) == 0 {
		t.Error("a file that is gone dropped its rules")
	}
}

func TestRulesAreChecked(t *testing.T) {
	for name, text := range map[string]string{
		"unknown key":      "[[rule]]\nname = \"a\"\neffect = \"deny\"\nporgram = [\"x\"]\n",
		"no name":          "[[rule]]\neffect = \"deny\"\n",
		"effect":           "[[rule]]\nname = \"a\"\neffect = \"forbid\"\n",
		"args":             "[[rule]]\nname = \"a\"\neffect = \"deny\"\nargs = \"(\"\n",
		"tier":             "[[rule]]\nname = \"a\"\neffect = \"deny\"\ntier = \"4\"\n",
		"tiers":            "[[rule]]\nname = \"a\"\neffect = \"deny\"\ntier = \"3-1\"\n",
		"hours":            "[[rule]]\nname = \"a\"\neffect = \"deny\"\nhours = \"noon\"\n",
		"hours in reverse": "[[rule]]\nname = \"a\"\neffect = \"deny\"\nhours = \"25:00-26:00\"\n",
		"no hours":         "[[rule]]\nname = \"a\"\neffect = \"deny\"\nhours = \"10:00-10:00\"\n",
		"days":             "[[rule]]\nname = \"a\"\neffect = \"deny\"\nhours = \"Mon-Funday 10:00-11:00\"\n",
		"a type":           "[[rule]]\nname = \"a\"\neffect = \"deny\"\nprogram = \"rm\"\n",
		"two at the top":   "default = \"allow\"\n[[rule]]\nname = \"a\"\neffect = \"deny\"\n",
		"zone":             "[[rule]]\nname = \"a\"\neffect = \"deny\"\nhours = \"08:00-09:00\"\ntime_zone = \"Nowhere\"\n",
		"glob":             "[[rule]]\nname = \"a\"\neffect = \"deny\"\nhost = [\"[\"]\n",
		"match":            "[[rule]]\nname = \"a\"\neffect = \"deny\"\nprogram = [\"rm\"]\nmatch = [\"ls\"]\n",
		"no_match":         "[[rule]]\nname = \"a\"\neffect = \"deny\"\nprogram = [\"rm\"]\nno_match = [\"rm x\"]\n",
		"twice":            "[[rule]]\nname = \"a\"\neffect = \"deny\"\n[[rule]]\nname = \"a\"\neffect = \"deny\"\n",
		"not TOML at all":  "rule:\n  - x",
	} {
		if _, err := New(Options{RulesFile: writeRules(t, text)}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	p := writeRules(t, "")
	if err := os.Chmod(p, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := New(Options{RulesFile: p}); err == nil {
		t.Error("a file that anyone can write was accepted")
	}
	if _, err := New(Options{RulesFile: filepath.Join(t.TempDir(), "none")}); err == nil {
		t.Error("a missing file was accepted")
	}
}

func FuzzParseRules(f *testing.F) {
	f.Add([]byte(someRules))
	f.Add([]byte("[[rule]]\nname = \"a\"\neffect = \"deny\"\nhours = \"Mon-Fri 08:00-18:00\"\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		set, err := parseRules(data)
		if err != nil {
			return
		}
		s := Subject{Text: "rm -rf /"}
		set.match(s, Assess(s), Who{}, time.Unix(0, 0))
	})
}

func FuzzUsualAddresses(f *testing.F) {
	for _, s := range []string{"0x7f.1", "2130706433", "::ffff:1.2.3.4", "a.b", "[::1]:22", "017700000001", "1.2.3.4.5", "%"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once := usualAddresses(s)
		if again := usualAddresses(once); again != once {
			t.Errorf("%q becomes %q, then %q", s, once, again)
		}
	})
}

func ExampleEngine_Decide() {
	e, _ := New(Options{Mode: Guarded})
	s := Subject{Tool: "shell_exec", Text: "systemctl restart nginx"}
	fmt.Println(e.Decide(s, Assess(s), Who{}).Effect)
	// Output: deny
}

// TestSchedule asks for spans over midnight and over both changes of the clock.
func TestSchedule(t *testing.T) {
	for _, tt := range []struct {
		hours, zone, at string
		want            bool
	}{
		{"Fri 22:00-06:00", "Europe/Berlin", "2026-11-20T21:30:00Z", true},  // Friday 22:30
		{"Fri 22:00-06:00", "Europe/Berlin", "2026-11-21T04:59:00Z", true},  // Saturday 05:59
		{"Fri 22:00-06:00", "Europe/Berlin", "2026-11-21T05:00:00Z", false}, // Saturday 06:00
		{"Fri 22:00-06:00", "Europe/Berlin", "2026-11-20T04:00:00Z", false}, // Friday 05:00 is Thursday's night
		{"Sun-Mon 22:00-06:00", "UTC", "2026-11-24T05:00:00Z", true},        // Tuesday, Monday's night
		{"Sat-Sun 00:00-24:00", "UTC", "2026-11-22T23:59:00Z", true},
		{"Sat-Sun 00:00-24:00", "UTC", "2026-11-23T00:00:00Z", false},
		{"02:00-03:00", "Europe/Berlin", "2026-03-29T01:30:00Z", false}, // the hour that is left out: 03:30
		{"02:00-03:00", "Europe/Berlin", "2026-10-25T00:30:00Z", true},  // the hour that comes twice
		{"02:00-03:00", "Europe/Berlin", "2026-10-25T01:30:00Z", true},
		{"08:00-18:00", "America/New_York", "2026-11-21T12:59:00Z", false},
		{"08:00-18:00", "America/New_York", "2026-11-21T13:00:00Z", true},
		{"08:00-12:00, 11:00-14:00", "UTC", "2026-11-21T13:59:00Z", true}, // they overlap
		{"08:00-12:00, 11:00-14:00", "UTC", "2026-11-21T11:30:00Z", true},
	} {
		s, err := parseSchedule(tt.hours, tt.zone)
		if err != nil {
			t.Errorf("%s: %v", tt.hours, err)
			continue
		}
		at, err := time.Parse(time.RFC3339, tt.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.contains(at); got != tt.want {
			t.Errorf("%s %s at %s: %v", tt.hours, tt.zone, tt.at, got)
		}
	}
}
