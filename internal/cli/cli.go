// Package cli is the operator's command line: it reads the settings, builds the one road with everything around it and walks
// the same calls down it that MCP clients do. [Main] runs one command line and returns its exit status. Nothing below it names
// the process's streams, arguments or environment: they come in as a [World].
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"relay-shell/internal/config"
	"relay-shell/internal/guard"
	"relay-shell/internal/keeper"
)

// World is what a command line touches outside of the program.
type World struct {
	Args           []string // without the program's name
	Environ        []string
	Stdin          *os.File
	Stdout, Stderr io.Writer
	Home, Dir      string
	Version        string
}

// lookupEnv finds a variable of the environment; the last of two counts, as for the programs that it is given to.
func (w World) lookupEnv(name string) (string, bool) {
	for _, v := range slices.Backward(w.Environ) {
		if value, is := strings.CutPrefix(v, name+"="); is {
			return value, true
		}
	}
	return "", false
}

// Exit statuses of the contract. The exec command passes on the remote status instead.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// statusError carries an exit status; its message, if any, has still to be printed.
type statusError struct {
	status int
	err    error
}

func (e *statusError) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e *statusError) Unwrap() error { return e.err }

// usage marks an error as one of usage or configuration.
func usage(err error) error { return &statusError{exitUsage, err} }

// grammar is the command line.
type grammar struct {
	Config      string `help:"Settings file (TOML)." placeholder:"FILE"`
	Version     bool   `help:"Print the version and exit."`
	CheckConfig bool   `help:"Check the settings and everything they name, then exit: 0 good, 2 not."`
	VerifyAudit bool   `help:"Same as: audit verify." hidden:""`

	Serve       serveCmd       `cmd:"" default:"withargs" help:"Serve MCP on standard input and output (the default)."`
	Exec        execCmd        `cmd:"" help:"Run a command on a host and pass on its exit status."`
	Fanout      fanoutCmd      `cmd:"" help:"Run a command on many hosts; exit status 0 if it succeeds on all."`
	Cp          cpCmd          `cmd:"" help:"Copy files to or from a host (host:path): atomic, verified, resumable."`
	Hosts       hostsCmd       `cmd:"" help:"List the inventory."`
	Check       checkCmd       `cmd:"" help:"Say which hosts answer; exit status 0 if all do."`
	Login       loginCmd       `cmd:"" help:"Log in to a host on this terminal (password, one-time code, touch, first host key); calls then ride that connection."`
	Connections connectionsCmd `cmd:"" help:"List live SSH connections."`
	Forwards    forwardsCmd    `cmd:"" help:"List and close port forwards."`
	Sessions    sessionsCmd    `cmd:"" help:"List and end terminal sessions."`
	Jobs        jobsCmd        `cmd:"" help:"List, follow and end background jobs."`
	Attach      attachCmd      `cmd:"" help:"Join a session from this terminal; ctrl-] leaves it."`
	Replay      replayCmd      `cmd:"" help:"Show the recording of a session."`
	Audit       auditCmd       `cmd:"" help:"The audit trail."`
	Approve     approveCmd     `cmd:"" help:"List and answer what waits for a person (CONFIRM=human)."`
	Auth        authCmd        `cmd:"" help:"Passphrases and tokens."`
	Redact      redactCmd      `cmd:"" help:"Mask the secrets in standard input."`
	Policy      policyCmd      `cmd:"" help:"The policy."`
	Lockdown    lockdownCmd    `cmd:"" help:"Hold a tier on a host itself: copy this program there and restrict a key to it."`
	Stop        stopCmd        `cmd:"" help:"Emergency stop: end running work and refuse new calls until --resume."`
	Doctor      doctorCmd      `cmd:"" help:"Say what would stop this from working, and what to do: 0 nothing, 1 something."`
}

// Main runs one command line and returns the process's exit status.
func Main(ctx context.Context, w World) int {
	if len(w.Args) > 0 && w.Args[0] == keeper.Command {
		return keeper.Main(w.Args[1:], kinds)
	}
	if len(w.Args) > 0 && w.Args[0] == guard.Name {
		return guardMain(w)
	}
	err := run(ctx, w)
	if err == nil {
		return exitDone
	}
	if unread(err, w.Stdout) {
		err = errUnread
	}
	status := exitFailed
	var se *statusError
	if errors.As(err, &se) {
		status = se.status
	}
	if text := err.Error(); text != "" {
		fmt.Fprintln(w.Stderr, "relay-shell: "+text)
	}
	return status
}

// exitRequest is kong's way out (--help) turned into a value.
type exitRequest int

func run(ctx context.Context, w World) (err error) {
	defer func() {
		if r := recover(); r != nil {
			status, ok := r.(exitRequest)
			if !ok {
				panic(r)
			}
			err = nil
			if status != 0 {
				err = &statusError{int(status), nil}
			}
		}
	}()
	var g grammar
	parser, err := kong.New(&g,
		kong.Name("relay-shell"),
		kong.Description("Lets an AI agent work on this machine and on your hosts over your own OpenSSH, and lets you see, bound and prove what it does."),
		kong.Writers(w.Stdout, w.Stderr),
		kong.Exit(func(code int) { panic(exitRequest(code)) }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Help(printHelp),
		kong.UsageOnError(),
	)
	if err != nil {
		return err
	}
	parsed, err := parser.Parse(w.Args)
	if err != nil {
		return misused(err)
	}
	if g.Version {
		fmt.Fprintln(w.Stdout, "relay-shell "+w.Version)
		return nil
	}
	cfg, err := config.Load(w.source(g.Config))
	if err != nil && parsed.Command() == "doctor" {
		return g.Doctor.badSettings(w, err)
	}
	if err != nil {
		return usage(err)
	}
	s := &session{ctx: ctx, world: w, cfg: cfg}
	switch {
	case g.CheckConfig:
		return s.checkConfig()
	case g.VerifyAudit:
		return (&auditVerifyCmd{}).Run(s)
	}
	return parsed.Run(s)
}

func (w World) source(file string) config.Source {
	return config.Source{Environ: w.Environ, File: file, Home: w.Home, Dir: w.Dir, UID: os.Getuid()}
}

// session is one command line being carried out.
type session struct {
	ctx   context.Context
	world World
	cfg   *config.Config
}

// checkConfig builds everything without serving.
func (s *session) checkConfig() error {
	a, err := s.open()
	if err != nil {
		return usage(err)
	}
	defer a.close()
	for _, p := range a.inventory.Problems() {
		fmt.Fprintln(s.world.Stderr, "warning: "+p)
	}
	fmt.Fprintln(s.world.Stderr, "settings are good")
	return nil
}
