package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"relay-shell/internal/jobs"
	"relay-shell/internal/keeper"
	"relay-shell/internal/mcpserver"
	"relay-shell/internal/relay"
	"relay-shell/internal/sshbin/dest"
)

// stopRecord puts an emergency stop into the audit by the one road. On the same road the jobs on hosts are ended: the hosts are
// resolved as for any call.
type stopRecord struct {
	action, reason string
	ended          []string // ids of what keepers held
	refs           []jobs.Ref
	hosts          []dest.Destination
}

func (r stopRecord) Name() string { return "operator:" + r.action }

func (r stopRecord) Plan(json.RawMessage) (*relay.Plan, error) {
	record := map[string]any{"reason": r.reason}
	if len(r.ended) > 0 {
		record["ended"] = r.ended
	}
	return &relay.Plan{
		EvenIfStopped: true, Record: record, Hosts: r.hosts, Partial: true,
		Run: func(ctx context.Context, run *relay.Run) (*relay.Result, error) {
			if len(r.refs) == 0 {
				return &relay.Result{}, nil
			}
			lines := endElsewhere(ctx, run, r.refs)
			return &relay.Result{Text: strings.Join(lines, "\n") + "\n", Record: map[string]any{"jobs": lines}}, nil
		},
	}, nil
}

func (s *session) recordStop(action, reason string, ended []string) error {
	a, err := s.open()
	if err != nil {
		return err
	}
	defer a.close()
	r := stopRecord{action: action, reason: reason, ended: ended}
	if action == "stop" {
		r.refs, r.hosts = s.jobsElsewhere()
	}
	res := a.relay.Do(s.ctx, &relay.Call{Operation: r, Caller: a.caller})
	if res.Err != nil {
		return failure(res)
	}
	fmt.Fprint(s.world.Stdout, mcpserver.Visible(res.Text))
	return nil
}

const (
	// endTimeout bounds the ending of everything that keepers hold.
	endTimeout = 30 * time.Second
	// endAgain is how long after the mark was set a call may still be starting something: servers look every half second.
	endAgain = time.Second
)

// endKeepers ends every session, job and forward of this user, whichever server began it. It looks again until nothing is left: a call
// that was under way may have started one more.
func (s *session) endKeepers() (ended []string, err error) {
	ctx, cancel := context.WithTimeout(s.ctx, endTimeout)
	defer cancel()
	keepers := s.keepers()
	for again := false; ; again = true {
		living, err := keepers.List(ctx, "")
		if err != nil {
			return ended, err
		}
		if len(living) == 0 && again {
			return ended, nil
		}
		var work errgroup.Group
		work.SetLimit(16) // one that does not answer takes its time
		failed := make([]error, len(living))
		for i, k := range living {
			work.Go(func() error { failed[i] = keepers.Close(ctx, k.ID); return nil })
		}
		_ = work.Wait() // nobody returns an error
		for i, k := range living {
			var gone *keeper.Error
			if failed[i] != nil && !(errors.As(failed[i], &gone) && gone.Code == "not_found") {
				fmt.Fprintf(s.world.Stderr, "%s: %v\n", k.ID, failed[i])
				continue
			}
			ended = append(ended, k.ID)
			fmt.Fprintln(s.world.Stdout, "ended "+k.ID)
		}
		select {
		case <-ctx.Done():
			return ended, errors.New("not everything could be ended; relay-shell sessions, jobs and forwards show what is left")
		case <-time.After(endAgain):
		}
	}
}
