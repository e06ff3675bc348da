package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"golang.org/x/term"

	"relay-shell/internal/policy"
	"relay-shell/internal/relay"
	"relay-shell/internal/sshbin"
	"relay-shell/internal/sshbin/dest"
	"relay-shell/internal/target"
)

type loginCmd struct {
	Host string `arg:"" help:"Alias, host, user@host or ssh://user@host:port."`
}

// loginOperation has a person log in on their terminal; calls ride the master that comes of it until it ends.
type loginOperation struct {
	host     string
	engine   *sshbin.Engine
	terminal sshbin.Terminal
}

func (loginOperation) Name() string { return "operator:login" }

func (l loginOperation) Plan(json.RawMessage) (*relay.Plan, error) {
	host, err := dest.Parse(l.host, dest.Options{})
	if err != nil {
		return nil, err
	}
	tier := policy.Tier(1)
	return &relay.Plan{
		Hosts: []dest.Destination{host}, Record: map[string]any{"host": l.host}, Subject: policy.Subject{Fixed: &tier},
		Run: func(ctx context.Context, run *relay.Run) (*relay.Result, error) {
			resolved, ok := target.Resolved(run.Target())
			if !ok {
				return nil, errors.New("no SSH host")
			}
			info, err := l.engine.Login(ctx, resolved, l.terminal)
			if err != nil {
				return nil, err
			}
			text := fmt.Sprintf("logged in to %s; calls ride this connection until it ends (pid %d)\n", run.Target().Host().Address(), info.MasterPID)
			if !info.Fresh {
				text = fmt.Sprintf("already connected to %s (pid %d)\n", run.Target().Host().Address(), info.MasterPID)
			}
			return &relay.Result{Text: text}, nil
		},
	}, nil
}

func (c *loginCmd) Run(s *session) error {
	out, outOK := s.world.Stdout.(*os.File)
	errw, errOK := s.world.Stderr.(*os.File)
	if !outOK || !errOK || s.world.Stdin == nil || !term.IsTerminal(int(s.world.Stdin.Fd())) {
		return usage(errors.New("login needs a terminal: a person answers what ssh asks"))
	}
	a, err := s.open()
	if err != nil {
		return usage(err)
	}
	defer a.close()
	res := a.relay.Do(s.ctx, &relay.Call{
		Operation: loginOperation{c.Host, a.ssh, sshbin.Terminal{In: s.world.Stdin, Out: out, Err: errw}}, Caller: a.caller,
	})
	if res.Err != nil {
		return failure(res)
	}
	fmt.Fprint(s.world.Stdout, res.Text)
	return nil
}
