package main

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// jobsOf are the jobs of a host, "" for this machine, that servers know of.
func jobsOf(t *testing.T, s *server, host string) []answer {
	t.Helper()
	list := s.must(t, "job_list", map[string]any{"host": host})
	if list.Omitted > 0 {
		t.Fatalf("%d jobs are left out of the list", list.Omitted)
	}
	return list.Jobs
}

// endedOf are the ids, without their hosts, of the jobs that have ended and are known to have run.
func endedOf(t *testing.T, s *server, host string) (ids []string) {
	for _, j := range jobsOf(t, s, host) {
		if j.State == "ended" || j.State == "killed" && j.Total > 0 {
			id, _, _ := strings.Cut(j.JobID, "@")
			ids = append(ids, id)
		}
	}
	return ids
}

// whole reads all output of a job and wants none to be missing.
func whole(t *testing.T, s *server, id string) string {
	t.Helper()
	var out strings.Builder
	for cursor, total := int64(0), int64(1); cursor < total; {
		a := s.must(t, "job_output", map[string]any{"job_id": id, "cursor": cursor, "max_bytes": 1 << 20})
		if a.Dropped != 0 {
			t.Errorf("%s: %d bytes are gone", id, a.Dropped)
		}
		out.WriteString(a.Data)
		if a.Cursor <= cursor && a.Total > cursor {
			t.Fatalf("%s: nothing is read from %d of %d on", id, cursor, a.Total)
		}
		cursor, total = a.Cursor, a.Total
	}
	return out.String()
}

// counting is a job that counts by itself and is read, piece by piece, by whoever lives.
type counting struct {
	host string

	id     string
	cursor int64
	seen   bytes.Buffer
	reads  int
}

func (w *counting) begin(t *testing.T, s *server) {
	w.id = s.must(t, "job_start", map[string]any{"command": `i=0; while :; do i=$((i+1)); echo "n $i"; sleep 0.05; done`, "host": w.host}).JobID
}

func (w *counting) load(s *server, answered func(string)) {
	for {
		a, err := s.call("job_wait", map[string]any{"job_id": w.id, "cursor": w.cursor, "until": "(?s).", "timeout": 10})
		if err != nil {
			return
		}
		answered(a.RequestID)
		if a, err = s.call("job_output", map[string]any{"job_id": w.id, "cursor": w.cursor}); err != nil {
			return
		}
		answered(a.RequestID)
		w.seen.WriteString(a.Data)
		w.cursor = a.Cursor
		w.reads++
	}
}

func (w *counting) check(t *testing.T, s *server) {
	all := whole(t, s, w.id)
	if !strings.HasPrefix(all, w.seen.String()) {
		t.Errorf("%s: what was read piece by piece is not what it printed", w.id)
	}
	lines := strings.Split(all, "\n")
	for i, line := range lines[:len(lines)-1] {
		if line != fmt.Sprint("n ", i+1) {
			t.Fatalf("%s: %q is line %d", w.id, line, i+1)
		}
	}
	a := s.must(t, "job_kill", map[string]any{"job_id": w.id})
	if a.State != "killed" || len(a.Survivors) > 0 || len(lines) < 10 {
		t.Errorf("%s: %d lines, %+v", w.id, len(lines), a)
	}
	t.Logf("%s: %d lines, %d bytes in %d reads", w.id, len(lines), len(all), w.reads)
}

// starting starts one short job after the other.
type starting struct {
	host string

	tried int
	acked map[string]string // ids by name
}

const startedLines = 15

func (w *starting) begin(*testing.T, *server) { w.acked = map[string]string{} }

func (w *starting) load(s *server, answered func(string)) {
	for {
		w.tried++
		name := fmt.Sprintf("short-%d", w.tried)
		command := fmt.Sprintf(`i=0; while [ $i -lt %d ]; do i=$((i+1)); echo "%s $i"; sleep 0.02; done; exit 3`, startedLines, name)
		a, err := s.call("job_start", map[string]any{"command": command, "host": w.host, "name": name})
		if err != nil {
			return
		}
		answered(a.RequestID)
		w.acked[name] = a.JobID
		if a, err = s.call("job_wait", map[string]any{"job_id": a.JobID, "timeout": 30}); err != nil {
			return
		}
		answered(a.RequestID)
	}
}

var shortName = regexp.MustCompile(`^short-\d+$`)

func (w *starting) check(t *testing.T, s *server) {
	found, unanswered, ended := map[string]bool{}, 0, 0
	for _, j := range jobsOf(t, s, w.host) {
		if !shortName.MatchString(j.Name) {
			continue
		}
		if found[j.Name] {
			t.Errorf("%s was started twice", j.Name)
		}
		found[j.Name] = true
		id, acked := w.acked[j.Name]
		if acked && id != j.JobID {
			t.Errorf("%s is %s, and %s was answered", j.Name, j.JobID, id)
		}
		end := s.must(t, "job_wait", map[string]any{"job_id": j.JobID, "timeout": 60})
		if !acked {
			unanswered++
			if end.State == "killed" || end.State == "lost" { // with its server, while that started it
				ended++
				continue
			}
		}
		var want strings.Builder
		for i := range startedLines {
			fmt.Fprintf(&want, "%s %d\n", j.Name, i+1)
		}
		if end.State != "ended" || end.ExitCode == nil || *end.ExitCode != 3 || whole(t, s, j.JobID) != want.String() {
			t.Errorf("%s (answered: %v) has not run whole: %+v", j.Name, acked, end)
		}
	}
	for name, id := range w.acked {
		if !found[name] {
			t.Errorf("%s was answered as started, and is not there (%s)", name, id)
		}
	}
	t.Logf("on %q: %d tried, %d answered, %d more are there of which %d ended with their server", w.host, w.tried, len(w.acked), unanswered, ended)
}
