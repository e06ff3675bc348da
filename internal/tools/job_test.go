package tools

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"relay-shell/internal/audit"
	"relay-shell/internal/jobs"
	"relay-shell/internal/keeper"
	"relay-shell/internal/keeper/job"
	"relay-shell/internal/keeper/session"
	"relay-shell/internal/localexec"
	"relay-shell/internal/redact"
	"relay-shell/internal/relay"
	"relay-shell/internal/sshtest"
	"relay-shell/internal/target"
)

const superviseArg = "supervise-for-test"

// TestMain lets the test's program be a keeper and the supervisor of local commands.
func TestMain(m *testing.M) {
	switch {
	case len(os.Args) > 1 && os.Args[1] == keeper.Command:
		os.Exit(keeper.Main(os.Args[2:], map[string]keeper.Kind{job.Kind: job.Open, session.Kind: session.Open}))
	case len(os.Args) > 1 && os.Args[1] == superviseArg:
		if err := localexec.Supervise(); err != nil {
			panic(err)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// newJobRoad is a road on which commands can become jobs.
func newJobRoad(t *testing.T, l *sshtest.Lab, env ...string) *road {
	t.Helper()
	r := newRoad(t, l, "", env...)
	supervisor, err := localexec.StartSupervisor(localexec.SupervisorOptions{Args: []string{superviseArg}, Environ: l.Env()})
	must(t, err)
	t.Cleanup(func() { must(t, supervisor.Close()) })
	dir, err := os.MkdirTemp("/tmp", "jt")
	must(t, err)
	r.deps.Keepers = keeper.Open(keeper.Options{Dir: filepath.Join(dir, "k"), Environ: l.Env(), Build: "test", Kinds: []string{job.Kind, session.Kind}})
	t.Cleanup(func() {
		for _, kind := range []string{job.Kind, session.Kind} {
			list, err := r.deps.Keepers.List(context.Background(), kind)
			must(t, err)
			for _, i := range list {
				must(t, r.deps.Keepers.Close(context.Background(), i.ID))
			}
		}
		must(t, os.RemoveAll(dir))
	})
	c := r.deps.Config
	r.deps.SSHOptions.ConfigFile, r.deps.SSHOptions.RuntimeDir, r.deps.SSHOptions.Env = c.SSHConfig, c.RuntimeDir, l.Env()
	r.relay = relay.New(relay.Options{
		Policy: r.deps.Policy, Audit: r.deps.Audit, Redact: redact.New(redact.Options{Key: make([]byte, 32)}),
		Targets: target.NewResolver(r.deps.SSH, r.deps.Inventory, l.Env(), supervisor.Run), ConnectTimeout: c.SSHConnectTimeout, Log: zerolog.Nop(),
	})
	return r
}

func (r *road) output(tool string, args map[string]any) *jobOutput {
	r.t.Helper()
	res := r.do(context.Background(), tool, args, nil)
	o, ok := res.Fields.(*jobOutput)
	if !ok {
		r.t.Fatalf("%s: %s %v", tool, res.Outcome, res.Err)
	}
	return o
}

// TestEndRecorded has the end of every job in the log once: of those here by their keepers, of one on a host by who sees it first.
func TestEndRecorded(t *testing.T) {
	t.Parallel()
	server := sshtest.Start(t, sshtest.Options{Ordinary: true, Shell: "dash"})
	r := newJobRoad(t, server.Lab)
	r.deps.Trail = audit.Trail{Path: r.deps.Config.AuditPath, Principal: "me"}
	want := map[string]string{}
	begin := func(outcome string, args map[string]any) string {
		res := r.do(t.Context(), "job_start", args, nil)
		if res.Err != nil {
			t.Fatal(res.Err)
		}
		id := res.Fields.(*jobInfo).JobID
		want[id] = outcome + " " + res.RequestID
		return id
	}
	for _, host := range []string{"", "target"} {
		ended := begin("ok 3", map[string]any{"command": "echo up; exit 3", "host": host})
		killed := begin("cancelled", map[string]any{"command": "sleep 600", "host": host, "name": "n"})
		for range 3 { // it is seen more than once
			r.output("job_wait", map[string]any{"job_id": ended})
		}
		r.output("job_kill", map[string]any{"job_id": killed})
	}
	res := r.do(t.Context(), "shell_exec", map[string]any{"command": "sleep 1; exit 4", "detach_after": 0.1}, nil)
	if res.Command == nil || res.Command.JobID == nil {
		t.Fatalf("%s %v", res.Outcome, res.Err)
	}
	want[*res.Command.JobID] = "ok 4 " + res.RequestID
	r.output("job_wait", map[string]any{"job_id": *res.Command.JobID})
	// One whose record was claimed by a process that was killed then is recorded by the next one, and by no further.
	id := begin("ok 0", map[string]any{"command": "true", "host": "target"})
	ref, err := jobs.ParseRef(id)
	must(t, err)
	if _, mine := r.deps.claimEnd(ref.ID); mine {
		claimed := filepath.Join(r.deps.elsewhereDir(), "."+ref.ID)
		must(t, os.Chtimes(claimed, time.Unix(0, 0), time.Unix(0, 0)))
	}
	for range 2 {
		r.output("job_wait", map[string]any{"job_id": id})
	}
	if res := r.do(t.Context(), "job_start", map[string]any{"command": "true", "host": "target", "cwd": "/no/such/directory"}, nil); res.Err == nil {
		t.Error("started in a directory that is not there")
	}
	if list := r.deps.jobsElsewhere(); len(list) > 0 {
		t.Errorf("%v are remembered, which have ended or never began", list)
	}
	deadline := time.Now().Add(20 * time.Second) // keepers write after they have answered
	for {
		found, err := r.deps.Audit.Query(audit.Filter{Tool: job.EndTool, Lines: 100})
		must(t, err)
		got := map[string]string{}
		for _, e := range found {
			var about struct {
				ID   string `json:"job_id"`
				Call string `json:"call"`
			}
			must(t, json.Unmarshal(e.Args, &about))
			if e.Host != nil {
				about.ID += "@" + e.Host.Alias
			}
			if got[about.ID] != "" {
				t.Fatalf("the end of %s is recorded twice", about.ID)
			}
			got[about.ID] = e.Outcome
			if e.ExitCode != nil && e.Outcome == "ok" {
				got[about.ID] += fmt.Sprint(" ", *e.ExitCode)
			}
			got[about.ID] += " " + about.Call
		}
		diff := cmp.Diff(want, got)
		if diff == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(diff)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// TestHidden masks a secret that begins before the piece of output that is shown.
func TestHidden(t *testing.T) {
	d := &Deps{Mask: redact.New(redact.Options{Key: make([]byte, 32)}).ForOutput("keys")}
	body := strings.Repeat(strings.Repeat("QUJDREVG", 8)+"\n", 20)
	secret := "-----BEGIN " + "OPENSSH PRIVATE KEY-----\n" + body + "-----END " + "OPENSSH PRIVATE KEY-----\n"
	text := "before\n" + secret + "after\n"
	for cut := range len(text) {
		got := d.hidden([]byte(text[:cut]), []byte(text[cut:]))
		if strings.Contains(got, "QUJDREVG") {
			t.Fatalf("cut at %d: %q", cut, got)
		}
		if cut > 0 && !strings.HasSuffix(text, "after\n") || !strings.HasSuffix(got, text[max(cut, len(text)-6):]) {
			t.Fatalf("cut at %d: %q", cut, got)
		}
	}
	if got := d.hidden([]byte("one\n"), []byte("two\n")); got != "two\n" {
		t.Errorf("%q", got)
	}
}

func TestPartial(t *testing.T) {
	for s, want := range map[string]int{"": 0, "a": 0, "ä": 0, "a\xc3": 1, "\xe2\x82": 2, "\xf0\x9f\x98": 3, "\xff": 0, "\x80\x80": 0, "x\xf0": 1} {
		if got := partial([]byte(s)); got != want {
			t.Errorf("%q: %d, want %d", s, got, want)
		}
	}
}

// TestJobLine keeps a job on one line.
func TestJobLine(t *testing.T) {
	d := &Deps{}
	j := d.jobOf(jobs.Info{Meta: job.Meta{ID: "j-abcdefgh", Host: "web1", Command: "echo\n" + strings.Repeat("x", 500), Started: time.Now()}, State: job.Running})
	if line := j.line(); strings.Contains(line, "\n") || len(line) > 250 || !regexp.MustCompile(`^j-abcdefgh@web1  \[running, 0s\]  echo…$`).MatchString(line) {
		t.Errorf("%q", line)
	}
	j = d.jobOf(jobs.Info{Meta: job.Meta{ID: "j-abcdefgh", Name: "n\nj-faked  [ended, exit 0]" + strings.Repeat("x", 5000), Command: "id", Started: time.Now()}, State: job.Running})
	if line := j.line(); strings.Contains(line, "\n") || len(line) > 250 {
		t.Errorf("a name makes it %q", line)
	}
}
