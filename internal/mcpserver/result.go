package mcpserver

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"relay-shell/internal/output"
	"relay-shell/internal/relay"
	"relay-shell/internal/tools"
)

// MetaAudit is the key in _meta of every result under which the audit log's head stands.
const MetaAudit = "relay-shell/audit"

// present gives a result both its forms: text for the model, structured content for programs.
func present(t *tools.Tool, res *relay.Result) *mcp.CallToolResult {
	if t.RunsCommand && res.Command == nil {
		res.Command = &relay.CommandResult{Survivors: []string{}, Host: res.Host}
	}
	return &mcp.CallToolResult{
		Meta:              mcp.Meta{MetaAudit: res.Head},
		Content:           []mcp.Content{&mcp.TextContent{Text: Text(res)}},
		StructuredContent: structured(res),
		IsError:           res.Outcome.Failure(),
	}
}

// structured joins the fields every result has with the tool's own.
func structured(res *relay.Result) json.RawMessage {
	b := marshal(tools.Common(res))
	for _, own := range []any{res.Command, res.Fields} {
		if c, is := own.(*relay.CommandResult); own == nil || is && c == nil {
			continue
		}
		fields := marshal(own)
		if len(fields) <= len("{}") {
			continue
		}
		b = append(append(b[:len(b)-1], ','), fields[1:]...)
	}
	return b
}

// marshal is json.Marshal without the escaping of <, > and & that only HTML needs.
func marshal(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return []byte("{}")
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// Text is the form a model reads: a first line that says how the call ended, then the output, then hints and notes. What a
// host printed is untrusted: control, bidi and zero-width characters are shown, never obeyed.
func Text(res *relay.Result) string {
	var b strings.Builder
	if line := firstLine(res); line != "" {
		b.WriteString(line + "\n")
	}
	escaped := false
	body := func(s string) {
		if s == "" {
			return
		}
		shown, changed := output.Visible(s)
		escaped = escaped || changed
		b.WriteString(shown)
		if !strings.HasSuffix(shown, "\n") {
			b.WriteByte('\n')
		}
	}
	if c := res.Command; c != nil {
		body(c.Stdout)
		if c.Stderr != "" {
			b.WriteString("[stderr]\n")
			body(c.Stderr)
		}
		if len(c.Survivors) > 0 {
			survivors, _ := output.Visible(strings.Join(c.Survivors, ", "))
			b.WriteString("[SURVIVORS " + survivors + "]\n")
		}
	}
	body(res.Text)
	if c := res.Command; c != nil && c.JobID != nil {
		b.WriteString("hint: it goes on as a job: job_wait waits for it, job_output reads on, job_kill ends it\n")
	}
	if res.Err != nil && res.Err.Hint != "" {
		b.WriteString("hint: " + oneLine(res.Err.Hint) + "\n")
	}
	if escaped {
		b.WriteString("note: control characters in the output are shown as escapes\n")
	}
	if c := res.Command; c != nil && c.Lossy {
		b.WriteString("note: bytes that are not UTF-8 are shown as U+FFFD\n")
	}
	for _, note := range res.Notes {
		b.WriteString("note: " + oneLine(note) + "\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// Visible shows text from outside on a person's terminal: control characters appear as escapes.
func Visible(s string) string {
	shown, _ := output.Visible(s)
	return shown
}

func firstLine(res *relay.Result) string {
	switch res.Outcome {
	case relay.OK, relay.Running:
		switch c := res.Command; {
		case c == nil:
			return ""
		case c.JobID != nil:
			return "[RUNNING job=" + *c.JobID + "]"
		case c.ExitCode == nil:
			return "[exit unknown: the process ended without a status]"
		default:
			return fmt.Sprintf("[exit %d]", *c.ExitCode)
		}
	case relay.Timeout:
		return "[TIMEOUT after " + strings.TrimPrefix(res.Err.Message, "timed out after ") + "]"
	case relay.Cancelled:
		return "[CANCELLED]"
	case relay.Denied:
		return fmt.Sprintf("[DENIED tier %d (%s): %s]", res.Tier, res.Tier, oneLine(res.Err.Message))
	case relay.ConfirmRequired:
		return fmt.Sprintf("[CONFIRM REQUIRED tier %d (%s): %s]", res.Tier, res.Tier, oneLine(res.Err.Message))
	}
	return fmt.Sprintf("[ERROR %s: %s]", res.Err.Code, oneLine(res.Err.Message))
}

// oneLine keeps a message of several lines, or a hostile one, on its line.
func oneLine(s string) string {
	lines := strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == '\r' })
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	shown, _ := output.Visible(strings.Join(lines, "; "))
	return shown
}
