package cli

import (
	"maps"
	"path/filepath"
	"slices"

	"relay-shell/internal/keeper"
	"relay-shell/internal/keeper/forward"
	"relay-shell/internal/keeper/job"
	terminal "relay-shell/internal/keeper/session"
	"relay-shell/internal/sshbin/dest"
)

// kinds are what a keeper of this program can hold.
var kinds = map[string]keeper.Kind{forward.Kind: forward.Open, terminal.Kind: terminal.Open, job.Kind: job.Open}

// keepers finds the keepers of every server that shares the runtime directory.
func (s *session) keepers() *keeper.Keepers {
	return keeper.Open(keeper.Options{
		Dir: filepath.Join(s.cfg.RuntimeDir, "keepers"), Environ: dest.Environ(s.world.Environ), Build: s.world.Version, Kinds: slices.Sorted(maps.Keys(kinds)),
	})
}

type forwardsCmd struct {
	List  forwardsListCmd  `cmd:"" default:"withargs" help:"List the open port forwards (the default)."`
	Close forwardsCloseCmd `cmd:"" help:"Close a port forward."`
}

type forwardsListCmd struct{ listing }

func (c *forwardsListCmd) Run(s *session) error {
	return c.list(s, "ssh_forward_list", map[string]any{})
}

type forwardsCloseCmd struct {
	ID string `arg:"" help:"The forward's id."`
}

func (c *forwardsCloseCmd) Run(s *session) error {
	return s.show("ssh_forward_close", map[string]any{"forward_id": c.ID})
}
