package tools

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"relay-shell/internal/audit"
	"relay-shell/internal/config"
	"relay-shell/internal/files"
	"relay-shell/internal/inventory"
	"relay-shell/internal/output"
	"relay-shell/internal/policy"
	"relay-shell/internal/redact"
	"relay-shell/internal/relay"
	"relay-shell/internal/sshbin"
	"relay-shell/internal/sshtest"
	"relay-shell/internal/target"
)

// road is the one road over a lab.
type road struct {
	t     testing.TB
	lab   *sshtest.Lab
	relay *relay.Relay
	tools *Set
	deps  *Deps
}

// newRoad builds it. inventoryFile is the text of a JSON inventory, "" for none.
func newRoad(t testing.TB, l *sshtest.Lab, inventoryFile string, env ...string) *road {
	t.Helper()
	dir := t.TempDir()
	env = append([]string{
		"RELAY_SHELL_STATE_DIR=" + dir, "RELAY_SHELL_RUNTIME_DIR=" + l.RuntimeDir(), "RELAY_SHELL_SSH_CONFIG=" + l.Config(),
		"RELAY_SHELL_AUDIT_PATH=" + filepath.Join(dir, "audit", "audit.jsonl"),
	}, env...)
	if inventoryFile != "" {
		path := filepath.Join(dir, "hosts.json")
		must(t, os.WriteFile(path, []byte(inventoryFile), 0o600))
		env = append(env, "RELAY_SHELL_INVENTORY="+path)
	}
	cfg, err := config.Load(config.Source{Environ: append(l.Env(), env...), Home: l.Home(), Dir: dir, UID: os.Getuid()})
	must(t, err)
	must(t, config.Prepare(cfg))
	log := zerolog.New(zerolog.NewTestWriter(t)).Level(zerolog.WarnLevel)
	d := &Deps{Config: cfg, Version: "test", Environ: l.Env()}
	d.Inventory, err = inventory.Open(inventory.Options{SSHConfig: cfg.SSHConfig, File: cfg.Inventory})
	must(t, err)
	d.Policy, err = policy.New(policy.Options{Mode: policy.Mode(cfg.PolicyMode), Deny: cfg.PolicyDeny, Allow: cfg.PolicyAllow})
	must(t, err)
	d.SSH, err = sshbin.New(sshbin.Options{ConfigFile: cfg.SSHConfig, RuntimeDir: cfg.RuntimeDir, Env: l.Env(), Log: log, IdleTimeout: time.Minute})
	must(t, err)
	d.Files = files.New(FileOptions(cfg, l.Home()))
	d.Spool, err = output.OpenSpool(filepath.Join(dir, "spool"), output.SpoolOptions{})
	must(t, err)
	d.Audit, err = audit.Open(audit.Options{Path: cfg.AuditPath, Session: "test"})
	must(t, err)
	r := &road{t: t, lab: l, deps: d, tools: New(d, nil), relay: relay.New(relay.Options{
		Policy: d.Policy, Audit: d.Audit, Redact: redact.New(redact.Options{Key: make([]byte, 32)}),
		Targets: target.NewResolver(d.SSH, d.Inventory, l.Env(), nil), ConnectTimeout: cfg.SSHConnectTimeout, StateDir: dir, Log: log,
	})}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := r.relay.Close(ctx); err != nil {
			t.Error(err)
		}
		must(t, d.Files.Close())
		must(t, d.SSH.Close())
		must(t, d.Audit.Close())
		must(t, d.Spool.Close())
	})
	return r
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// do makes a call within two minutes.
func (r *road) do(ctx context.Context, tool string, args map[string]any, progress func(string)) *relay.Result {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	raw, err := json.Marshal(args)
	must(r.t, err)
	return r.relay.Do(ctx, &relay.Call{Operation: r.tools.Get(tool), Args: raw, Caller: relay.Caller{Principal: "tester"}, Progress: progress})
}

func (r *road) fanout(args map[string]any) (*Fanout, *relay.Result) {
	r.t.Helper()
	res := r.do(context.Background(), "ssh_fanout", args, nil)
	f, ok := res.Fields.(*Fanout)
	if !ok {
		r.t.Fatalf("%s %v", res.Outcome, res.Err)
	}
	return f, res
}

