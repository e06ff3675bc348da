package tools

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"relay-shell/internal/audit"
	"relay-shell/internal/jobs"
	"relay-shell/internal/keeper"
	"relay-shell/internal/keeper/job"
	"relay-shell/internal/localexec"
	"relay-shell/internal/policy"
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
		os.Exit(keeper.Main(os.Args[2:], map[string]keeper.Kind{job.Kind: job.Open}))
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
	r.deps.Keepers = keeper.Open(keeper.Options{Dir: filepath.Join(dir, "k"), Environ: l.Env(), Build: "test", Kinds: []string{job.Kind}})
	t.Cleanup(func() {
		list, err := r.deps.Keepers.List(context.Background(), job.Kind)
		must(t, err)
		for _, i := range list {
			must(t, r.deps.Keepers.Close(context.Background(), i.ID))
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

// TestDetach lets commands become jobs at random moments, here and on a host: the job has every byte once.
func TestDetach(t *testing.T) {
	t.Parallel()
	server := sshtest.Start(t, sshtest.Options{Ordinary: true, Shell: "dash"})
	r := newJobRoad(t, server.Lab)
	stdin := strings.Repeat("given\n", 1000)
	want := stdin
	for i := range 600 {
		want += fmt.Sprintf("line %d\n", i)
	}
	command := `cat; i=0; while [ $i -lt 600 ]; do echo "line $i"; [ $((i%100)) != 99 ] || sleep 0.1; i=$((i+1)); done; exit 6`
	became := 0
	for i := range 16 {
		tool, args := "shell_exec", map[string]any{"command": command, "stdin": stdin, "detach_after": 0.01 + rand.Float64()*0.7, "max_output": 1 << 20}
		switch i % 4 {
		case 1:
			tool, args["host"] = "ssh_exec", "target"
		case 2:
			args["merge_stderr"] = false
		case 3:
			tool, args["host"] = "ssh_script", "target"
			args["script"], args["interpreter"], args["strict"] = command, "sh", false
			delete(args, "command")
		}
		res := r.do(t.Context(), tool, args, nil)
		switch res.Outcome {
		case relay.OK:
			if res.Command.Stdout != want || *res.Command.ExitCode != 6 {
				t.Errorf("trial %d ended by itself: %d bytes", i, len(res.Command.Stdout))
			}
			continue
		case relay.Running:
			became++
		default:
			t.Fatalf("trial %d: %s %v", i, res.Outcome, res.Err)
		}
		if !strings.HasPrefix(want, res.Command.Stdout) {
			t.Errorf("trial %d: the call shows something else", i)
		}
		if w := r.output("job_wait", map[string]any{"job_id": *res.Command.JobID}); w.State != job.Ended || w.ExitCode == nil || *w.ExitCode != 6 {
			t.Errorf("trial %d: %+v", i, w.jobInfo)
		}
		o := r.output("job_output", map[string]any{"job_id": *res.Command.JobID, "cursor": 0})
		if o.Data != want || o.Dropped != 0 {
			t.Errorf("trial %d: %d bytes instead of %d, %d dropped", i, len(o.Data), len(want), o.Dropped)
		}
	}
	if became < 4 {
		t.Errorf("only %d calls became jobs", became)
	}
}

// TestDetachedEnds ends jobs that calls have become: by their timeout, by a person, with a stubborn tree.
func TestDetachedEnds(t *testing.T) {
	t.Parallel()
	server := sshtest.Start(t, sshtest.Options{Ordinary: true, Shell: "dash"})
	r := newJobRoad(t, server.Lab)
	for _, host := range []string{"", "target"} {
		tool, args := "shell_exec", map[string]any{"command": "trap '' TERM; (trap '' TERM; setsid sleep 4712) & echo up; while :; do sleep 1; done", "detach_after": 0.3, "timeout": 2}
		if host != "" {
			tool, args["host"] = "ssh_exec", host
		}
		res := r.do(t.Context(), tool, args, nil)
		if res.Outcome != relay.Running {
			t.Fatalf("%s %v", res.Outcome, res.Err)
		}
		if w := r.output("job_wait", map[string]any{"job_id": *res.Command.JobID}); w.State != job.TimedOut || len(w.Survivors) > 0 {
			t.Errorf("host %q: %+v", host, w.jobInfo)
		}
		delete(args, "timeout")
		res = r.do(t.Context(), tool, args, nil)
		if res.Outcome != relay.Running {
			t.Fatalf("%s %v", res.Outcome, res.Err)
		}
		w := r.output("job_wait", map[string]any{"job_id": *res.Command.JobID, "until": "up"})
		if left := time.Until(*w.Deadline); left < 10*time.Minute || left > r.deps.Config.MaxTimeout { // MAX_TIMEOUT, from its start
			t.Errorf("host %q: it has %v left", host, left)
		}
		if k := r.output("job_kill", map[string]any{"job_id": *res.Command.JobID}); k.State != job.Killed || len(k.Survivors) > 0 {
			t.Errorf("host %q: %+v", host, k.jobInfo)
		}
	}
}

// TestNoRoomToDetach lets a call go on as it is that cannot become a job.
func TestNoRoomToDetach(t *testing.T) {
	t.Parallel()
	r := newJobRoad(t, sshtest.New(t), "RELAY_SHELL_MAX_JOBS=1")
	if res := r.do(t.Context(), "job_start", map[string]any{"command": "sleep 600"}, nil); res.Err != nil {
		t.Fatal(res.Err)
	}
	res := r.do(t.Context(), "job_start", map[string]any{"command": "true"}, nil)
	if res.Err == nil || res.Err.Code != "limit_reached" || !strings.Contains(res.Err.Hint, "job_kill") {
		t.Errorf("%+v", res.Err)
	}
	res = r.do(t.Context(), "shell_exec", map[string]any{"command": "echo one; sleep 1; echo two", "detach_after": 0.2}, nil)
	if res.Outcome != relay.OK || res.Command.Stdout != "one\ntwo\n" || len(res.Notes) == 0 {
		t.Errorf("%s %v %+v %v", res.Outcome, res.Err, res.Command, res.Notes)
	}
}

// TestDetachSetting lets a call become a job by the setting alone, and never by 0.
func TestDetachSetting(t *testing.T) {
	t.Parallel()
	r := newJobRoad(t, sshtest.New(t), "RELAY_SHELL_DETACH_AFTER=300ms")
	args := map[string]any{"command": "echo up; sleep 1; echo down"}
	if res := r.do(t.Context(), "shell_exec", args, nil); res.Outcome != relay.Running || res.Command.JobID == nil {
		t.Errorf("omitted: %s %v", res.Outcome, res.Err)
	}
	args["detach_after"] = 0
	if res := r.do(t.Context(), "shell_exec", args, nil); res.Outcome != relay.OK || res.Command.Stdout != "up\ndown\n" {
		t.Errorf("0: %s %v", res.Outcome, res.Err)
	}
	// Whatever its command is, a job leaves files where it runs: a mode that changes nothing refuses it.
	if p, err := r.deps.planJobStart(&jobStartParams{Command: "ls", Host: "target"}); err != nil || policy.Assess(p.Subject).Tier != policy.Reversible {
		t.Errorf("%+v, %v", p, err)
	}
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

// TestSecretsStay keeps a command that was given a secret from becoming a job: another server could not mask it.
func TestSecretsStay(t *testing.T) {
	d := &Deps{}
	value := "{{secret:db}}"
	for _, e := range []execution{{stdin: value}, {command: target.Command{Env: []target.EnvVar{{Name: "V", Value: &value}}}}, {command: target.Command{TTY: true}}} {
		e.detach = detachment{after: time.Hour}
		if d.depart(t.Context(), &relay.Run{Call: &relay.Call{}}, e) != nil {
			t.Errorf("%+v would become a job", e)
		}
	}
}

// TestWithoutJobs hides what makes jobs where there are no tools to follow them with.
func TestWithoutJobs(t *testing.T) {
	s := set(t, "shell", "ssh")
	for _, name := range []string{"shell_exec", "shell_script", "ssh_exec", "ssh_script"} {
		if s.Get(name).Input.Properties[detachProperty] != nil {
			t.Errorf("%s shows %s", name, detachProperty)
		}
		if set(t).Get(name).Input.Properties[detachProperty] == nil {
			t.Errorf("%s does not show %s", name, detachProperty)
		}
	}
	if _, err := s.Get("shell_exec").Plan([]byte(`{"command":"true","detach_after":1}`)); err == nil {
		t.Error("takes detach_after without jobs")
	}
	if _, err := set(t).Get("shell_read").Plan([]byte(`{"command":"true","detach_after":1}`)); err == nil {
		t.Error("a read takes detach_after")
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

// TestDetachedLost kills the master under a job that a call has become: what runs on the host is ended, and the job is lost.
func TestDetachedLost(t *testing.T) {
	t.Parallel()
	server := sshtest.Start(t, sshtest.Options{Ordinary: true, Shell: "dash"})
	r := newJobRoad(t, server.Lab)
	pids := filepath.Join(server.AccountHome(), "pid")
	res := r.do(t.Context(), "ssh_exec", map[string]any{"host": "target", "command": "echo $$ >" + pids + "; echo up; trap '' TERM PIPE; while :; do sleep 1; done", "detach_after": 0.5}, nil)
	if res.Outcome != relay.Running {
		t.Fatalf("%s %v", res.Outcome, res.Err)
	}
	r.output("job_wait", map[string]any{"job_id": *res.Command.JobID, "until": "up"}) // a busy machine may have let it go before it began
	text, err := os.ReadFile(pids)
	must(t, err)
	connections, err := r.deps.SSH.Connections(t.Context())
	must(t, err)
	for _, c := range connections {
		must(t, syscall.Kill(c.PID, syscall.SIGKILL))
	}
	w := r.output("job_wait", map[string]any{"job_id": *res.Command.JobID})
	if w.State != job.Lost || w.Data != "up\n" || len(w.Survivors) > 0 || !strings.Contains(w.LostReason, "ended") {
		t.Errorf("%+v", w)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	must(t, err)
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err == nil && !strings.Contains(string(stat), ") Z ") { // it may wait to be collected
		t.Errorf("process %d lives on: %s", pid, stat)
	}
}
