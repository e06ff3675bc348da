package target

import (
	"context"

	"relay-shell/internal/localexec"
)

// RunLocal starts a local command: [localexec.Run], or that of a supervisor, under which commands end with the server however it
// ends.
type RunLocal func(context.Context, localexec.Command) (localexec.Exit, error)

// local is this machine.
type local struct {
	environ []string
	run     RunLocal
	// bare: run starts children of this process, which cannot be let go.
	bare bool
	sudo sudoer
}

func (t *local) Host() *Host     { return nil }
func (t *local) Names() []string { return nil }

// Run runs the command in a session of its own.
func (t *local) Run(ctx context.Context, c Command) (Exit, error) {
	return t.sudo.answered(ctx, c, t.runHere)
}

// Sudo is [Sudoer.Sudo].
func (t *local) Sudo(ctx context.Context, c Command) (text, input, secret string, err error) {
	return t.sudo.prepared(ctx, c, t.runHere)
}

func (t *local) runHere(ctx context.Context, c Command) (Exit, error) {
	argv := c.Argv
	switch {
	case c.Script != nil:
		argv = localexec.Shell(c.Script.Text())
	case c.Text != "":
		argv = localexec.Shell(c.Text)
	}
	overlay := make([]localexec.Var, len(c.Env))
	for i, v := range c.Env {
		overlay[i] = localexec.Var{Name: v.Name, Value: v.Value}
	}
	env := localexec.Environment(t.environ, overlay)
	if c.Script != nil {
		if err := localexec.FindProgram(c.Script.Interpreter, c.Dir, env); err != nil {
			return Exit{}, err
		}
	}
	if t.bare {
		c.Detach = nil
	}
	exit, err := t.run(ctx, localexec.Command{
		Argv: argv, Dir: c.Dir, Env: env, Stdin: c.Stdin, Stdout: c.Stdout, Stderr: c.Stderr,
		TTY: c.TTY, ID: c.ID, Started: c.Started, Detach: c.Detach,
	})
	return Exit{Code: exit.Code, Signal: exit.Signal, Survivors: exit.Survivors, Handover: localHandover(exit.Handover)}, err
}

// Disconnect has nothing to end here.
func (t *local) Disconnect(context.Context) (closed, released int, err error) { return 0, 0, nil }
