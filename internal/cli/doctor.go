package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"relay-shell/internal/config"
	"relay-shell/internal/inventory"
	"relay-shell/internal/keeper"
	"relay-shell/internal/mcpserver"
	"relay-shell/internal/policy"
	"relay-shell/internal/relay"
)

type doctorCmd struct {
	JSON bool `help:"The findings as JSON." name:"json"`
}

// health is what a check found.
type health string

const (
	good    health = "ok"
	warning health = "warning" // works, but somebody should know
	fault   health = "fault"   // keeps relay-shell, or a part of it, from working
)

// finding is one line of the doctor's.
type finding struct {
	Check  string `json:"check"`
	Health health `json:"health"`
	Found  string `json:"found"`
	// Remedy says what to do; "" where nothing is to be done.
	Remedy string `json:"remedy,omitempty"`
}

// doctor collects findings. It changes nothing but makes the private directories that are missing, as every start does.
type doctor struct {
	session  *session
	findings []finding
}

func (d *doctor) good(check, format string, args ...any) {
	d.findings = append(d.findings, finding{check, good, fmt.Sprintf(format, args...), ""})
}

func (d *doctor) warn(check, found, remedy string) {
	d.findings = append(d.findings, finding{check, warning, found, remedy})
}

func (d *doctor) fault(check, found, remedy string) {
	d.findings = append(d.findings, finding{check, fault, found, remedy})
}

// failed is a fault in the words of an error, with its hint.
func (d *doctor) failed(check string, err error, remedy string) {
	e := relay.AsError(err)
	if e.Hint != "" {
		remedy = e.Hint
	}
	d.fault(check, e.Message, remedy)
}

// doctorTimeout bounds the whole visit: a log of ten million records is verified within it.
const doctorTimeout = 2 * time.Minute

func (c *doctorCmd) Run(s *session) error {
	ctx, stop := signal.NotifyContext(s.ctx, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, doctorTimeout)
	defer cancel()
	d := &doctor{session: s}
	d.settings()
	d.ssh(ctx)
	d.agent(ctx)
	d.stopped()
	d.inventory()
	d.policy()
	d.approval()
	d.directories()
	d.keepers(ctx)
	d.audit(ctx)
	d.limits()
	return d.print(c.JSON)
}

// badSettings is the visit when the settings can't be read: nothing else can be known then.
func (c *doctorCmd) badSettings(w World, err error) error {
	d := &doctor{session: &session{world: w}}
	d.failed("settings", err, "correct them; docs/configuration.md lists every setting")
	return d.print(c.JSON)
}

// print shows the findings; with a fault the exit status is 1.
func (d *doctor) print(asJSON bool) error {
	w := d.session.world.Stdout
	faults := 0
	for _, f := range d.findings {
		if f.Health == fault {
			faults++
		}
	}
	var err error
	if asJSON {
		err = json.NewEncoder(w).Encode(map[string]any{"ok": faults == 0, "findings": d.findings})
	} else {
		for _, f := range d.findings {
			line := fmt.Sprintf("%-8s %-12s %s", f.Health, f.Check, f.Found)
			if f.Remedy != "" {
				line += fmt.Sprintf("\n%22s→ %s", "", f.Remedy)
			}
			if _, err = fmt.Fprintln(w, mcpserver.Visible(line)); err != nil {
				break
			}
		}
	}
	if err == nil && faults > 0 {
		return &statusError{exitFailed, nil}
	}
	return err
}

func (d *doctor) settings() {
	if file := d.session.cfg.File(); file != "" {
		d.good("settings", "good, from %s and the environment", file)
		return
	}
	d.good("settings", "good, from the environment; there is no settings file")
}

func (d *doctor) stopped() {
	text, err := os.ReadFile(relay.StopMark(d.session.cfg.StateDir))
	if err == nil {
		d.fault("stop", "every call is refused since the emergency stop: "+string(text), "relay-shell stop --resume")
	}
}

func (d *doctor) inventory() {
	cfg := d.session.cfg
	inv, err := inventory.Open(inventory.Options{SSHConfig: cfg.SSHConfig, File: cfg.Inventory})
	if err != nil {
		d.failed("inventory", err, "correct the file that INVENTORY names; docs/inventory.md describes it")
		return
	}
	d.good("inventory", "%d hosts", len(inv.Hosts()))
	for _, p := range inv.Problems() {
		d.warn("inventory", p, "correct the line; docs/inventory.md")
	}
}

func (d *doctor) policy() {
	engine, err := policy.New(policyOptions(d.session.cfg))
	if err != nil {
		d.failed("policy", err, "correct the policy file or the patterns")
		return
	}
	d.good("policy", "mode %s, rules %s, confirmation %s", engine.Mode(), engine.Version(), d.session.cfg.Confirm)
}

// approval checks who can answer where a person has to (CONFIRM=human).
func (d *doctor) approval() {
	if d.session.cfg.Confirm != config.ConfirmHuman {
		return
	}
	v, err := d.session.openVerifier()
	switch {
	case err != nil:
		d.failed("approval", err, "relay-shell auth passphrase makes a new one")
	case v == nil:
		d.warn("approval", approvalState(v), "relay-shell auth passphrase or auth security-key, best as root: then the agent's shell can't replace it")
	case v.Advisory:
		d.warn("approval", approvalState(v), "run relay-shell auth as root, so that the agent's shell can't replace it")
	default:
		d.good("approval", "%s", approvalState(v))
	}
}

// directories checks the private directories, as every start does, and then that nothing in them is open to others.
func (d *doctor) directories() {
	cfg := d.session.cfg
	var dir *config.DirError
	if err := config.Prepare(cfg); errors.As(err, &dir) {
		d.fault("directories", dir.Path+": "+dir.Reason, dir.Remedy)
		return
	} else if err != nil {
		d.failed("directories", err, "")
		return
	}
	if open := openToOthers(cfg.StateDir, cfg.RuntimeDir); len(open) > 0 {
		d.warn("directories", fmt.Sprintf("others may read or use %s", list(open, 3)), "chmod go= "+open[0])
	}
	d.good("directories", "state %s, runtime %s (%d bytes of at most 64 for control sockets)", cfg.StateDir, cfg.RuntimeDir, len(cfg.RuntimeDir))
	for _, dir := range []string{cfg.StateDir, cfg.RuntimeDir} {
		d.space("disk", dir)
	}
}

func (d *doctor) keepers(ctx context.Context) {
	var infos []keeper.Info
	for kind := range kinds {
		found, err := d.session.keepers().List(ctx, kind)
		if err != nil {
			d.failed("sessions", err, "remove what is no directory of yours below RUNTIME_DIR/keepers")
			return
		}
		infos = append(infos, found...)
	}
	d.good("sessions", "%d sessions and forwards alive", len(infos))
}
