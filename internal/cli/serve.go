package cli

import (
	"context"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"relay-shell/internal/mcpserver"
)

type serveCmd struct{}

// gcPercent trades a few MiB of a heap that is tiny for half of the collector's work (measured: 1.8 times the calls per second).
const gcPercent = 400

func (c *serveCmd) Run(s *session) error {
	ctx, stop := signal.NotifyContext(s.ctx, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	defer stop()
	debug.SetGCPercent(gcPercent)
	a, err := s.open()
	if err != nil {
		return usage(err)
	}
	defer a.close()
	server := mcpserver.New(mcpserver.Options{
		Relay: a.relay, Tools: a.tools, Version: s.world.Version, Session: a.caller.Session,
		Principal: func(*mcp.RequestExtra) string { return a.caller.Principal },
	})
	// Run waits for handlers and does not cancel them: end the calls first.
	end := context.AfterFunc(ctx, a.close)
	defer end()
	return server.ServeStdio(ctx, s.world.Stdin, s.world.Stdout)
}
