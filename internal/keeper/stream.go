package keeper

import (
	"context"
	"encoding/json"
	"net"
	"os"
	"time"
)

// Streamer is a thing with requests that take over their connection, such as a person's terminal.
type Streamer interface {
	// Streams reports whether this request is one.
	Streams(op string) bool
	// Stream serves it to its end: next reads the other side's messages, send writes one. ctx ends with the keeper.
	Stream(ctx context.Context, op string, args json.RawMessage, s *Stream) error
}

// Stream is a connection of messages in both directions. Next and Send may be used at the same time, each by one goroutine.
type Stream struct {
	// Files are the open files that came with the request; the thing that serves it closes them.
	Files []*os.File

	conn net.Conn
	in   *lines
}

// Next reads the other side's next message into v; any error is the end.
func (s *Stream) Next(v any) error { return s.in.next(v) }

// Send writes a message. A side that takes nothing for this long is given up.
func (s *Stream) Send(v any) error {
	_ = s.conn.SetWriteDeadline(time.Now().Add(sendTimeout))
	return send(s.conn, v)
}

// sendTimeout bounds the writing of one message.
const sendTimeout = 10 * time.Second

// Close hangs up. It may be called twice.
func (s *Stream) Close() error { return s.conn.Close() }

// stream serves a request that takes over its connection, and reports whether it was one.
func (h *holder) stream(c net.Conn, in *lines, req request, rights *rightsReader) bool {
	h.mu.Lock()
	thing := h.thing
	h.mu.Unlock()
	t, ok := thing.(Streamer)
	if !ok || req.V != Version || !t.Streams(req.Op) {
		return false
	}
	if send(c, response{V: Version, Result: json.RawMessage(`{}`)}) != nil {
		return true
	}
	_ = t.Stream(h.ctx, req.Op, req.Args, &Stream{Files: rights.take(), conn: c, in: in})
	return true
}

// Stream asks for a request that takes over its connection, and passes files on as [Keepers.Give] does. ctx bounds the asking alone; the
// caller closes the stream.
func (k *Keepers) Stream(ctx context.Context, id, op string, args any, files ...*os.File) (*Stream, error) {
	if !ValidID("", id) {
		return nil, notFound(id)
	}
	c, _, err := k.dial(ctx, id)
	if err != nil {
		return nil, err
	}
	s := &Stream{conn: c, in: newLines(c)}
	stop := context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	req := request{V: Version, Op: op}
	if req.Args, err = json.Marshal(args); err == nil && len(files) > 0 {
		err = pass(c, files)
	}
	if err == nil {
		err = send(c, req)
	}
	var r response
	if err == nil {
		err = s.in.next(&r)
	}
	if err == nil && r.Error != nil {
		err = r.Error
	}
	if err != nil {
		c.Close()
		return nil, err
	}
	return s, nil
}
