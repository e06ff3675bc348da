package cli

import (
	"errors"
	"fmt"
	"os/signal"
	"syscall"
	"time"

	"relay-shell/internal/audit"
	"relay-shell/internal/mcpserver"
	"relay-shell/internal/sshbin/dest"
)

type auditWitnessCmd struct {
	logFlags
	To     []string      `required:"" help:"file:PATH, syslog, syslog://HOST:PORT, git:DIR or ssh:HOST:PATH; may be repeated." placeholder:"WHERE"`
	Every  time.Duration `help:"Go on, and send a head as often as this while there are new records." placeholder:"1m"`
	Check  bool          `help:"Send nothing: read back what was sent and check that the log still contains it; 0 if so, 2 if not."`
	Pubkey string        `help:"With --check: verifier key as you keep it elsewhere." placeholder:"KEY"`
	JSON   bool          `help:"With --check: the report as JSON." name:"json"`
}

// leastEvery bounds how often a witness that is a command is run.
const leastEvery = time.Second

func (c *auditWitnessCmd) Run(s *session) error {
	ctx, stop := signal.NotifyContext(s.ctx, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	if c.Every != 0 && c.Every < leastEvery {
		return usage(fmt.Errorf("--every %s: at least %s", c.Every, leastEvery))
	}
	if c.Check && c.Every != 0 {
		return usage(errors.New("--check and --every exclude each other"))
	}
	var to []audit.Receiver
	defer func() {
		for _, r := range to {
			_ = r.Close() // it has what it was sent
		}
	}()
	for _, spec := range c.To {
		r, err := audit.OpenReceiver(spec, audit.ReceiverOptions{Environ: dest.Environ(s.world.Environ), SSHConfig: s.cfg.SSHConfig})
		if err != nil {
			return usage(err)
		}
		to = append(to, r)
	}
	if c.Check {
		return c.check(s, to)
	}
	return audit.Witness(ctx, audit.WitnessOptions{Path: c.path(s), To: to, Every: c.Every, Failed: func(err error) {
		fmt.Fprintln(s.world.Stderr, "relay-shell: "+mcpserver.Visible(err.Error()))
	}})
}

// check verifies the log against the heads that the receivers have.
func (c *auditWitnessCmd) check(s *session, to []audit.Receiver) error {
	o := audit.VerifyOptions{Path: c.path(s), PublicKey: c.Pubkey}
	for i, r := range to {
		kept, err := r.Kept(s.ctx)
		if errors.Is(err, errors.ErrUnsupported) {
			return usage(fmt.Errorf("%s: %w; relay-shell audit verify --floors FILE takes its lines", c.To[i], err))
		}
		if err != nil {
			return usage(fmt.Errorf("%s: %w", c.To[i], err))
		}
		floors, err := floorsOf(c.To[i], kept, o)
		if err != nil {
			return usage(err)
		}
		o.Floors = append(o.Floors, floors...)
	}
	return s.verify(o, c.JSON)
}