// farm is n hosts h1… and a dead one.
func farm(t testing.TB, n int) *sshtest.Lab {
	t.Helper()
	l := sshtest.New(t)
	_, err := l.Farm("h", n, sshtest.Options{Ordinary: true})
	must(t, err)
	must(t, l.AddHost("dead", "HostName 127.0.0.1", "Port 1"))
	return l
}

func TestFanoutOverFarm(t *testing.T) {
	r := newRoad(t, farm(t, 40), "")
	var lines []string
	res := r.do(context.Background(), "ssh_fanout", map[string]any{"command": "echo hello", "hosts": "h*,dead,!h*-server*", "concurrency": 8}, func(s string) { lines = append(lines, s) })
	f, ok := res.Fields.(*Fanout)
	if !ok {
		t.Fatalf("%v", res.Err)
	}
	if f.Counts != (FanoutCounts{Total: 41, OK: 40, Failed: 1, Error: 1}) || f.Truncated || f.OutputID != nil {
		t.Fatalf("%s", res.Text)
	}
	if last := f.Results[40]; last.Host != "dead" || last.Error == nil || last.Error.Code == "internal" || last.ExitCode != nil {
		t.Errorf("the dead host: %+v", last)
	}
	for i, one := range f.Results[:40] {
		if one.Host != fmt.Sprintf("h%d", i+1) || one.Output != "hello\n" || *one.ExitCode != 0 {
			t.Errorf("%+v", one)
		}
	}
	if !strings.HasPrefix(res.Text, "[41 hosts: 40 ok, 1 failed (1 error)]\n=== dead: ") {
		t.Errorf("text %.300q", res.Text)
	}
	if !slices.ContainsFunc(lines, func(s string) bool { return strings.Contains(s, "1 failed: dead") }) || !strings.HasPrefix(lines[len(lines)-1], "41/41 done") {
		t.Errorf("progress %q", lines)
	}

	t.Run("aggregate", func(t *testing.T) {
		f, res := r.fanout(map[string]any{"command": "echo same; case $SSH_CONNECTION in *127.0.0.3*) exit 4;; esac", "hosts": []string{"h[1:20]", "dead", "nowhere.invalid"}, "aggregate": true})
		if len(f.Results) != 4 || f.Counts.Total != 22 || f.Counts.Nonzero != 2 {
			t.Fatalf("%+v", f)
		}
		if got := f.Results[0]; len(got.Hosts) != 18 || got.Host != "" || got.Output != "same\n" {
			t.Errorf("%+v", got)
		}
		if got := f.Results[1].Hosts; !slices.Equal(got, []string{"h3", "h19"}) {
			t.Errorf("%q", got)
		}
		if !strings.Contains(res.Text, "=== h3 h19: exit 4\n  same\n") {
			t.Errorf("text %s", res.Text)
		}
	})

	t.Run("check", func(t *testing.T) {
		res := r.do(context.Background(), "ssh_check", map[string]any{"hosts": "h[1:40],dead,nowhere.invalid", "timeout": 20}, nil)
		c := res.Fields.(*Check)
		if c.Counts != (CheckCounts{Total: 42, Up: 40, Down: 2}) || c.Results[0].LatencyMS == nil || c.Results[41].Error.Code == "internal" {
			t.Errorf("%+v %+v", c.Counts, c.Results[41])
		}
	})

	t.Run("much output", func(t *testing.T) { muchOutput(t, r, 40, 5000) })
	t.Run("cancel", func(t *testing.T) { cancelMidway(t, r) })
	t.Run("audit", func(t *testing.T) { fanoutRecords(t, r) })
}

