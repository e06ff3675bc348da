package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"relay-shell/internal/audit"
	"relay-shell/internal/mcpserver"
	"relay-shell/internal/params"
	"relay-shell/internal/relay"
	"relay-shell/internal/tools"
)

// auditCmd is the trail. Its commands read the files themselves, so that they work beside a server, after it, and on a copy elsewhere.
type auditCmd struct {
	Tail       auditTailCmd       `cmd:"" help:"Show the newest calls, and with -f those to come."`
	Verify     auditVerifyCmd     `cmd:"" help:"Check the log: 0 intact, 2 not, naming the first bad record."`
	Prove      auditProveCmd      `cmd:"" help:"Print the proof of one record, to be shown without the others."`
	CheckProof auditCheckProofCmd `cmd:"" help:"Check such a proof, offline: 0 proven, 2 not."`
	Checkpoint auditCheckpointCmd `cmd:"" help:"Sign the log's head now and print it."`
	Export     auditExportCmd     `cmd:"" help:"Write records for another program: JSON lines, CEF, LEEF or CSV."`
	Witness    auditWitnessCmd    `cmd:"" help:"Send signed heads where this machine can't change them, or check the log against what was sent."`
}

// logFlags name the log.
type logFlags struct {
	Path string `help:"Live file of the log, if not AUDIT_PATH." placeholder:"FILE"`
}

func (f *logFlags) path(s *session) string {
	if f.Path != "" {
		return f.Path
	}
	return s.cfg.AuditPath
}

// filterFlags select records.
type filterFlags struct {
	Tool    string `help:"Only this tool." placeholder:"NAME"`
	Tier    *int   `help:"Only this tier." placeholder:"N"`
	Denied  *bool  `help:"Only denied calls, or with =false only admitted ones."`
	Host    string `help:"Only this host: alias or host name." placeholder:"HOST"`
	Outcome string `help:"Only this outcome: ok, running, timeout, cancelled, denied, confirm_required, error, unknown." placeholder:"OUTCOME"`
	Since   string `help:"RFC 3339 time or an age such as 2h or 7d." placeholder:"TIME"`
}

// outcomes are those of records; unknown is that of a call without a result.
var outcomes = []string{"ok", "running", "timeout", "cancelled", "denied", "confirm_required", "error", "unknown"}

// when reads the moment that a flag names.
func when(flag, text string) (time.Time, error) {
	t, err := tools.Since(text, time.Now())
	var bad *params.Error
	if errors.As(err, &bad) {
		err = usage(fmt.Errorf("--%s: %s (%s)", flag, bad.Message, bad.Hint))
	}
	return t, err
}

func (f *filterFlags) filter() (audit.Filter, error) {
	since, err := when("since", f.Since)
	if err != nil {
		return audit.Filter{}, err
	}
	if f.Outcome != "" && !slices.Contains(outcomes, f.Outcome) {
		return audit.Filter{}, usage(fmt.Errorf("--outcome %q: one of %s", f.Outcome, strings.Join(outcomes, ", ")))
	}
	if f.Tier != nil && (*f.Tier < 0 || *f.Tier > 3) {
		return audit.Filter{}, usage(fmt.Errorf("--tier %d: tiers are 0 to 3", *f.Tier))
	}
	return audit.Filter{Tool: f.Tool, Tier: f.Tier, Denied: f.Denied, Host: f.Host, Outcome: f.Outcome, Since: since}, nil
}

type auditTailCmd struct {
	logFlags
	filterFlags
	Lines  int  `short:"n" default:"50" help:"How many calls, 1 to 100000."`
	Follow bool `short:"f" help:"Go on with what is recorded from now on, until interrupted."`
	JSON   bool `help:"JSON lines on a terminal too." name:"json"`
}

// maxTailLines bounds what tail holds in memory.
const maxTailLines = 100_000

