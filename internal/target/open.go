package target

import (
	"context"

	"relay-shell/internal/sshbin"
)

// Opener is a target that gives the descriptors of a command, or of a subsystem, to its caller.
type Opener interface {
	// Open starts a command and gives its pipes; of the command's Stdin, Stdout and Stderr an *os.File is handed over as it is. The
	// session belongs to the caller and does not end with ctx.
	Open(ctx context.Context, c Command) (*sshbin.Session, error)
	// Identity is equal for two targets exactly if they may share a connection.
	Identity() string
}

func (t *ssh) Open(ctx context.Context, c Command) (*sshbin.Session, error) {
	return t.engine.Open(ctx, t.resolved, t.command(c))
}

func (t *ssh) Identity() string { return t.resolved.Identity }
