// Package mcpserver is the MCP face: it shows the tools of internal/tools, the resources, the prompt and the
// completions to clients through the official go-sdk, and puts results into the form that clients and models read. [New] builds a
// server; [ServeStdio] runs it on standard input and output. It decides nothing: every call and every read goes down the road of
// internal/relay.
package mcpserver

import (
	"context"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"relay-shell/internal/redact"
	"relay-shell/internal/relay"
	"relay-shell/internal/tools"
)

// Options are what a server shows.
type Options struct {
	Relay   *relay.Relay
	Tools   *tools.Set
	Version string
	// Mask takes secrets out of what clients get to see; nil takes out nothing.
	Mask *redact.Redactor
	// Principal names who calls, for the audit.
	Principal func(extra *mcp.RequestExtra) string
	// Session names the server instance for transports without MCP sessions.
	Session string
}

// Server is the MCP face of one relay-shell.
type Server struct {
	opts Options
	mcp  *mcp.Server
}

// New builds the MCP server with every tool, resource and prompt of the set.
func New(opts Options) *Server {
	s := &Server{opts: opts}
	s.mcp = mcp.NewServer(&mcp.Implementation{
		Name: "relay-shell", Title: "relay-shell", Version: opts.Version,
	}, &mcp.ServerOptions{
		Instructions:      Instructions(opts.Tools),
		Capabilities:      &mcp.ServerCapabilities{},
		CompletionHandler: s.complete,
		SetCacheable: func(_ context.Context, _ mcp.Request, c *mcp.Cacheable) {
			c.CacheScope = "private" // lists depend on whose server this is
		},
	})
	for _, t := range opts.Tools.All() {
		s.mcp.AddTool(describe(t), s.toolHandler(t))
	}
	s.mcp.AddReceivingMiddleware(s.missingTools)
	s.addResources()
	s.addPrompts()
	return s
}

// missingTools answers calls of tools that are not there. The SDK would only repeat the name.
func (s *Server) missingTools(next mcp.MethodHandler) mcp.MethodHandler {
	return func(ctx context.Context, method string, req mcp.Request) (mcp.Result, error) {
		if call, is := req.(*mcp.CallToolRequest); is && call.Params != nil && s.opts.Tools.Get(call.Params.Name) == nil {
			return nil, &jsonrpc.Error{Code: jsonrpc.CodeInvalidParams, Message: s.opts.Tools.Missing(call.Params.Name)}
		}
		return next(ctx, method, req)
	}
}

// MCP is the SDK's server, for transports.
func (s *Server) MCP() *mcp.Server { return s.mcp }

func describe(t *tools.Tool) *mcp.Tool {
	tool := &mcp.Tool{
		Name: t.Name(), Title: t.Title, Description: t.Description, InputSchema: encoded(t.Input),
		Annotations: &mcp.ToolAnnotations{
			Title: t.Title, ReadOnlyHint: t.Hints.ReadOnly, IdempotentHint: t.Hints.Idempotent,
			DestructiveHint: &t.Hints.Destructive, OpenWorldHint: &t.Hints.OpenWorld,
		},
	}
	if t.Output != nil {
		tool.OutputSchema = encoded(t.Output)
	}
	return tool
}

func (s *Server) toolHandler(t *tools.Tool) mcp.ToolHandler {
	return func(ctx context.Context, req *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		notifier := newNotifier(ctx, req)
		call := &relay.Call{
			Operation: t, Args: req.Params.Arguments, Caller: s.caller(req.Session, req.ClientInfo(), req.Extra), Progress: notifier.progress(),
		}
		ask(call, req)
		res := s.opts.Relay.Do(ctx, call)
		notifier.close()
		if res.Question != nil {
			return inputRequired(res), nil
		}
		mask(s.opts.Mask, res)
		return present(t, res), nil
	}
}

func (s *Server) caller(session *mcp.ServerSession, client *mcp.Implementation, extra *mcp.RequestExtra) relay.Caller {
	c := relay.Caller{Principal: s.opts.Principal(extra), Session: s.opts.Session}
	if session != nil && session.ID() != "" {
		c.Session = session.ID()
	}
	if client != nil {
		c.Client = client.Name + "/" + client.Version
	}
	return c
}
