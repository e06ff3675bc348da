package tools

import (
	"os"
	"path/filepath"
	"sort"

	"relay-shell/internal/jobs"
	"relay-shell/internal/keeper/job"
)

// Jobs on hosts are found by asking the host. Which hosts those are this machine remembers: a file for each job that was started
// from here, until it has been seen to end. Whoever loses the files loses no job.

func (d *Deps) elsewhereDir() string { return filepath.Join(Jobs(d.Config.StateDir), "hosts") }

// noteJob remembers a running job on a host, and forgets one that has ended.
func (d *Deps) noteJob(i jobs.Info) {
	if i.Host == "" || i.Held {
		return
	}
	name := filepath.Join(d.elsewhereDir(), i.ID)
	if i.State != job.Running {
		_ = os.Remove(name)
		return
	}
	if os.MkdirAll(d.elsewhereDir(), 0o700) == nil {
		_ = os.WriteFile(name, []byte(jobs.Ref{ID: i.ID, Host: i.Host}.String()), 0o600)
	}
}

// jobsElsewhere are the jobs on hosts that were started from here and not seen to end.
func (d *Deps) jobsElsewhere() []string { return JobsElsewhere(d.Config.StateDir) }

// JobsElsewhere lists the jobs on hosts that were started from here and not seen to end, by their ids.
func JobsElsewhere(stateDir string) []string {
	dir := filepath.Join(Jobs(stateDir), "hosts")
	entries, _ := os.ReadDir(dir) // none is as good as no directory
	list := []string{}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			continue
		}
		if r, err := jobs.ParseRef(string(b)); err == nil && r.Host != "" {
			list = append(list, r.String())
		}
	}
	sort.Strings(list)
	return list
}
