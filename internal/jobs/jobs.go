// Package jobs is durable background work on any place where commands run. Jobs of this machine are held by keepers (package
// keeper/job); a job on a host lives on the host itself, in a session of its own with its output and its end kept there, so that it
// survives the connection, this server and this machine, and any relay-shell with the same host finds it again.
//
// A [Place] is where jobs are: [Local] here, [Host] there. [Wait] waits for what happens to one, on either.
//
// What it cannot do: keep a job from a host that ends what a login has left behind (logind.conf(5), KillUserProcesses), or from a
// reboot; such a job is lost, and said to be.
package jobs

import (
	"context"
	"strings"
	"time"

	"relay-shell/internal/keeper"
	"relay-shell/internal/keeper/job"
)

// Ref names a job: its id, and where it is.
type Ref struct {
	ID string
	// Host is the destination as given, "" for this machine.
	Host string
}

// String is how callers know the job: "j-abcdefgh", or "j-abcdefgh@web1" on a host.
func (r Ref) String() string {
	if r.Host == "" {
		return r.ID
	}
	return r.ID + "@" + r.Host
}

// ParseRef reads what String made. The id is checked, the host is not.
func ParseRef(s string) (Ref, error) {
	id, host, at := strings.Cut(s, "@")
	if !keeper.ValidID(job.Kind, id) || at && host == "" {
		return Ref{}, notFound(s)
	}
	return Ref{ID: id, Host: host}, nil
}

// Limits bound the jobs of a place.
type Limits struct {
	// Running is how many run at once.
	Running int
	// Output is how many bytes of a job's output are kept.
	Output int64
	// Retention is how long an ended job is kept, 0 for ever; History how many are kept at most.
	Retention time.Duration
	History   int
}

// Spec is a job to start.
type Spec struct {
	Name, Command, Dir string
	// Text, if set, is run in place of Command, with Input as the first line of its standard input: that is in no file, argument or environment.
	Text, Input string
	Env         []EnvVar
	// Secrets are the names of the secrets that Env holds.
	Secrets []string
	// Call is the call that starts it, as in the audit.
	Call string
	// Announce, if set, is told the id before the place is asked to start it.
	Announce func(id string)
}

// EnvVar is one change to the environment; nil removes.
type EnvVar struct {
	Name  string
	Value *string
}

// Info is what is known of a job.
type Info struct {
	job.Meta
	// Held: it is held by a keeper on this machine, though its command may run on a host.
	Held bool
	// State is one of the states of package job.
	State string
	// Code and Signal are how it ended, nil and "" where that is not known, or not yet.
	Code   *int
	Signal string
	// Ended is when, zero while it runs.
	Ended time.Time
	// Survivors are what could not be ended.
	Survivors []string
	// Error is why nothing better is known.
	Error string
	// First is the offset of the oldest kept byte of output, Total that behind the newest.
	First, Total int64
}

// Place is where jobs are.
type Place interface {
	// Start starts a job.
	Start(ctx context.Context, s Spec) (Info, error)
	// Read reads at most limit bytes of output from cursor on, or the newest for [job.Newest]. Where there is none yet it waits for
	// some, or for the end of the job, at most so long.
	Read(ctx context.Context, id string, cursor int64, limit int, wait time.Duration) (Info, job.Chunk, error)
	// Kill ends the job's whole process tree and says what is left of it, or sends a signal that ends nothing to its processes
	// and says to how many.
	Kill(ctx context.Context, id, signal string) (info Info, sent int, err error)
	// List lists the jobs, oldest first.
	List(ctx context.Context) ([]Info, error)
}

// Error is an error that a caller can act on.
type Error = keeper.Error

func notFound(id string) error {
	if len(id) > 80 {
		id = id[:80] + "…"
	}
	return &Error{Code: "not_found", Message: "there is no job " + quoted(id), Hint: "job_list shows the jobs, with host those on a host"}
}
