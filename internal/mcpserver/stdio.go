package mcpserver

import (
	"bufio"
	"bytes"
	"cmp"
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

// lastAnswers is how long the answers of calls that endCalls has ended may take to be written.
const lastAnswers = 500 * time.Millisecond

// ServeStdio serves newline-delimited JSON-RPC until in ends, ctx ends or the client is gone. The SDK ends the whole session at the
// first malformed line; here it is answered with a JSON-RPC error and the session goes on. When ctx ends, endCalls has to end the calls under way:
// their clients still get to know how each ended, what it had printed and what it left running.
func (s *Server) ServeStdio(ctx context.Context, in io.Reader, out io.Writer, endCalls func()) error {
	w := newWire(out)
	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	ending := context.AfterFunc(ctx, func() {
		endCalls()
		w.drain(lastAnswers)
		stop()
	})
	defer ending()
	pr, pw := io.Pipe()
	// Ends when in does, or when the pipe's reader is closed by Run's return.
	go func() { _ = pw.CloseWithError(w.filter(in, pw)) }()
	defer pr.Close()
	err := s.mcp.Run(run, &mcp.IOTransport{Reader: pr, Writer: w, MaxLineLength: maxLine + 1<<10})
	if err == nil || errors.Is(err, io.EOF) || ctx.Err() != nil {
		return nil
	}
	return err
}

// wire sits between the client and the SDK.
type wire struct {
	out io.Writer

	mu       sync.Mutex
	inFlight map[string]bool // the ids of requests that have not been answered
	idle     chan struct{}   // signalled when the last one is
	batches  bool            // the negotiated revision has JSON-RPC batches (before 2025-06-18)
}

func newWire(out io.Writer) *wire {
	return &wire{out: out, inFlight: map[string]bool{}, idle: make(chan struct{}, 1)}
}

// filter passes well-formed messages on to the SDK and answers the others itself. It returns when in ends and what was under way
// has been answered.
func (w *wire) filter(in io.Reader, to io.Writer) error {
	r := bufio.NewReaderSize(in, 64<<10)
	for {
		line, err := readLine(r)
		long := new(longLine)
		switch {
		case errors.As(err, &long):
			w.reply(refusal{readableID(long.head, long.tail), tooLong()}.text())
		case len(bytes.TrimSpace(line)) > 0:
			pass, refused := w.admit(bytes.TrimSpace(line))
			if refused != nil {
				w.reply(refused)
			} else if _, werr := to.Write(append(pass, '\n')); werr != nil {
				return werr
			}
		}
		if err != nil && !errors.Is(err, errLineTooLong) {
			w.drain(answerGrace)
			return err
		}
	}
}

// longLine is what is left of a line over maxLine: enough to find its id.
type longLine struct{ head, tail []byte }

func (*longLine) Error() string { return errLineTooLong.Error() }

func (*longLine) Is(target error) bool { return target == errLineTooLong }

const (
	longHead = 64 << 10
	longTail = 2 * maxID
)

// readLine reads one line of at most maxLine bytes and skips the rest of a longer one.
func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	var long *longLine
	for {
		part, err := r.ReadSlice('\n')
		switch {
		case long != nil:
			long.tail = append(long.tail, part...)
			long.tail = long.tail[max(0, len(long.tail)-longTail):]
		case len(line)+len(part) > maxLine:
			long = &longLine{head: bytes.Clone(line[:min(len(line), longHead)]), tail: bytes.Clone(part[max(0, len(part)-longTail):])}
			line = nil
		default:
			line = append(line, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil && long == nil:
			return line, err
		case long != nil:
			return nil, long // an end of input is met again by the next read
		}
		return line, nil
	}
}

// refusal is the answer to a message that goes no further.
type refusal struct {
	id  string
	err *jsonrpc.Error
}

func (r refusal) text() []byte {
	return marshal(struct {
		Version string          `json:"jsonrpc"`
		ID      json.RawMessage `json:"id"`
		Error   *jsonrpc.Error  `json:"error"`
	}{"2.0", rawID(r.id), r.err})
}

// admit checks what the SDK would end the session for, or mistake. It returns what the SDK gets to see, or else the answer.
func (w *wire) admit(line []byte) (pass, refused []byte) {
	if !json.Valid(line) {
		return nil, refusal{"", &jsonrpc.Error{Code: jsonrpc.CodeParseError, Message: "not valid JSON: one JSON-RPC message a line is expected"}}.text()
	}
	if line[0] == '[' {
		return w.admitBatch(line)
	}
	m, err := parseMessage(line)
	if err == nil {
		err = w.begin([]*message{&m})
	}
	if err != nil {
		return nil, refusal{m.id, err}.text()
	}
	if changed := m.disguise(); changed != nil {
		line = changed
	}
	if _, derr := jsonrpc.DecodeMessage(line); derr != nil { // too deep, say
		w.end(m.id)
		return nil, refusal{m.id, invalidRequest(derr.Error())}.text()
	}
	return line, nil
}

// admitBatch takes a batch whole or not at all; not taken, each request of it is answered.
func (w *wire) admitBatch(line []byte) (pass, refused []byte) {
	one := func(why string) []byte { return refusal{"", invalidRequest(why)}.text() }
	if !w.batches {
		return nil, one("JSON-RPC batches are not part of this protocol revision; send one message a line")
	}
	var batch []json.RawMessage
	if json.Unmarshal(line, &batch) != nil || len(batch) == 0 {
		return nil, one("empty batch")
	}
	all, errs := make([]*message, len(batch)), make([]*jsonrpc.Error, len(batch))
	bad := false
	for i, raw := range batch {
		m, err := parseMessage(raw)
		if err == nil {
			if changed := m.disguise(); changed != nil {
				batch[i] = changed
			}
			if _, derr := jsonrpc.DecodeMessage(batch[i]); derr != nil {
				err = invalidRequest(derr.Error())
			}
		}
		all[i], errs[i] = &m, err
		bad = bad || err != nil
	}
	others := invalidRequest("nothing of this batch was run: another message of it is not valid")
	if !bad {
		if others = w.begin(all); others == nil {
			return marshal(batch), nil
		}
	}
	var refusals []json.RawMessage
	for i, m := range all {
		if err := cmp.Or(errs[i], others); m.call || errs[i] != nil {
			refusals = append(refusals, refusal{m.id, err}.text())
		}
	}
	return nil, marshal(refusals)
}

// begin notes that requests are in flight. An id that is in use already is refused: two answers with it could not be told apart, and the SDK would
// not answer the second request at all. That of a cancelled request is in use until the SDK has answered, which it always does.
func (w *wire) begin(all []*message) *jsonrpc.Error {
	w.mu.Lock()
	defer w.mu.Unlock()
	seen := map[string]bool{}
	for _, m := range all {
		switch {
		case m.call && (seen[m.id] || w.inFlight[m.id]):
			return invalidRequest(fmt.Sprintf("the id %.100s is in use by a request that is not answered yet", rawID(m.id)))
		case m.call:
			seen[m.id] = true
		}
	}
	for _, m := range all {
		if m.call {
			w.inFlight[m.id] = true
		}
		if m.method == "initialize" {
			w.negotiated(m.fields["params"])
		}
	}
	return nil
}

func (w *wire) end(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.inFlight, id)
}