// muchOutput has hosts print lines of 100 bytes each, within the budget and within bounds of memory.
func muchOutput(t *testing.T, r *road, hosts, lines int) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	f, res := r.fanout(map[string]any{"command": fmt.Sprintf(`i=0; while [ $i -lt %d ]; do echo "line $i ____________________________________________________________________________________________"; i=$((i+1)); done; echo the end`, lines),
		"hosts": fmt.Sprintf("h[1:%d]", hosts), "timeout": 100, "concurrency": 8})
	runtime.GC()
	runtime.ReadMemStats(&after)
	whole, err := json.Marshal(f)
	must(t, err)
	if len(whole) > 65536 || len(res.Text) > 65536 || !f.Truncated || f.OutputID == nil || f.Counts.OK != hosts {
		t.Fatalf("%d bytes of JSON, %d of text, id %v, %v", len(whole), len(res.Text), f.OutputID, f.Counts)
	}
	if len(whole) < 50000 {
		t.Errorf("only %d bytes of the budget are used", len(whole))
	}
	for _, one := range f.Results {
		if !one.Truncated || !strings.HasPrefix(one.Output, "line 0 ") || !strings.HasSuffix(one.Output, "the end\n") {
			t.Fatalf("%+v", one)
		}
	}
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 32<<20 {
		t.Errorf("%d bytes more on the heap", grown)
	}
	found, err := r.deps.Spool.Grep(context.Background(), *f.OutputID, fmt.Sprintf(`^h7: line %d`, lines-1), 0, 0)
	if err != nil || len(found.Matches) != 1 {
		t.Errorf("%+v, %v", found, err)
	}
	if note := strings.Join(res.Notes, " "); !strings.Contains(note, "output_read id="+*f.OutputID) {
		t.Errorf("notes %q", note)
	}
}

