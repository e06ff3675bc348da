package relay

import (
	"context"
	"encoding/json"
	"io"
	"time"

	"relay-shell/internal/policy"
	"relay-shell/internal/sshbin/dest"
	"relay-shell/internal/target"
)

// Caller says on whose behalf a call is made.
type Caller struct {
	// Principal is the authenticated user; on stdio and on the command line the operating system's user.
	Principal string
	// Client is the MCP client as "name/version".
	Client string
	// Session is the MCP session; on stdio a ULID of the server instance.
	Session string
}

// Call is one request on its way down the road.
type Call struct {
	Operation Operation
	// Args are the arguments as they came, not yet validated.
	Args   json.RawMessage
	Caller Caller
	// Progress, if set, is told the newest line of output while the call runs. It must not block for long.
	Progress func(line string)
	// Stdout and Stderr, if set, receive a live copy of a command's output (the command line's terminal).
	Stdout, Stderr io.Writer
	// Stdin, if set, is the command's standard input (the command line's pipe) where the arguments name none.
	Stdin io.Reader
	// Dialog, if set, asks a person about this call while it waits. Without it, and where TakesQuestions says so, the question is a result
	// and its answer comes back as the Reply of the repeated call.
	Dialog         Dialog
	TakesQuestions bool
	Reply          *Reply
}

// Operation is a tool, a resource read or a command of the command line: it says how to check, assess and run
// itself, and never sees the policy or the audit.
type Operation interface {
	// Name is the tool's name; resources are "resource:…".
	Name() string
	// Plan validates the arguments. It starts nothing and looks nothing up outside this process.
	Plan(args json.RawMessage) (*Plan, error)
}

// Plan is a validated call.
type Plan struct {
	// Args is the decoded parameter struct, for the audit record.
	Args any
	// Record, if set, is recorded instead of what params.Record makes of Args.
	Record map[string]any
	// Hosts are the destinations as given, unresolved; empty for this machine.
	Hosts []dest.Destination
	// Partial lets the call go on when some of its hosts do not resolve: Run then finds the reasons in [Run.Unresolved].
	Partial bool
	// Subject is what would run, for the assessment. The road adds the names of the resolved hosts.
	Subject policy.Subject
	// ReadOnly refuses everything that is not tier 0 or reads secrets, in every mode.
	ReadOnly bool
	// EvenIfStopped lets the operator's own calls pass the emergency stop.
	EvenIfStopped bool
	// Timeout bounds the run, 0 = unbounded. It counts from [Run.Started], or from the start of the run for operations that never
	// call it.
	Timeout time.Duration
	// Secrets are the names of the secrets that the call uses, for its record.
	Secrets []string
	// Notes go into the result.
	Notes []string
	// Run does the work. Its context ends with the call's timeout, cancellation or the server; it must return soon after.
	Run func(ctx context.Context, run *Run) (*Result, error)
}

// Run is what an operation may use while it runs.
type Run struct {
	// ID is the call's ULID.
	ID string
	// Tier is what the call was assessed as.
	Tier policy.Tier
	// Targets are the resolved hosts in the order of [Plan.Hosts]; one local target when there were none.
	Targets []target.Target
	// Unresolved is why a host has no target, at its index; with [Plan.Partial] alone. Targets holds nil there.
	Unresolved []error
	// Call is the request itself.
	Call *Call
	// Started starts the clock of [Plan.Timeout].
	Started func()
	// Admit asks the policy about something that only became known while the call ran, such as where a link leads. What it rates is
	// in the call's records; an error, always a [*Refusal], is to be returned as it is.
	Admit func(policy.Subject) error
	// Forbids asks the policy about one of many files that the call came upon in a tree, as if it had been named by itself: deny patterns and
	// rules count. nil where the policy refuses nothing by name.
	Forbids func(policy.Subject) error
	// StoreHostKeys says whether a first host key may be stored (never in readonly mode or for read-only tools).
	StoreHostKeys bool
}

// Target is the call's only target.
func (r *Run) Target() target.Target { return r.Targets[0] }