func (w *wire) negotiated(params json.RawMessage) {
	var p struct {
		ProtocolVersion string `json:"protocolVersion"`
	}
	_ = json.Unmarshal(params, &p) // the SDK answers malformed parameters
	w.batches = p.ProtocolVersion == "2024-11-05" || p.ProtocolVersion == "2025-03-26"
}

// reply answers a message that goes no further.
func (w *wire) reply(text []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, _ = w.out.Write(append(text, '\n')) // a client that is gone is noticed on the read side
}

// Write passes the SDK's messages on, with the ids that the client knows, and notes which requests have been answered.
func (w *wire) Write(p []byte) (int, error) {
	keys, text := answers(p)
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, err := w.out.Write(append(text[:len(text):len(text)], '\n')); err != nil {
		return 0, err
	}
	for _, key := range keys {
		delete(w.inFlight, key)
	}
	if len(w.inFlight) == 0 {
		select {
		case w.idle <- struct{}{}:
		default:
		}
	}
	return len(p), nil
}

// Close leaves standard output open: it belongs to the process.
func (w *wire) Close() error { return nil }

// drain waits for the answers to what has been asked, but not for long.
func (w *wire) drain(grace time.Duration) {
	deadline := time.NewTimer(grace)
	defer deadline.Stop()
	for {
		w.mu.Lock()
		pending := len(w.inFlight)
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
