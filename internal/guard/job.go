package guard

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"relay-shell/internal/jobs"
	"relay-shell/internal/policy"
	"relay-shell/internal/target"
)

// maxJob bounds the command of a job in bytes: what a pipe holds that nobody reads yet (pipe(7)).
const maxJob = 60 << 10

// unsettable are variables that say where the scripts of jobs work and what runs the job.
var unsettable = []string{"HOME", "XDG_STATE_HOME", "SHELL", "PATH", "TMPDIR"}

// job runs a call of relay-shell about its jobs on this host. What starts one is rated as the command that the job will run, which comes on the
// standard input.
func (g *guard) job(call jobs.Received, text string, subject policy.Subject, environ []string) error {
	for _, v := range subject.Env {
		if slices.Contains(unsettable, v.Name) {
			return &refusal{policy.Stateful, text, "a job with another " + v.Name + " works elsewhere than it was assessed"}
		}
	}
	around := subject
	around.Text = call.Around
	if call.Starts || call.Changes {
		if g.tier < policy.Reversible {
			return &refusal{policy.Reversible, "start or end a job", "starting and ending jobs is of tier 1"}
		}
		around.Floor = policy.Reversible
	}
	a := policy.Assess(around)
	shown := "list or read jobs"
	var input []byte
	if call.Starts {
		b, err := io.ReadAll(io.LimitReader(g.Stdin, maxJob+1))
		if err != nil {
			return err
		}
		command := string(b)
		if call.Input { // a password as a rule, which is neither assessed nor logged; but it may be anything
			_, command, _ = strings.Cut(command, "\n")
		}
		if len(b) > maxJob {
			return &refusal{policy.Irreversible, text, fmt.Sprintf("the command of a job is longer than %d bytes", maxJob)}
		}
		input = b
		subject.Text, subject.AnyStdin, subject.Floor = target.WithoutSudoPrelude(strings.TrimSuffix(command, "\n")), call.Input, around.Floor
		shown = "job: " + subject.Text
		if err := g.admit(subject.Text, policy.Assess(subject)); err != nil {
			return err
		}
	}
	if err := g.admit(shown, a); err != nil {
		return err
	}
	if call.Starts {
		if err := g.Feed(input); err != nil {
			return err
		}
	}
	g.log("allow", a.Tier, shown)
	// The job's shell is the one for which it was assessed, and no bash that takes itself for a login from afar reads a start-up file.
	environ = without(without(without(environ, "SHELL"), "SSH_CLIENT"), "SSH_CONNECTION")
	return g.run("/bin/sh", text, append(environ, "SHELL="+g.shell()))
}
