package jobs

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"relay-shell/internal/audit"
	"relay-shell/internal/keeper"
	"relay-shell/internal/keeper/job"
	"relay-shell/internal/localexec"
)

func quoted(s string) string { return strconv.QuoteToASCII(s) }

// Local is this machine.
type Local struct {
	Keepers *keeper.Keepers
	// Dir is the directory of all jobs, the same for all servers of a user.
	Dir    string
	Limits Limits
	// Environ is the environment of commands before their own changes.
	Environ []string
	// Trail takes the records of the ends of jobs that are started here, nil for none.
	Trail *audit.Trail
}

// Start is [Place.Start].
func (l *Local) Start(ctx context.Context, s Spec) (Info, error) {
	l.Clean(ctx)
	vars := make([]localexec.Var, len(s.Env))
	for i, v := range s.Env {
		vars[i] = localexec.Var{Name: v.Name, Value: v.Value}
	}
	if s.Dir == "" {
		s.Dir, _ = os.Getwd() // the keeper's own is another
	}
	id := keeper.NewID(job.Kind)
	if s.Announce != nil {
		s.Announce(id)
	}
	_, err := l.Keepers.StartAs(ctx, job.Kind, id, l.Limits.Running, job.Params{
		Dir: l.Dir, Limit: l.Limits.Output, Argv: localexec.Shell(cmp.Or(s.Text, s.Command)), Stdin: s.Input, Env: localexec.Environment(l.Environ, vars), Cwd: s.Dir, Mark: id, Trail: l.Trail,
		Meta: job.Meta{Name: s.Name, Command: s.Command, Cwd: s.Dir, Started: time.Now().UTC(), Call: s.Call, Secrets: s.Secrets},
	})
	info, ferr := l.find(ctx, id)
	if err != nil && ferr != nil { // otherwise it has ended before its keeper could be asked
		return Info{}, l.limited(err)
	}
	return info, ferr
}

// limited names the tools that help.
func (l *Local) limited(err error) error {
	var e *keeper.Error
	switch {
	case !errors.As(err, &e):
	case e.Code == "limit_reached":
		return limitReached(l.Limits.Running)
	case e.Code == job.DiskFull:
		return &Error{Code: "limit_reached", Message: e.Message, Hint: e.Hint}
	}
	return err
}

func limitReached(limit int) error {
	return &Error{Code: "limit_reached", Message: "all " + strconv.Itoa(limit) + " jobs are running (MAX_JOBS)", Hint: "job_list shows them, job_kill ends one, job_wait waits for one"}
}

// find says how a job is.
func (l *Local) find(ctx context.Context, id string) (Info, error) {
	meta, end, err := job.Find(l.Dir, id)
	if err != nil {
		return Info{}, err
	}
	if end == nil {
		_, err := l.Keepers.Find(ctx, job.Kind, id)
		if ctx.Err() != nil {
			return Info{}, context.Cause(ctx)
		}
		if _, end, _ = job.Find(l.Dir, id); end == nil && err != nil {
			end = &job.End{State: job.Lost, Error: "its keeper is gone; job_kill ends what is left of it"}
		}
	}
	info := Info{Meta: meta, Held: true, State: job.Running}
	if end != nil {
		info.State, info.Code, info.Signal, info.Ended, info.Survivors, info.Error = end.State, end.Code, end.Signal, end.At, end.Survivors, end.Error
	}
	c, err := job.Read(filepath.Join(l.Dir, id), 0, 0)
	info.First, info.Total = c.First, c.Total
	return info, err
}

const (
	// A job is looked at after the first pause, then ever more seldom.
	firstPause, lastPause = 10 * time.Millisecond, 200 * time.Millisecond
)

// Read is [Place.Read].
func (l *Local) Read(ctx context.Context, id string, cursor int64, limit int, wait time.Duration) (Info, job.Chunk, error) {
	pause := firstPause
	for deadline := time.Now().Add(wait); ; {
		info, err := l.find(ctx, id)
		if err != nil {
			return info, job.Chunk{}, err
		}
		left := time.Until(deadline)
		if cursor < 0 || info.Total > cursor || info.State != job.Running || left <= 0 {
			c, err := job.Read(filepath.Join(l.Dir, id), cursor, limit)
			return info, c, err
		}
		select {
		case <-ctx.Done():
			return info, job.Chunk{}, context.Cause(ctx)
		case <-time.After(min(pause, left)):
			pause = min(2*pause, lastPause)
		}
	}
}

// Kill is [Place.Kill].
func (l *Local) Kill(ctx context.Context, id, signal string) (Info, int, error) {
	info, err := l.find(ctx, id)
	if err == nil && info.State == job.Lost && info.Mark != "" && (signal == "TERM" || signal == "KILL") {
		return l.killLost(ctx, info)
	}
	if err != nil || info.State != job.Running {
		return info, 0, err
	}
	var answer job.Killing
	if err := l.Keepers.Call(ctx, id, job.OpKill, job.Kill{Signal: signal}, &answer); err != nil {
		var gone *keeper.Error
		if after, ferr := l.find(ctx, id); ferr == nil && after.State != job.Running && errors.As(err, &gone) && gone.Code != "invalid_argument" {
			return after, 0, nil // it ended meanwhile
		}
		return info, 0, err
	}
	info, err = l.find(ctx, id)
	return info, answer.Sent, err
}

// killLost ends what a job has left whose keeper is gone.
func (l *Local) killLost(ctx context.Context, info Info) (Info, int, error) {
	end := job.End{State: job.Killed, Survivors: localexec.End(info.Mark, 0), At: time.Now().UTC(), Total: info.Total, Error: info.Error}
	if err := job.NoteEnd(l.Dir, info.ID, end); err != nil {
		return info, 0, err
	}
	info, err := l.find(ctx, info.ID)
	return info, 0, err
}

// List is [Place.List].
func (l *Local) List(ctx context.Context) ([]Info, error) {
	entries, err := os.ReadDir(l.Dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var list []Info
	for _, e := range entries {
		if info, err := l.find(ctx, e.Name()); err == nil {
			list = append(list, info)
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
	}
	slices.SortStableFunc(list, func(a, b Info) int { return cmp.Or(a.Started.Compare(b.Started), cmp.Compare(a.ID, b.ID)) })
	return list, nil
}

// abandoned is the age at which what a start has left behind that got nowhere is removed.
const abandoned = 10 * time.Minute

// Clean removes old jobs. What cannot be removed now is tried again at the next start.
func (l *Local) Clean(ctx context.Context) {
	entries, err := os.ReadDir(l.Dir)
	if err != nil {
		return
	}
	type ended struct {
		path string
		at   time.Time
	}
	var all []ended
	for _, e := range entries {
		path := filepath.Join(l.Dir, e.Name())
		stat, err := e.Info()
		if err != nil || !keeper.ValidID(job.Kind, e.Name()) {
			continue
		}
		at := stat.ModTime()
		_, end, err := job.Find(l.Dir, e.Name())
		switch {
		case end != nil:
			at = end.At
		case err == nil || time.Since(at) < abandoned:
			if _, err := l.Keepers.Find(ctx, job.Kind, e.Name()); err == nil || time.Since(at) < abandoned {
				continue
			}
		}
		all = append(all, ended{path, at})
	}
	slices.SortFunc(all, func(a, b ended) int { return b.at.Compare(a.at) }) // newest first
	for i, e := range all {
		if i >= l.Limits.History || l.Limits.Retention > 0 && time.Since(e.at) > l.Limits.Retention {
			_ = os.RemoveAll(e.path)
		}
	}
}
