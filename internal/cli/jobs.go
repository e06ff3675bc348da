package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"relay-shell/internal/jobs"
	"relay-shell/internal/keeper/job"
	"relay-shell/internal/mcpserver"
	"relay-shell/internal/relay"
	"relay-shell/internal/sshbin/dest"
	"relay-shell/internal/tools"
)

type jobsCmd struct {
	List jobsListCmd `cmd:"" default:"withargs" help:"List background jobs here, or on a host (the default)."`
	Show jobsShowCmd `cmd:"" help:"Show a job's state and newest output."`
	Tail jobsTailCmd `cmd:"" help:"Follow a job's output until it ends."`
	Kill jobsKillCmd `cmd:"" help:"End a job and everything it started."`
}

type jobsListCmd struct {
	listing
	Host string `help:"The jobs that live on this host." placeholder:"HOST"`
}

func (c *jobsListCmd) Run(s *session) error {
	return c.list(s, "job_list", map[string]any{"host": c.Host})
}

type jobsShowCmd struct {
	ID string `arg:"" help:"The job's id."`
}

func (c *jobsShowCmd) Run(s *session) error {
	return s.show("job_output", map[string]any{"job_id": c.ID})
}

type jobsKillCmd struct {
	ID     string `arg:"" help:"The job's id."`
	Signal string `help:"Signal to send instead of ending it." default:"TERM"`
}

func (c *jobsKillCmd) Run(s *session) error {
	return s.show("job_kill", map[string]any{"job_id": c.ID, "signal_name": c.Signal})
}

type jobsTailCmd struct {
	ID string `arg:"" help:"The job's id."`
}

// jobPiece is what following a job needs of an answer.
type jobPiece struct {
	Data    string `json:"data"`
	Cursor  int64  `json:"cursor"`
	Dropped int64  `json:"dropped"`
	Total   int64  `json:"total_bytes"`
	State   string `json:"state"`
}

// Run ends with the job, or at an interrupt; the job goes on then.
func (c *jobsTailCmd) Run(s *session) error {
	ctx, stop := signal.NotifyContext(s.ctx, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	defer stop()
	a, err := s.open()
	if err != nil {
		return usage(err)
	}
	defer a.close()
	var p jobPiece
	for {
		if err := a.piece(ctx, "job_output", map[string]any{"job_id": c.ID, "cursor": p.Cursor}, &p); err != nil {
			return err
		}
		if p.Dropped > 0 {
			fmt.Fprintf(s.world.Stderr, "[%d bytes not kept]\n", p.Dropped)
		}
		if _, err := io.WriteString(s.world.Stdout, mcpserver.Visible(p.Data)); err != nil {
			return err
		}
		switch {
		case p.Cursor < p.Total:
			continue
		case p.State != job.Running:
			fmt.Fprintf(s.world.Stderr, "[%s]\n", p.State)
			return nil
		}
		var news jobPiece
		if err := a.piece(ctx, "job_wait", map[string]any{"job_id": c.ID, "cursor": p.Cursor, "until": "(?s).", "timeout": 600}, &news); err != nil {
			return err
		}
	}
}

// piece makes a call about a job.
func (a *app) piece(ctx context.Context, tool string, args map[string]any, p *jobPiece) error {
	call, err := a.call(tool, args)
	if err != nil {
		return err
	}
	res := a.relay.Do(ctx, call)
	if res.Err != nil {
		return failure(res)
	}
	b, err := json.Marshal(res.Fields)
	if err != nil {
		return err
	}
	return json.Unmarshal(b, p)
}

// stopTimeout bounds the ending of the jobs on hosts in an emergency stop.
const stopTimeout = 20 * time.Second

// jobsElsewhere are the jobs on hosts that were started from here and may run, with their hosts.
func (s *session) jobsElsewhere() (refs []jobs.Ref, hosts []dest.Destination) {
	for _, id := range tools.JobsElsewhere(s.cfg.StateDir) {
		ref, err := jobs.ParseRef(id)
		if err != nil {
			continue
		}
		if h, err := dest.Parse(ref.Host, dest.Options{}); err == nil {
			refs, hosts = append(refs, ref), append(hosts, h)
		}
	}
	return refs, hosts
}

// endElsewhere ends jobs on hosts, all at once, and gives one line for each.
func endElsewhere(ctx context.Context, run *relay.Run, refs []jobs.Ref) []string {
	ctx, cancel := context.WithTimeout(ctx, stopTimeout)
	defer cancel()
	lines := make([]string, len(refs))
	var work sync.WaitGroup
	for i, ref := range refs {
		work.Go(func() {
			err := error(nil)
			if len(run.Unresolved) > 0 {
				err = run.Unresolved[i]
			}
			var info jobs.Info
			if err == nil {
				place := &jobs.Host{Target: run.Targets[i], Name: ref.Host}
				info, _, err = place.Kill(ctx, ref.ID, "TERM")
			}
			var coded interface{ ErrorCode() string }
			switch {
			case errors.As(err, &coded) && coded.ErrorCode() == "not_found":
				lines[i] = ref.String() + " is not there"
			case err != nil:
				lines[i] = ref.String() + " may still run: " + err.Error()
			case len(info.Survivors) > 0:
				lines[i] = fmt.Sprintf("%s left %v", ref, info.Survivors)
			default:
				lines[i] = ref.String() + " " + info.State
			}
		})
	}
	work.Wait()
	return lines
}
