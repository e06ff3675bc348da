package cli

import (
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"golang.org/x/term"

	"relay-shell/internal/config"
	"relay-shell/internal/mcpserver"
	"relay-shell/internal/tools"
)

type serveCmd struct{}

// gcPercent trades a few MiB of a heap that is tiny for half of the collector's work (measured: 1.8 times the calls per second).
const gcPercent = 400

// afterStart is how long a client has to ask for its lists before memory is given back.
const afterStart = 500 * time.Millisecond

func (c *serveCmd) Run(s *session) error {
	ctx, stop := signal.NotifyContext(s.ctx, syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	debug.SetGCPercent(gcPercent)
	a, err := s.open()
	if err != nil {
		return usage(err)
	}
	defer a.close()
	defer a.reopenOnHangup()()
	if s.cfg.Confirm == config.ConfirmHuman {
		a.log.Info().Msg("CONFIRM=human: " + a.approvalState)
	}
	if s.world.Stdin != nil && term.IsTerminal(int(s.world.Stdin.Fd())) {
		fmt.Fprintln(s.world.Stderr, "relay-shell: waiting for an MCP client on standard input, which is a terminal here: a client has to start this (docs/quickstart.md); "+
			"relay-shell --help lists what a person can do, ctrl-d ends it")
	}
	tools.PruneRecordings(s.cfg.StateDir, s.cfg.RecordRetention)
	server := mcpserver.New(mcpserver.Options{
		Relay: a.relay, Tools: a.tools, Version: s.world.Version, Session: a.caller.Session, Mask: a.mask,
		Principal: func(*mcp.RequestExtra) string { return a.caller.Principal },
	})
	// What the start took. The collector would come for it when the heap is several times as large.
	settled := time.AfterFunc(afterStart, debug.FreeOSMemory)
	defer settled.Stop()
	return server.ServeStdio(ctx, s.world.Stdin, s.world.Stdout, a.close)
}

// reopenOnHangup has the audit go over to the file that stands at its path now, as logrotate's postrotate asks by SIGHUP; after a failed disk, begin
// a new segment. A terminal that is closed sends SIGHUP too: there the end of standard input ends the server.
func (a *app) reopenOnHangup() (stop func()) {
	hangups, done := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(hangups, syscall.SIGHUP)
	go func() { // ends when hangups is closed by stop
		defer close(done)
		for range hangups {
			if err := a.audit.Reopen(); err != nil {
				a.log.Error().Err(err).Msg("audit: reopening the log")
				continue
			}
			a.log.Info().Str("path", a.audit.Path()).Msg("audit: the log was reopened")
		}
	}()
	return func() {
		signal.Stop(hangups)
		close(hangups)
		<-done
	}
}
