package tools

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"time"

	"relay-shell/internal/audit"
	"relay-shell/internal/jobs"
	"relay-shell/internal/keeper/job"
	"relay-shell/internal/relay"
)

// Jobs on hosts are found by asking the host. Which hosts those are this machine remembers: a file for each job that was started
// from here, until it has been seen to end and the audit log says so. Whoever loses the files loses no job.

func (d *Deps) elsewhereDir() string { return filepath.Join(Jobs(d.Config.StateDir), "hosts") }

// rememberJob remembers a job on a host, before it is started: of one whose server dies in that moment nobody else would know.
func (d *Deps) rememberJob(r jobs.Ref) {
	if os.MkdirAll(d.elsewhereDir(), 0o700) == nil {
		_ = os.WriteFile(filepath.Join(d.elsewhereDir(), r.ID), []byte(r.String()), 0o600)
	}
}

// forgetJob forgets a job that was not started.
func (d *Deps) forgetJob(id string) {
	if id != "" {
		_ = os.Remove(filepath.Join(d.elsewhereDir(), id))
	}
}

// startLapse is how long a start may take at most.
const startLapse = time.Minute

// forgetAbsent forgets jobs that a host does not have: their start was refused, or never came to be.
func (d *Deps) forgetAbsent(host string, has []jobs.Info) {
	for _, id := range d.jobsElsewhere() {
		ref, err := jobs.ParseRef(id)
		if err != nil || ref.Host != host || slices.ContainsFunc(has, func(i jobs.Info) bool { return i.ID == ref.ID }) {
			continue
		}
		name := filepath.Join(d.elsewhereDir(), ref.ID)
		if info, err := os.Stat(name); err == nil && time.Since(info.ModTime()) > startLapse {
			_ = os.Remove(name)
		}
	}
}

// noteJob takes note of how a job on a host is: who first sees that one has ended which was started from here records that. (The end of a job of
// this machine is recorded by its keeper.)
func (d *Deps) noteJob(ctx context.Context, run *relay.Run, i jobs.Info) {
	if i.Host == "" || i.Held || i.State == job.Running {
		return
	}
	claimed, mine := d.claimEnd(i.ID)
	if !mine {
		return
	}
	end := job.End{State: i.State, Code: i.Code, Signal: i.Signal, At: i.Ended, Total: i.Total, Error: i.Error}
	_, err := d.Audit.Append(context.WithoutCancel(ctx), job.EndRecord(i.Meta, end, run.Call.Caller.Principal, run.Call.Caller.Client), false)
	if err != nil {
		_ = os.Chtimes(claimed, time.Unix(0, 0), time.Unix(0, 0)) // for who sees it next
		return
	}
	_ = os.Remove(claimed)
}

// claimLapse is how long the claim of a process that was killed, or has failed, keeps others from recording an end.
const claimLapse = time.Minute

// claimEnd makes the record of a job's end this process's: the first one's that renames the file, and later whoever finds a claim
// that was left without a record.
func (d *Deps) claimEnd(id string) (claimed string, mine bool) {
	name := filepath.Join(d.elsewhereDir(), id)
	claimed = filepath.Join(d.elsewhereDir(), "."+id)
	now := time.Now()
	if os.Chtimes(name, now, now) == nil && os.Rename(name, claimed) == nil {
		return claimed, true
	}
	info, err := os.Stat(claimed)
	if err != nil || now.Sub(info.ModTime()) < claimLapse || os.Chtimes(claimed, now, now) != nil {
		return "", false
	}
	if d.endRecorded(id) {
		_ = os.Remove(claimed)
		return "", false
	}
	return claimed, true
}

// endRecorded says whether the log has the end of a job.
func (d *Deps) endRecorded(id string) bool {
	records, err := d.Audit.Query(audit.Filter{Tool: job.EndTool, Lines: 10_000})
	if err != nil {
		return false
	}
	for _, r := range records {
		var about struct {
			ID string `json:"job_id"`
		}
		if json.Unmarshal(r.Args, &about) == nil && about.ID == id {
			return true
		}
	}
	return false
}

// jobsElsewhere are the jobs on hosts that were started from here and not seen to end.
func (d *Deps) jobsElsewhere() []string { return JobsElsewhere(d.Config.StateDir) }

// JobsElsewhere lists the jobs on hosts that were started from here and not seen to end, by their ids.
func JobsElsewhere(stateDir string) []string {
	dir := filepath.Join(Jobs(stateDir), "hosts")
	entries, _ := os.ReadDir(dir) // none is as good as no directory
	list := []string{}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
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