func (c *auditTailCmd) Run(s *session) error {
	ctx, stop := signal.NotifyContext(s.ctx, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	filter, err := c.filter()
	if err != nil {
		return err
	}
	if c.Lines < 1 || c.Lines > maxTailLines {
		return usage(fmt.Errorf("--lines %d: 1 to %d", c.Lines, maxTailLines))
	}
	filter.Lines = c.Lines
	show := showJSON(s.world.Stdout)
	_, person := terminalOf(s.world.Stdout)
	if person && !c.JSON {
		show = showLine(s.world.Stdout)
	}
	found := false
	err = audit.Tail(ctx, nil, c.path(s), filter, c.Follow, func(j audit.Joined) error {
		found = true
		return show(j)
	})
	if err == nil && person && !found {
		fmt.Fprintln(s.world.Stderr, "no calls match")
	}
	return err
}

func showJSON(w io.Writer) func(audit.Joined) error {
	return func(j audit.Joined) error {
		line, err := json.Marshal(j)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(w, mcpserver.Visible(string(line)))
		return err
	}
}

type auditVerifyCmd struct {
	logFlags
	Since  string   `help:"Leave out segments sealed before: RFC 3339 time or an age." placeholder:"TIME"`
	Floor  []string `help:"A head that the log must contain, as in _meta of a result." placeholder:"SIZE:ROOT"`
	Floors []string `help:"A file of such heads: what a witness kept, or a client's transcript; - is standard input." placeholder:"FILE"`
	Pubkey string   `help:"Verifier key as you keep it elsewhere." placeholder:"KEY"`
	JSON   bool     `help:"The report as JSON." name:"json"`
}

func (c *auditVerifyCmd) Run(s *session) error {
	o := audit.VerifyOptions{Path: c.path(s), PublicKey: c.Pubkey}
	var err error
	if o.Since, err = when("since", c.Since); err != nil {
		return err
	}
	for _, text := range c.Floor {
		floor, err := audit.ParseFloor(text)
		if err != nil {
			return usage(err)
		}
		o.Floors = append(o.Floors, floor)
	}
	for _, name := range c.Floors {
		data, err := s.readFile(name)
		if err != nil {
			return usage(err)
		}
		floors, err := floorsOf(name, data, o)
		if err != nil {
			return usage(err)
		}
		o.Floors = append(o.Floors, floors...)
	}
	return s.verify(o, c.JSON)
}

// floorsOf reads the heads of the log that is verified. None at all is no confirmation, so it is an error.
func floorsOf(name string, data []byte, o audit.VerifyOptions) ([]audit.Floor, error) {
	var origin string
	if o.PublicKey != "" {
		key, err := audit.ParsePublicKey(o.PublicKey)
		if err != nil {
			return nil, err
		}
		origin = key.Name()
	} else {
		_, key, err := audit.PublicKey(o.Path)
		if err != nil {
			return nil, err
		}
		origin = key.Name()
	}
	floors := audit.ParseFloors(data, origin)
	if len(floors) == 0 {
		return nil, fmt.Errorf("%s holds no head of the log %s: either it is the wrong file, or the log was replaced by another", name, origin)
	}
	return floors, nil
}

// maxRead bounds a file that is read whole, in bytes: transcripts are long, a device never ends.
const maxRead = 1 << 30

// readFile reads a file that the operator names; - is standard input.
func (s *session) readFile(name string) ([]byte, error) {
	in := s.world.Stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	if in == nil {
		return nil, errors.New("there is no standard input")
	}
	data, err := io.ReadAll(io.LimitReader(in, maxRead+1))
	if len(data) > maxRead {
		return nil, fmt.Errorf("%s has more than %d MiB", name, maxRead>>20)
	}
	return data, err
}

// verify prints what is found; a log that is not intact is exit status 2.
func (s *session) verify(o audit.VerifyOptions, asJSON bool) error {
	report, err := audit.Verify(s.ctx, o)
	if errors.Is(err, fs.ErrNotExist) {
		return usage(fmt.Errorf("there is no log %s: --path or AUDIT_PATH names the live file", o.Path))
	}
	if err != nil {
		return usage(relay.AsError(err))
	}
	if asJSON {
		err = json.NewEncoder(s.world.Stdout).Encode(report)
	} else {
		printReport(s, report)
	}
	if !report.OK {
		return &statusError{exitUsage, nil}
	}
	return err
}

func printReport(s *session, r *audit.Report) {
	if r.OK {
		fmt.Fprintf(s.world.Stdout, "intact: %d records, size %d, root %s, %d checkpoints signed up to %d\n", r.Records, r.Size, r.Root, r.Checkpoints, r.Signed)
	} else {
		fmt.Fprintln(s.world.Stdout, mcpserver.Visible(fmt.Sprintf("NOT INTACT: %s line %d (record %d): %s", r.Fault.File, r.Fault.Line, r.Fault.Seq, r.Fault.Reason)))
	}
	if r.PublicKey != "" {
		fmt.Fprintf(s.world.Stdout, "key: %s\n", mcpserver.Visible(r.PublicKey))
	}
	for _, note := range r.Notes {
		fmt.Fprintln(s.world.Stdout, "note: "+mcpserver.Visible(note))
	}
}
