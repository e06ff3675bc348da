package tools

import (
	"sync"

	"relay-shell/internal/audit"
	"relay-shell/internal/config"
	"relay-shell/internal/files"
	"relay-shell/internal/files/change"
	"relay-shell/internal/inventory"
	"relay-shell/internal/keeper"
	"relay-shell/internal/output"
	"relay-shell/internal/policy"
	"relay-shell/internal/policy/approval"
	"relay-shell/internal/redact"
	"relay-shell/internal/secrets"
	"relay-shell/internal/sshbin"
)

// Deps is what the tools work with.
type Deps struct {
	Config    *config.Config
	Version   string
	Inventory *inventory.Inventory
	SSH       *sshbin.Engine
	// Files are the file systems of targets, within [FileOptions].
	Files     *files.Systems
	Spool     *output.Spool
	Policy    *policy.Engine
	Audit     *audit.Log
	Approvals *approval.Store
	// ApprovalState says who can approve, for CONFIRM=human.
	ApprovalState string
	// Mask hides secrets in what commands print, before anything of it is cut or kept. What a model sees passes it once more as a whole.
	Mask *redact.Redactor
	// Secrets resolves {{secret:NAME}}.
	Secrets *secrets.Store
	// Keepers hold what outlives the server, with SSHOptions for those that need an engine of their own.
	Keepers    *keeper.Keepers
	SSHOptions sshbin.Options
	// Trail is where the hashes of sessions' recordings go, and the ends of jobs.
	Trail audit.Trail
	// Environ is the environment of the programs that tools start.
	Environ []string

	locksOnce sync.Once
	locks     *change.Locks
	owners    ownerCache

	jobSecrets sync.Map // names of the secrets of jobs whose values Mask knows

	jobs bool // the toolset job is on
}
