package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// leaving makes calls that become jobs while they run. Each command waits for a gate of its own, so that none can end unseen: when nobody was told what
// became of it, either it is a job, or it has ended with its server.
type leaving struct {
	tool, host, dir string

	tried   int
	jobs    map[string]string // ids by mark, of calls that were answered so
	pending map[string]bool   // marks of calls that were not answered: whether their gate was shut
	checked map[string]bool   // marks of jobs

	became, ended, unanswered, kept, alone int
}

const leavingLines = 20

func (w *leaving) begin(*testing.T, *server) {
	w.jobs, w.pending, w.checked = map[string]string{}, map[string]bool{}, map[string]bool{}
}

func (w *leaving) path(mark, what string) string { return filepath.Join(w.dir, mark+"."+what) }

// touch makes an empty file.
func touch(path string) {
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		panic(err)
	}
}

// text is the command: it tells which process it is, prints, waits for the gate and tells that it has come to its end.
func (w *leaving) text(mark string) string {
	return fmt.Sprintf(`set -- $(cat /proc/$$/stat); echo "$$ ${22}" >%s; i=0; while [ $i -lt %d ]; do i=$((i+1)); echo "%s $i"; sleep 0.02; done; until [ -e %s ]; do sleep 0.1; done; : >%s; exit 6`,
		w.path(mark, "begun"), leavingLines, mark, w.path(mark, "gate"), w.path(mark, "done"))
}

func (w *leaving) want(mark string) string {
	var b strings.Builder
	for i := range leavingLines {
		fmt.Fprintf(&b, "%s %d\n", mark, i+1)
	}
	return b.String()
}

func (w *leaving) load(s *server, answered func(string)) {
	for {
		w.tried++
		mark := fmt.Sprintf("trial-%s-%d", w.tool, w.tried)
		shut := rand.IntN(4) > 0
		if !shut {
			touch(w.path(mark, "gate"))
		}
		args := map[string]any{"command": w.text(mark), "detach_after": 0.02 + rand.Float64()*0.5}
		if w.host != "" {
			args["host"] = w.host
		}
		if strings.HasSuffix(w.tool, "_script") {
			args["script"], args["interpreter"], args["strict"] = args["command"], "sh", false
			delete(args, "command")
		}
		a, err := s.call(w.tool, args)
		if err != nil {
			w.pending[mark] = shut
			return
		}
		answered(a.RequestID)
		switch {
		case a.Outcome == "running" && strings.HasPrefix(w.want(mark), a.Stdout):
			w.jobs[mark] = a.JobID
		case a.Outcome == "ok" && a.Stdout == w.want(mark) && a.ExitCode != nil && *a.ExitCode == 6:
			w.ended++
		default:
			w.jobs[mark] = fmt.Sprintf("answered as %+v", a) // check finds no such job
		}
		touch(w.path(mark, "gate"))
	}
}

// check looks at what the calls since the last check have become.
func (w *leaving) check(t *testing.T, s *server) {
	found := map[string]answer{}
	for _, j := range jobsOf(t, s, "") {
		mark := trialMark.FindString(j.Command)
		if !strings.HasPrefix(mark, "trial-"+w.tool+"-") || w.checked[mark] {
			continue
		}
		if _, twice := found[mark]; twice {
			t.Errorf("%s is two jobs", mark)
		}
		found[mark] = j
	}
	for mark, id := range w.jobs {
		if found[mark].JobID != id {
			t.Errorf("%s: the call answered %s, and the job is %q", mark, id, found[mark].JobID)
		}
	}
	for mark, shut := range w.pending {
		if _, is := found[mark]; is {
			continue
		}
		if shut {
			w.alone++
		}
		if pid := waitGone(w.path(mark, "begun")); pid != "" {
			t.Errorf("%s lives on as process %s, and is no job", mark, pid)
		}
	}
	for mark := range w.pending {
		touch(w.path(mark, "gate"))
	}
	for mark, j := range found {
		w.checked[mark] = true
		end := s.must(t, "job_wait", map[string]any{"job_id": j.JobID, "timeout": 60})
		if end.State != "ended" || end.ExitCode == nil || *end.ExitCode != 6 {
			t.Errorf("%s has not run whole: %+v", mark, end)
		} else if got := whole(t, s, j.JobID); got != w.want(mark) {
			t.Errorf("%s: the job has %q", mark, got)
		}
		if _, err := os.Stat(w.path(mark, "done")); err != nil {
			t.Errorf("%s: %v", mark, err)
		}
	}
	for mark, shut := range w.pending {
		_, is := found[mark]
		if _, err := os.Stat(w.path(mark, "done")); shut && !is && err == nil {
			t.Errorf("%s came to its end, and nobody can know of it", mark)
		}
	}
	w.became, w.unanswered, w.kept = w.became+len(w.jobs), w.unanswered+len(w.pending), w.kept+len(found)-len(w.jobs)
	clear(w.jobs)
	clear(w.pending)
	t.Logf("%s: %d tried, %d became jobs and %d ended as answered; of %d unanswered ones %d are jobs and %d ended before their gate was open",
		w.tool, w.tried, w.became, w.ended, w.unanswered, w.kept, w.alone)
}

// waitGone waits until a process that has noted its number and its start is gone, and returns its number if it does not go.
func waitGone(path string) string {
	b, _ := os.ReadFile(path)
	words := strings.Fields(string(b))
	if len(words) != 2 {
		return "" // it never began
	}
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		stat, err := os.ReadFile(filepath.Join("/proc", words[0], "stat"))
		fields := strings.Fields(string(stat))
		if err != nil || len(fields) < 22 || fields[21] != words[1] || fields[2] == "Z" {
			return ""
		}
	}
	return words[0]
}

// begunIn lists the marks of the commands that have begun.
func begunIn(t *testing.T, dir string) (marks []string) {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "*.begun"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range found {
		marks = append(marks, strings.TrimSuffix(filepath.Base(path), ".begun"))
	}
	return marks
}
