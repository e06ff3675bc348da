package mcpserver

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// maxLine bounds one JSON-RPC message in bytes; a longer line is refused and skipped.
const maxLine = 16 << 20

// answerGrace is how long requests that are already under way may still be answered after standard input has ended: a client
// that pipes its requests in and closes gets its answers, one that died holds nothing up.
const answerGrace = 1500 * time.Millisecond

// ServeStdio serves newline-delimited JSON-RPC until in ends, ctx ends or the client is gone. The SDK ends the whole session at the
// first malformed line; here it is answered with a JSON-RPC error and the session goes on.
func (s *Server) ServeStdio(ctx context.Context, in io.Reader, out io.Writer) error {
	w := &wire{out: out, idle: make(chan struct{}, 1)}
	pr, pw := io.Pipe()
	// Ends when in does, or when the pipe's reader is closed by Run's return.
	go func() { _ = pw.CloseWithError(w.filter(in, pw)) }()
	defer pr.Close()
	err := s.mcp.Run(ctx, &mcp.IOTransport{Reader: pr, Writer: w, MaxLineLength: maxLine + 1<<10})
	if err == nil || errors.Is(err, io.EOF) || ctx.Err() != nil {
		return nil
	}
	return err
}

// wire sits between the client and the SDK.
type wire struct {
	out io.Writer

	mu      sync.Mutex
	pending int           // requests that have not been answered
	idle    chan struct{} // signalled when pending falls to 0
	batches bool          // the negotiated revision has JSON-RPC batches (before 2025-06-18)
}

// filter passes well-formed messages on to the SDK and answers the others itself. It returns when in ends and what was under way
// has been answered.
func (w *wire) filter(in io.Reader, to io.Writer) error {
	r := bufio.NewReaderSize(in, 64<<10)
	for {
		line, err := readLine(r)
		if len(bytes.TrimSpace(line)) > 0 || errors.Is(err, errLineTooLong) {
			if refusal := w.refusal(line, err); refusal != nil {
				w.reply(refusal)
			} else if _, werr := to.Write(append(bytes.TrimRight(line, "\r\n"), '\n')); werr != nil {
				return werr
			}
		}
		if err != nil && !errors.Is(err, errLineTooLong) {
			w.drain()
			return err
		}
	}
}

var errLineTooLong = errors.New("line too long")

// readLine reads one line of at most maxLine bytes and skips the rest of a longer one.
func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	tooLong := false
	for {
		part, err := r.ReadSlice('\n')
		if !tooLong && len(line)+len(part) > maxLine {
			line, tooLong = nil, true
		}
		if !tooLong {
			line = append(line, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil:
			return line, err
		case tooLong:
			return nil, errLineTooLong
		}
		return line, nil
	}
}

// refusal checks what the SDK would end the session for.
func (w *wire) refusal(line []byte, err error) *jsonrpc.Error {
	if errors.Is(err, errLineTooLong) {
		return &jsonrpc.Error{Code: jsonrpc.CodeInvalidRequest, Message: fmt.Sprintf("message over %d bytes; send large content in parts", maxLine)}
	}
	line = bytes.TrimSpace(line)
	if !json.Valid(line) {
		return &jsonrpc.Error{Code: jsonrpc.CodeParseError, Message: "not valid JSON: one JSON-RPC message a line is expected"}
	}
	messages := []json.RawMessage{line}
	if line[0] == '[' {
		if !w.batches {
			return &jsonrpc.Error{Code: jsonrpc.CodeInvalidRequest, Message: "JSON-RPC batches are not part of this protocol revision; send one message a line"}
		}
		messages = nil // unmarshalling into the old one would write over the line
		if json.Unmarshal(line, &messages) != nil || len(messages) == 0 {
			return &jsonrpc.Error{Code: jsonrpc.CodeInvalidRequest, Message: "empty batch"}
		}
	}
	requests, seen := 0, map[string]bool{}
	for _, m := range messages {
		msg, err := jsonrpc.DecodeMessage(m)
		if err != nil {
			return &jsonrpc.Error{Code: jsonrpc.CodeInvalidRequest, Message: "not a JSON-RPC 2.0 message: " + err.Error()}
		}
		req, ok := msg.(*jsonrpc.Request)
		if !ok || !req.IsCall() {
			continue
		}
		id := fmt.Sprint(req.ID.Raw())
		if seen[id] {
			return &jsonrpc.Error{Code: jsonrpc.CodeInvalidRequest, Message: "a batch may not repeat an id"}
		}
		seen[id] = true
		requests++
		if req.Method == "initialize" {
			w.negotiated(req.Params)
		}
	}
	w.mu.Lock()
	w.pending += requests
	w.mu.Unlock()
	return nil
}

func (w *wire) negotiated(params json.RawMessage) {
	var p struct {
		ProtocolVersion string `json:"protocolVersion"`
	}
	_ = json.Unmarshal(params, &p) // the SDK answers malformed parameters
	w.batches = p.ProtocolVersion == "2024-11-05" || p.ProtocolVersion == "2025-03-26"
}

// reply answers a message that could not be understood; its id is unknown, so null (JSON-RPC 2.0, section 5).
func (w *wire) reply(e *jsonrpc.Error) {
	b, _ := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": nil, "error": map[string]any{"code": e.Code, "message": e.Message}})
	w.mu.Lock()
	defer w.mu.Unlock()
	_, _ = w.out.Write(append(b, '\n')) // a client that is gone is noticed on the read side
}

// Write passes the SDK's messages on and counts answers.
func (w *wire) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n, err := w.out.Write(p)
	w.pending -= answers(p)
	if w.pending <= 0 {
		w.pending = 0
		select {
		case w.idle <- struct{}{}:
		default:
		}
	}
	return n, err
}

// Close leaves standard output open: it belongs to the process.
func (w *wire) Close() error { return nil }

// answers counts the responses in one written message.
func answers(p []byte) int {
	type shape struct {
		ID     json.RawMessage `json:"id"`
		Method string          `json:"method"`
	}
	p = bytes.TrimSpace(p)
	if len(p) > 0 && p[0] == '[' {
		var batch []shape
		_ = json.Unmarshal(p, &batch)
		return len(batch)
	}
	// The SDK writes the members in this order; the body, which may be large, is not parsed.
	head := p[:min(len(p), 256)]
	if bytes.HasPrefix(head, []byte(`{"jsonrpc":"2.0","id":`)) && !bytes.Contains(head, []byte(`,"method":`)) {
		return 1
	}
	return 0
}

// drain waits for the answers to what has been asked, but not for long.
func (w *wire) drain() {
	deadline := time.NewTimer(answerGrace)
	defer deadline.Stop()
	for {
		w.mu.Lock()
		pending := w.pending
		w.mu.Unlock()
		if pending == 0 {
			return
		}
		select {
		case <-w.idle:
		case <-deadline.C:
			return
		}
	}
}
