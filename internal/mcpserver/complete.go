package mcpserver

import (
	"context"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// maxCompletions is the most values one completion may hold (MCP, completion/complete).
const maxCompletions = 100

// complete offers host names for every argument named host, and ids where there are any.
func (s *Server) complete(ctx context.Context, req *mcp.CompleteRequest) (*mcp.CompleteResult, error) {
	template := ""
	if req.Params.Ref != nil {
		template = req.Params.Ref.URI
	}
	candidates := s.opts.Tools.Complete(ctx, template, req.Params.Argument.Name)
	values := []string{}
	total := 0
	for _, c := range candidates {
		if !strings.HasPrefix(c, req.Params.Argument.Value) {
			continue
		}
		if total++; len(values) < maxCompletions {
			values = append(values, c)
		}
	}
	return &mcp.CompleteResult{Completion: mcp.CompletionResultDetails{Values: values, Total: total, HasMore: total > len(values)}}, nil
}
