// Package sftp is a client of the SSH File Transfer Protocol, version 3 (draft-ietf-secsh-filexfer-02), with the extensions of
// OpenSSH (PROTOCOL, section 4, in its source): fsync, posix-rename, hardlink, lsetstat, statvfs, limits. [New] speaks it over
// any pair of streams.
//
// It is its own client because a file must have its mode from the moment it is created (a chmod afterwards leaves a moment
// in which anybody may open a secret), because every request ends with its context, and because many large requests in flight, read into
// and written from where the bytes are, are what makes a transfer as fast as scp.
//
// A server is not trusted: whatever it sends is bounded and never panics, and a name that it lists is the caller's to judge.
package sftp

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
)

// Client is a conversation with one server. It is safe for concurrent use.
type Client struct {
	in         io.ReadCloser
	out        io.WriteCloser
	queue      chan outgoing
	extensions map[string]string
	maxRead    int
	maxWrite   int

	dead chan struct{} // closed when the conversation is over; err says why
	work sync.WaitGroup

	mu      sync.Mutex
	err     error
	serial  uint32
	pending map[uint32]*request
	// abandoned counts requests whose caller has gone before the answer: a server that hangs has some.
	abandoned int
}

// request is one that the server has not answered.
type request struct {
	answer chan response // buffered
	// late is told the answer of an abandoned request, in a goroutine of its own.
	late func(response)
	gone bool
}

type response struct {
	kind byte
	body []byte // without type and id
}

// ErrClosed says that the client was closed.
var ErrClosed = errors.New("the sftp session was closed")

// New greets the server. in and out are closed with the client. The end of ctx closes them, too, while it greets.
func New(ctx context.Context, in io.ReadCloser, out io.WriteCloser) (*Client, error) {
	c := &Client{in: in, out: out, queue: make(chan outgoing, 64), dead: make(chan struct{}), pending: map[uint32]*request{}, extensions: map[string]string{}}
	stop := context.AfterFunc(ctx, func() { in.Close(); out.Close() })
	r := bufio.NewReaderSize(in, 64<<10)
	err := c.greet(r)
	if !stop() {
		err = errors.Join(context.Cause(ctx), err)
	}
	if err != nil {
		in.Close()
		out.Close()
		return nil, err
	}
	c.work.Go(func() { c.read(r) })
	c.work.Go(c.write)
	c.askLimits(ctx)
	return c, nil
}

func (c *Client) greet(r *bufio.Reader) error {
	hello := binary.BigEndian.AppendUint32(nil, 5)
	hello = binary.BigEndian.AppendUint32(append(hello, typeInit), 3)
	if _, err := c.out.Write(hello); err != nil {
		return err
	}
	var head [5]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return fmt.Errorf("no greeting: %w", err)
	}
	size := binary.BigEndian.Uint32(head[:])
	if head[4] != typeVersion || size < 5 || size > 64<<10 {
		return &ProtocolError{What: fmt.Sprintf("a greeting of type %d and %d bytes (text before it? a login script must print nothing)", head[4], size)}
	}
	body := make([]byte, size-1)
	if _, err := io.ReadFull(r, body); err != nil {
		return fmt.Errorf("no greeting: %w", err)
	}
	f := fields{rest: body}
	if version := f.uint32(); version != 3 {
		return &ProtocolError{What: fmt.Sprintf("version %d", version)}
	}
	for len(f.rest) > 0 && !f.bad {
		name, value := f.string(), f.string()
		c.extensions[name] = value
	}
	return nil
}

// ProtocolError says that the server does not speak the protocol.
type ProtocolError struct{ What string }

func (e *ProtocolError) Error() string { return "unexpected from the sftp server: " + e.What }

// Has reports whether the server has an extension, by its name with the domain.
func (c *Client) Has(extension string) bool { _, ok := c.extensions[extension]; return ok }

// Dead is closed when the conversation is over.
func (c *Client) Dead() <-chan struct{} { return c.dead }

// Abandoned counts the requests that the server has not answered though nobody waits any more.
func (c *Client) Abandoned() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.abandoned
}

