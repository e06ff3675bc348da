package mcpserver

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"relay-shell/internal/policy/approval"
	"relay-shell/internal/relay"
)

// stateless is the first protocol revision in which a server puts a question as a call's result instead of sending a request of its own.
const stateless = "2026-07-28"

// questionID names our one question in the input requests of a result.
const questionID = "approval"

// ask tells the road how this client's person can be asked: by a request of ours while the call waits, by a result that the client answers
// with the repeated call, or not at all.
func ask(call *relay.Call, req *mcp.CallToolRequest) {
	switch {
	case !showsForms(req.ClientCapabilities()):
	case req.ProtocolVersion() >= stateless:
		call.TakesQuestions = true
		if req.Params.RequestState != "" {
			call.Reply = &relay.Reply{State: req.Params.RequestState}
			if result, is := req.Params.InputResponses[questionID].(*mcp.ElicitResult); is && result != nil {
				answer := answerOf(result, call.Caller.Client)
				call.Reply.Answer = &answer
			}
		}
	default:
		call.Dialog = func(ctx context.Context, q approval.Waiting) (approval.Answer, error) {
			result, err := req.Session.Elicit(ctx, form(q))
			if err != nil {
				return approval.Answer{}, err
			}
			return answerOf(result, call.Caller.Client), nil
		}
	}
}

// showsForms reports whether the client has a dialog with a form. Clients from before 2025-11-25 don't say which kind they have; it is that.
func showsForms(c *mcp.ClientCapabilities) bool {
	return c != nil && c.Elicitation != nil && (c.Elicitation.Form != nil || c.Elicitation.URL == nil)
}

// form is the question as a dialog. Nothing is ticked beforehand.
func form(q approval.Waiting) *mcp.ElicitParams {
	return &mcp.ElicitParams{
		Mode:    "form",
		Message: "May this run?\n\n" + q.Shown.Text() + "\nOr answer in a terminal: relay-shell approve " + q.Token,
		RequestedSchema: json.RawMessage(`{"type":"object","properties":{` +
			`"approve":{"type":"boolean","title":"Run it","description":"Run exactly this, once.","default":false},` +
			`"reason":{"type":"string","title":"If not, why","maxLength":500}},"required":["approve"]}`),
	}
}

// answerOf reads a dialog's result: only a form that was sent with its box ticked approves.
func answerOf(r *mcp.ElicitResult, client string) approval.Answer {
	answer := approval.Answer{By: "client dialog"}
	if client != "" {
		answer.By += " of " + client
	}
	if r.Action == "accept" {
		answer.Approve, _ = r.Content["approve"].(bool)
	}
	if reason, is := r.Content["reason"].(string); is {
		answer.Reason = strings.ToValidUTF8(reason[:min(len(reason), 500)], "")
	}
	if !answer.Approve && answer.Reason == "" && r.Action == "cancel" {
		answer.Reason = "the dialog was closed"
	}
	return answer
}

// inputRequired is the question as a call's result.
func inputRequired(res *relay.Result) *mcp.CallToolResult {
	return &mcp.CallToolResult{
		Meta:          mcp.Meta{MetaAudit: res.Head},
		InputRequests: mcp.InputRequestMap{questionID: form(res.Question.Waiting)},
		RequestState:  res.Question.State,
	}
}
