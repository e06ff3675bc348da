package tools

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"relay-shell/internal/keeper"
	"relay-shell/internal/keeper/job"
	"relay-shell/internal/policy"
	"relay-shell/internal/relay"
	"relay-shell/internal/sshtest"
	"relay-shell/internal/target"
)

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
	// A job and a session have the tier of their command; of a login shell nothing is known but that it can be typed at.
	if p, err := r.deps.planJobStart(&jobStartParams{Command: "ls", Host: "target"}); err != nil || policy.Assess(p.Subject).Tier != policy.Observe {
		t.Errorf("%+v, %v", p, err)
	}
	for command, tier := range map[string]policy.Tier{"": policy.Reversible, "ls": policy.Observe, "rm -rf /srv": policy.Irreversible} {
		if p, err := r.deps.planShellSpawn(&shellSpawnParams{Command: command}); err != nil || policy.Assess(p.Subject).Tier != tier {
			t.Errorf("%q: %+v, %v", command, p, err)
		}
	}
}

// TestNobodyComes has a keeper wait for a command whose server dies: it ends at once and leaves nothing.
func TestNobodyComes(t *testing.T) {
	t.Parallel()
	r := newJobRoad(t, sshtest.New(t))
	id := keeper.NewID(job.Kind)
	_, err := r.deps.Keepers.StartAs(t.Context(), job.Kind, id, 10, job.Params{Dir: Jobs(r.deps.Config.StateDir), Limit: 1 << 20})
	must(t, err)
	dir := filepath.Join(Jobs(r.deps.Config.StateDir), id)
	_, err = os.Stat(dir)
	must(t, err)
	for deadline := time.Now().Add(20 * time.Second); ; {
		asking, hangUp := context.WithTimeout(t.Context(), 300*time.Millisecond)
		_ = r.deps.Keepers.Call(asking, id, job.OpAwait, nil, nil) // a server that dies while it asks
		hangUp()
		_, err := r.deps.Keepers.Find(t.Context(), job.Kind, id)
		if _, gone := os.Stat(dir); err != nil && gone != nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("it is still there: %v", err)
		}
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

// stubborn is a call on a host that has become a job, and ends by SIGKILL alone.
func stubborn(t *testing.T) (server *sshtest.Server, r *road, id string, pid int) {
	t.Helper()
	server = sshtest.Start(t, sshtest.Options{Ordinary: true, Shell: "dash"})
	r = newJobRoad(t, server.Lab)
	pids := filepath.Join(server.AccountHome(), "pid")
	res := r.do(t.Context(), "ssh_exec", map[string]any{"host": "target", "command": "echo $$ >" + pids + "; echo up; trap '' TERM PIPE; while :; do sleep 1; done", "detach_after": 0.5}, nil)
	if res.Outcome != relay.Running {
		t.Fatalf("%s %v", res.Outcome, res.Err)
	}
	id = *res.Command.JobID
	r.output("job_wait", map[string]any{"job_id": id, "until": "up"}) // a busy machine may have let it go before it began
	text, err := os.ReadFile(pids)
	must(t, err)
	pid, err = strconv.Atoi(strings.TrimSpace(string(text)))
	must(t, err)
	return server, r, id, pid
}

// lives returns what the kernel says of a process, "" once it has ended; it may wait to be collected.
func lives(pid int) string {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil || strings.Contains(string(stat), ") Z ") {
		return ""
	}
	return string(stat)
}

// TestDetachedLost kills the master under a job that a call has become: what runs on the host is ended, and the job is lost.
func TestDetachedLost(t *testing.T) {
	t.Parallel()
	_, r, id, pid := stubborn(t)
	connections, err := r.deps.SSH.Connections(t.Context())
	must(t, err)
	for _, c := range connections {
		must(t, syscall.Kill(c.PID, syscall.SIGKILL))
	}
	w := r.output("job_wait", map[string]any{"job_id": id})
	if w.State != job.Lost || w.Data != "up\n" || len(w.Survivors) > 0 || !strings.Contains(w.LostReason, "ended") {
		t.Errorf("%+v", w)
	}
	if stat := lives(pid); stat != "" {
		t.Errorf("process %d lives on: %s", pid, stat)
	}
}

// TestDetachedUnreachable: a host that is away when the connection of such a job is lost is tried again, and what runs there is ended.
func TestDetachedUnreachable(t *testing.T) {
	t.Parallel()
	server, r, id, pid := stubborn(t)
	connections, err := r.deps.SSH.Connections(t.Context())
	must(t, err)
	must(t, server.Kill())
	for _, c := range connections {
		must(t, syscall.Kill(c.PID, syscall.SIGKILL))
	}
	if w := r.output("job_wait", map[string]any{"job_id": id}); w.State != job.Lost || !slices.Equal(w.Survivors, []string{"unknown"}) {
		t.Errorf("%+v", w)
	}
	must(t, server.Restart())
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(100 * time.Millisecond) {
		stat := lives(pid)
		if w := r.output("job_output", map[string]any{"job_id": id}); stat == "" && len(w.Survivors) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("it lives on: %s", stat)
		}
	}
}