// Close ends the conversation. It may be called twice.
func (c *Client) Close() error {
	c.end(ErrClosed)
	c.work.Wait()
	return nil
}

func (c *Client) end(err error) {
	c.mu.Lock()
	first := c.err == nil
	if first {
		c.err = err
		close(c.dead)
	}
	c.mu.Unlock()
	if first {
		c.in.Close()
		c.out.Close()
	}
}

// Err is why the conversation is over, nil while it is not.
func (c *Client) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// LostError says that the connection to the server has ended.
type LostError struct{ Err error }

func (e *LostError) Error() string { return "the sftp session was lost: " + e.Err.Error() }
func (e *LostError) Unwrap() error { return e.Err }

// lost is a LostError that nobody takes for the end of a file.
func lost(err error) error {
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return &LostError{Err: err}
}

// read hands out the answers. It ends with the conversation.
func (c *Client) read(r *bufio.Reader) {
	for {
		var head [headerSize]byte
		if _, err := io.ReadFull(r, head[:]); err != nil {
			c.end(lost(err))
			return
		}
		size := binary.BigEndian.Uint32(head[:])
		if size < 5 || size > maxPacket {
			c.end(&ProtocolError{What: fmt.Sprintf("a packet of %d bytes", size)})
			return
		}
		body := make([]byte, size-5)
		if _, err := io.ReadFull(r, body); err != nil {
			c.end(lost(err))
			return
		}
		if !c.deliver(binary.BigEndian.Uint32(head[5:]), response{kind: head[4], body: body}) {
			c.end(&ProtocolError{What: "an answer to no question"})
			return
		}
	}
}

func (c *Client) deliver(id uint32, a response) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	q, ok := c.pending[id]
	if !ok {
		return false
	}
	delete(c.pending, id)
	if q.gone {
		c.abandoned--
		if q.late != nil {
			go q.late(a) // ends with two further requests, or the conversation
		}
		return true
	}
	q.answer <- a
	return true
}

// send queues a request. data follows p as it is and must not change until the call's written is closed: a server may answer before
// it has read everything.
func (c *Client) send(ctx context.Context, p packet, data []byte) (*call, error) {
	q := &request{answer: make(chan response, 1)}
	c.mu.Lock()
	if c.err != nil {
		defer c.mu.Unlock()
		return nil, c.err
	}
	c.serial++
	id := c.serial
	c.pending[id] = q
	c.mu.Unlock()
	p.seal(id, len(data))
	o := outgoing{pieces: [][]byte{p}}
	if len(data) > 0 {
		o = outgoing{pieces: [][]byte{p, data}, written: make(chan struct{})}
	}
	select {
	case c.queue <- o:
		return &call{c: c, id: id, q: q, written: o.written}, nil
	case <-c.dead:
		return nil, c.Err()
	case <-ctx.Done():
		c.mu.Lock()
		delete(c.pending, id)
		c.mu.Unlock()
		return nil, context.Cause(ctx)
	}
}

// call is a request under way.
type call struct {
	c       *Client
	id      uint32
	q       *request
	written <-chan struct{} // nil for one without data
}

// wait waits for the answer. late gets one that comes after the end of ctx.
func (k *call) wait(ctx context.Context, late func(response)) (response, error) {
	select {
	case a := <-k.q.answer:
		return a, nil
	case <-k.c.dead:
		select {
		case a := <-k.q.answer:
			return a, nil
		default:
			return response{}, k.c.Err()
		}
	case <-ctx.Done():
	}
	k.c.mu.Lock()
	defer k.c.mu.Unlock()
	select {
	case a := <-k.q.answer:
		return a, nil
	default:
	}
	k.q.gone, k.q.late = true, late
	k.c.abandoned++
	return response{}, context.Cause(ctx)
}

// do sends a request and waits for its answer.
func (c *Client) do(ctx context.Context, p packet) (response, error) {
	k, err := c.send(ctx, p, nil)
	if err != nil {
		return response{}, err
	}
	return k.wait(ctx, nil)
}
