package cli

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"time"

	"relay-shell/internal/relay"
)

type hostsCmd struct {
	listing
	Pattern string `arg:"" optional:"" help:"Glob, part of an alias, or @group."`
}

func (c *hostsCmd) Run(s *session) error {
	return c.list(s, "ssh_hosts", map[string]any{"pattern": c.Pattern})
}

type connectionsCmd struct{ listing }

func (c *connectionsCmd) Run(s *session) error {
	return c.list(s, "ssh_connections", map[string]any{})
}

type stopCmd struct {
	Resume bool   `help:"Lift the stop."`
	Reason string `help:"Why, for the record." placeholder:"TEXT"`
}

func (c *stopCmd) Run(s *session) error {
	mark := relay.StopMark(s.cfg.StateDir)
	if c.Resume {
		return s.resume(mark)
	}
	if err := os.MkdirAll(s.cfg.StateDir, 0o700); err != nil {
		return err
	}
	name := fmt.Sprint(os.Getuid())
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	text := fmt.Sprintf("%s by %s %s\n", time.Now().UTC().Format(time.RFC3339), name, c.Reason)
	if err := os.WriteFile(mark, []byte(text), 0o600); err != nil {
		return err
	}
	fmt.Fprintln(s.world.Stdout, "stopped: running work ends, new calls are refused until relay-shell stop --resume")
	ended, err := s.endKeepers()
	return errors.Join(err, s.recordStop("stop", c.Reason, ended))
}

func (s *session) resume(mark string) error {
	if err := os.Remove(mark); os.IsNotExist(err) {
		fmt.Fprintln(s.world.Stdout, "relay-shell was not stopped")
		return nil
	} else if err != nil {
		return err
	}
	fmt.Fprintln(s.world.Stdout, "resumed")
	return s.recordStop("resume", "", nil)
}
