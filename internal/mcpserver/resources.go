package mcpserver

import (
	"context"
	"encoding/json"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"relay-shell/internal/relay"
	"relay-shell/internal/tools"
)

// addResources registers the resources. A read walks the same road as a tool.
func (s *Server) addResources() {
	for _, r := range s.opts.Tools.Resources() {
		handler := s.resourceHandler(r)
		if r.Template {
			s.mcp.AddResourceTemplate(&mcp.ResourceTemplate{URITemplate: r.URI, Name: r.ResourceName, Title: r.Title, Description: r.Description, MIMEType: r.MIMEType}, handler)
		} else {
			s.mcp.AddResource(&mcp.Resource{URI: r.URI, Name: r.ResourceName, Title: r.Title, Description: r.Description, MIMEType: r.MIMEType}, handler)
		}
	}
}

func (s *Server) resourceHandler(r *tools.Resource) mcp.ResourceHandler {
	return func(ctx context.Context, req *mcp.ReadResourceRequest) (*mcp.ReadResourceResult, error) {
		uri := req.Params.URI
		args, err := json.Marshal(map[string]string{"uri": uri})
		if err != nil {
			return nil, err
		}
		res := s.opts.Relay.Do(ctx, &relay.Call{Operation: r, Args: args, Caller: s.caller(req.Session, req.ClientInfo(), req.Extra)})
		mask(s.opts.Mask, res)
		if res.Err != nil {
			return nil, resourceError(uri, res)
		}
		return &mcp.ReadResourceResult{
			Meta:     mcp.Meta{MetaAudit: res.Head},
			Contents: []*mcp.ResourceContents{{URI: uri, MIMEType: r.MIMEType, Text: res.Text}},
		}, nil
	}
}

// resourceError is a JSON-RPC error: resources have no other way to fail. Its data carries what a tool result would.
func resourceError(uri string, res *relay.Result) error {
	if res.Err.Code == "not_found" || res.Err.Code == "unknown_host" {
		err := mcp.ResourceNotFoundError(uri)
		if e, ok := err.(*jsonrpc.Error); ok {
			e.Message += ": " + oneLine(res.Err.Message)
			return e
		}
		return err
	}
	code := int64(jsonrpc.CodeInternalError)
	if res.Err.Code == "invalid_argument" || res.Outcome == relay.Denied {
		code = jsonrpc.CodeInvalidParams
	}
	return &jsonrpc.Error{Code: code, Message: Text(res), Data: marshal(res.Err)}
}
