package main

import (
	"context"
	"errors"
	"os/exec"
	"strings"
	"testing"
	"time"

	"relay-shell/internal/jobs"
	"relay-shell/internal/target"
)

// guarded is a host whose key holds a tier, without the way there.
type guarded struct {
	target.Target
	home, tier string
}

func (g guarded) Run(ctx context.Context, c target.Command) (target.Exit, error) {
	cmd := exec.CommandContext(ctx, "relay-shell", "guard", "--tier", g.tier)
	cmd.Env = []string{"HOME=" + g.home, "SHELL=/bin/bash", "SSH_CONNECTION=1 2 3 4", "SSH_ORIGINAL_COMMAND=" + c.Text}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = c.Stdin, c.Stdout, c.Stderr
	err := cmd.Run()
	var status *exec.ExitError
	if err != nil && !errors.As(err, &status) {
		return target.Exit{}, err
	}
	code := cmd.ProcessState.ExitCode()
	return target.Exit{Code: &code}, nil
}

// TestJobsUnderLockdown has jobs go through the guard: what it has read of the standard input to judge them reaches them all the same.
func TestJobsUnderLockdown(t *testing.T) {
	t.Parallel()
	host := &jobs.Host{Target: guarded{home: t.TempDir(), tier: "1"}, Name: "h", Limits: jobs.Limits{Running: 4, Output: 1 << 20, Retention: time.Hour, History: 9}}
	long := "#" + strings.Repeat("x", 9<<10) // more than the smallest pipe holds
	info, err := host.Start(t.Context(), jobs.Spec{Command: "cat; echo ${SSH_CONNECTION:-none} $SHELL" + "\n" + long, Input: "first\n"})
	if err != nil {
		t.Fatal(err)
	}
	w, err := jobs.Wait(t.Context(), host, info.ID, jobs.WaitOptions{Timeout: time.Minute, Max: 1 << 10})
	if err != nil || string(w.Chunk.Data) != "first\nnone /bin/bash\n" {
		t.Errorf("%q %+v %v", w.Chunk.Data, w.Info, err)
	}
	var refused *jobs.Error
	if _, err := host.Start(t.Context(), jobs.Spec{Command: "systemctl stop nginx"}); !errors.As(err, &refused) || refused.Code != "permission_denied" || !strings.Contains(refused.Message, "tier 2") {
		t.Errorf("%v", err)
	}
	if list, err := host.List(t.Context()); err != nil || len(list) != 1 {
		t.Errorf("%+v %v", list, err)
	}
}