// cancelMidway ends a call while some hosts are done, some run and some wait.
func cancelMidway(t *testing.T, r *road) {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	const mark, running = "86397", 7
	watching := make(chan struct{})
	go func() { // ends once all that can run do
		defer close(watching)
		for len(sleepers(mark)) < running && ctx.Err() == nil {
			time.Sleep(20 * time.Millisecond)
		}
		cancel(errors.New("enough"))
	}()
	res := r.do(ctx, "ssh_fanout", map[string]any{"command": "set -- $SSH_CONNECTION; case $3 in 127.0.0.1) echo quick; exit 0;; esac; echo begun; sleep " + mark, "hosts": "h[1:16]", "timeout": 100, "concurrency": running}, nil)
	<-watching
	f, ok := res.Fields.(*Fanout)
	if !ok || res.Outcome != relay.Cancelled {
		t.Fatalf("%s %v", res.Outcome, res.Err)
	}
	if f.Counts != (FanoutCounts{Total: 16, OK: 1, Failed: running, Cancelled: running, Skipped: 8}) || f.Results[0].Output != "quick\n" || f.Results[1].Output != "begun\n" {
		t.Errorf("%+v", f.Counts)
	}
	for _, one := range f.Results {
		if len(one.Survivors) > 0 {
			t.Errorf("%s: survivors %v", one.Host, one.Survivors)
		}
	}
	deadline := time.Now().Add(10 * time.Second)
	for len(sleepers(mark)) > 0 {
		if time.Now().After(deadline) {
			t.Fatalf("still running: %v", sleepers(mark))
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// sleepers are the processes on this machine that run `sleep mark`.
func sleepers(mark string) []string {
	var found []string
	lines, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, path := range lines {
		if b, err := os.ReadFile(path); err == nil && strings.HasPrefix(string(b), "sleep\x00"+mark+"\x00") {
			found = append(found, path)
		}
	}
	return found
}

// fanoutRecords looks at what the calls before have left in the log.
func fanoutRecords(t *testing.T, r *road) {
	joined, err := r.deps.Audit.Query(audit.Filter{Tool: "ssh_fanout"})
	must(t, err)
	var result struct {
		Hosts   string
		Results struct {
			Counts FanoutCounts
			NotOK  []hostStatus `json:"not_ok"`
		}
	}
	must(t, json.Unmarshal(joined[0].Args, &result))
	if result.Hosts != "h*,dead,!h*-server*" || result.Results.Counts.OK != 40 || !slices.ContainsFunc(result.Results.NotOK, func(s hostStatus) bool { return s.Host == "dead" && s.Status == "unreachable" }) {
		t.Errorf("result %s", joined[0].Args)
	}
	log, err := os.ReadFile(string(r.deps.Config.AuditPath))
	must(t, err)
	intent := regexp.MustCompile(`"phase":"intent".*"resolved":\[".*"h7 [^"]*@127\.0\.0\.7:\d+"`)
	if !intent.Match(log) {
		t.Errorf("no intent lists where h7 leads")
	}
}

// TestFanoutPolicy has hosts of which each may something else.
func TestFanoutPolicy(t *testing.T) {
	l := sshtest.New(t)
	server := l.MustStart(t, sshtest.Options{Alias: "real", Ordinary: true})
	file := fmt.Sprintf(`{"free":{"host":"127.0.0.1","port":%d},"careful":{"host":"127.0.0.1","port":%[1]d,"policy_mode":"readonly"},"secret":{"host":"127.0.0.9","port":%[1]d}}`, server.Port())
	r := newRoad(t, l, file, `RELAY_SHELL_POLICY_DENY=127\.0\.0\.9`)
	for _, test := range []struct {
		tool, hosts, command string
		want                 relay.Outcome
		names                string
	}{
		{"ssh_fanout", "free,careful", "uname", relay.OK, ""},
		{"ssh_fanout", "free", "touch " + l.Dir() + "/x", relay.OK, ""},
		{"ssh_fanout", "free,careful", "touch " + l.Dir() + "/y", relay.Denied, "careful"},
		{"ssh_fanout", "careful,free", "touch " + l.Dir() + "/y", relay.Denied, "careful"},
		{"ssh_fanout", "free,secret", "uname", relay.Denied, "secret"},
		{"ssh_fanout", "", "uname", relay.Denied, "secret"},
		{"ssh_fanout", "free,127.9", "uname", relay.Denied, "127.9"}, // the short form of 127.0.0.9
		{"ssh_check", "free,secret", "", relay.Denied, "secret"},
		{"ssh_check", "", "", relay.Denied, "secret"},
		{"ssh_keyscan", "free,secret", "", relay.Denied, "secret"},
		{"ssh_fanout", "@nogroup", "uname", relay.Failed, ""},
		{"ssh_fanout", "-oProxyCommand=x", "uname", relay.Failed, ""},
	} {
		args := map[string]any{"hosts": test.hosts}
		if test.command != "" {
			args["command"] = test.command
		}
		res := r.do(context.Background(), test.tool, args, nil)
		if res.Outcome != test.want || res.Err != nil && !strings.Contains(res.Err.Message, test.names) {
			t.Errorf("%s %q %q: %s %v, want %s", test.tool, test.hosts, test.command, res.Outcome, res.Err, test.want)
		}
		if res.Err != nil && res.Err.Hint == "" {
			t.Errorf("%s %q: no hint", test.tool, test.hosts)
		}
	}
	if _, err := os.Stat(l.Dir() + "/y"); err == nil {
		t.Error("a denied call has run")
	}
}

// TestFanoutPacing sends many hosts to one sshd with OpenSSH's own MaxStartups, with one that never answers among them.
func TestFanoutPacing(t *testing.T) {
	l := sshtest.New(t)
	server := l.MustStart(t, sshtest.Options{Alias: "one", Ordinary: true})
	for i := range 40 {
		must(t, l.AddHost(fmt.Sprintf("p%02d", i), server.HostLines(fmt.Sprintf("ConnectTimeout %d", 50+i))...))
	}
	r := newRoad(t, l, "")
	f, res := r.fanout(map[string]any{"command": "echo $0 up", "hosts": "p*", "concurrency": 512})
	if f.Counts.OK != 40 || server.Throttled() > 0 {
		t.Errorf("%+v, throttled %d times\n%s", f.Counts, server.Throttled(), res.Text)
	}
	f, res = r.fanout(map[string]any{"command": "exit 1", "hosts": "p*", "batch": "25%", "max_failures": 1})
	if f.Counts != (FanoutCounts{Total: 40, Failed: 10, Nonzero: 10, Skipped: 30}) || !strings.Contains(strings.Join(res.Notes, " "), "30 hosts were not started") {
		t.Errorf("%+v %v", f.Counts, res.Notes)
	}
}

// TestEmptyInventory asks for all of nothing.
func TestEmptyInventory(t *testing.T) {
	l := sshtest.New(t)
	r := newRoad(t, l, "")
	for _, tool := range []string{"ssh_fanout", "ssh_check"} {
		args := map[string]any{}
		if tool == "ssh_fanout" {
			args["command"] = "true"
		}
		res := r.do(context.Background(), tool, args, nil)
		if res.Outcome != relay.Failed || res.Err.Code != "not_found" || res.Err.Hint == "" {
			t.Errorf("%s: %v", tool, res.Err)
		}
	}
}

// TestKeys scans and trusts a host that nobody knows.
func TestKeys(t *testing.T) {
	l := sshtest.New(t)
	server := l.MustStart(t, sshtest.Options{Alias: "new", Strange: true, Ordinary: true})
	must(t, l.AddHost("dead", "HostName 127.0.0.1", "Port 1"))
	r := newRoad(t, l, "")
	if res := r.do(context.Background(), "ssh_check", map[string]any{"hosts": "new", "timeout": 20}, nil); res.Fields.(*Check).Results[0].State != stateNoLogin {
		t.Errorf("%+v", res.Fields)
	}
	scan := func() KeyscanResult {
		res := r.do(context.Background(), "ssh_keyscan", map[string]any{"hosts": "new,dead"}, nil)
		s, ok := res.Fields.(*Keyscan)
		if !ok || len(s.Results) != 2 || s.Results[1].Error == nil {
			t.Fatalf("%v %+v", res.Err, res.Fields)
		}
		return s.Results[0]
	}
	if got := scan(); len(got.Keys) != 1 || got.Keys[0].Fingerprint != server.Fingerprint() || got.Keys[0].State != "unknown" {
		t.Fatalf("%+v", got)
	}
	if res := r.do(context.Background(), "ssh_trust", map[string]any{"host": "new", "fingerprint": "SHA256:" + strings.Repeat("A", 43)}, nil); res.Err == nil || res.Err.Code != "not_found" {
		t.Errorf("another fingerprint: %v", res.Err)
	}
	if res := r.do(context.Background(), "ssh_trust", map[string]any{"host": "new", "fingerprint": server.Fingerprint()}, nil); res.Err != nil {
		t.Fatal(res.Err)
	}
	if got := scan(); got.Keys[0].State != "match" {
		t.Errorf("%+v", got)
	}
	if f, _ := r.fanout(map[string]any{"command": "true", "hosts": "new", "known_hosts": "strict"}); f.Counts.OK != 1 {
		t.Errorf("%+v", f)
	}
}

// TestFirstContact: the call that meets a new host says in its result and its record which key was stored, the next one nothing.
func TestFirstContact(t *testing.T) {
	l := sshtest.New(t)
	server := l.MustStart(t, sshtest.Options{Alias: "new", Strange: true, Ordinary: true})
	r := newRoad(t, l, "")
	told := func(tool string, args map[string]any) int {
		t.Helper()
		res := r.do(context.Background(), tool, args, nil)
		if res.Err != nil {
			t.Fatal(res.Err)
		}
		records, err := r.deps.Audit.Query(audit.Filter{Lines: 1})
		must(t, err)
		n := 0
		for _, text := range append(res.Notes, string(records[0].Args)) {
			if strings.Contains(text, "ED25519 "+server.Fingerprint()) {
				n++
			}
		}
		return n
	}
	if n := told("ssh_fanout", map[string]any{"command": "true", "hosts": "new"}); n != 2 {
		t.Errorf("the first contact is told %d times, want once in the result and once in the record", n)
	}
	if n := told("ssh_exec", map[string]any{"command": "true", "host": "new"}); n != 0 {
		t.Errorf("a host that is known: told %d times", n)
	}
}

// TestFleetToolsAreSmall bounds what the tools cost a model before it has called one.
func TestFleetToolsAreSmall(t *testing.T) {
	d := &Deps{Config: &config.Config{}}
	size := 0
	for _, tool := range append(d.fleetTools(), d.keyTools()...) {
		size += sizeOf(map[string]any{"name": tool.Name(), "description": tool.Description, "inputSchema": tool.Input})
	}
	if size > 3000 {
		t.Errorf("%d bytes", size)
	}
	t.Logf("%d bytes", size)
}

// TestHostNamedLikeASecret: how a host fared stands in the record, whatever its name.
func TestHostNamedLikeASecret(t *testing.T) {
	t.Parallel()
	l := sshtest.New(t)
	must(t, errors.Join(l.AddHost("pw1", "HostName 127.0.0.1", "Port 1"), l.AddHost("token2", "HostName 127.0.0.1", "Port 1")))
	r := newRoad(t, l, "")
	r.do(t.Context(), "ssh_fanout", map[string]any{"command": "true", "hosts": "pw1 token2"}, nil)
	log, err := os.ReadFile(string(r.deps.Config.AuditPath))
	must(t, err)
	if !strings.Contains(string(log), `[{"host":"pw1","status":"unreachable"},{"host":"token2","status":"unreachable"}]`) {
		t.Errorf("%s", log)
	}
}
