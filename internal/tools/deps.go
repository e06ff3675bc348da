package tools

import (
	"relay-shell/internal/audit"
	"relay-shell/internal/config"
	"relay-shell/internal/inventory"
	"relay-shell/internal/output"
	"relay-shell/internal/policy"
	"relay-shell/internal/sshbin"
)

// Deps is what the tools work with.
type Deps struct {
	Config    *config.Config
	Version   string
	Inventory *inventory.Inventory
	SSH       *sshbin.Engine
	Spool     *output.Spool
	Policy    *policy.Engine
	Audit     *audit.Log
	// Environ is the environment of the programs that tools start.
	Environ []string
}
