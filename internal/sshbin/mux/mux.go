// Package mux is a client of the control socket of an OpenSSH master: it speaks the multiplexing protocol of ssh(1)
// (PROTOCOL.mux in the OpenSSH source, version 4) itself, so that no ssh process has to be forked for each command.
//
// Start with [Dial]; a [Conn] answers [Conn.Alive] and the forwarding requests, or becomes one [Session] whose three
// descriptors the master serves directly. Bytes of a session never pass through this package.
//
// It cannot start a master, log in, or send signals to a remote process: the protocol has no message for that. How a
// remote process died of a signal is not told either: such a session ends without an exit status.
package mux

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"syscall"
	"time"
)

// Message numbers of PROTOCOL.mux, section 11.
const (
	msgHello         = 0x00000001
	reqNewSession    = 0x10000002
	reqAlive         = 0x10000004
	reqTerminate     = 0x10000005
	reqOpenForward   = 0x10000006
	reqCloseForward  = 0x10000007
	reqStdioForward  = 0x10000008
	reqStopListening = 0x10000009
	ansOK            = 0x80000001
	ansDenied        = 0x80000002
	ansFailure       = 0x80000003
	ansExit          = 0x80000004
	ansAlive         = 0x80000005
	ansOpened        = 0x80000006
	ansRemotePort    = 0x80000007
	ansTTYFailed     = 0x80000008
)

const (
	protocolVersion = 4
	// maxMessage is what a master accepts in one message (CHANNEL_MUX_MAX_PACKET in channels.c), and more than it ever sends.
	maxMessage = 256 << 10
	// DefaultTimeout bounds every exchange whose context has no deadline: a frozen master accepts connections and then
	// never answers.
	DefaultTimeout = 10 * time.Second
	// GreetTimeout bounds the exchange of hellos whatever the context allows. A master greets as soon as it accepts.
	GreetTimeout = 3 * time.Second
)

// Conn is a connection to the control socket of a master. Its methods are not safe for concurrent use.
type Conn struct {
	sock      *net.UnixConn
	path      string
	requestID uint32
	greeted   bool // hellos have been exchanged
}

// Dial connects to the control socket at path. The error is a *[NotRunningError] when no master listens there. A full
// listen backlog (EAGAIN, seen with some 30 simultaneous connects) is retried until the context ends.
func Dial(ctx context.Context, path string) (*Conn, error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	var dialer net.Dialer
	for wait := time.Millisecond; ; wait = min(2*wait, 50*time.Millisecond) {
		sock, err := dialer.DialContext(ctx, "unix", path)
		switch {
		case err == nil:
			return &Conn{sock: sock.(*net.UnixConn), path: path}, nil
		case errors.Is(err, syscall.ENOENT), errors.Is(err, syscall.ECONNREFUSED):
			return nil, &NotRunningError{Path: path, Err: err}
		case !errors.Is(err, syscall.EAGAIN):
			return nil, fmt.Errorf("connecting to the master: %w", err)
		}
		pause := time.NewTimer(wait/2 + rand.N(wait))
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return nil, fmt.Errorf("connecting to the master: %w", context.Cause(ctx))
		}
	}
}

// Close ends the connection and with it the session it carries, if any: the remote channel is closed, which by itself ends
// no remote process. It may be called twice.
func (c *Conn) Close() error {
	if err := c.sock.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

func bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, DefaultTimeout)
}

// exchange runs talk with the context's deadline on the socket and turns what went wrong into a *[LostError], unless it
// is one of this package's typed errors already.
func (c *Conn) exchange(ctx context.Context, op string, talk func(sent *bool) error) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	deadline, _ := ctx.Deadline()
	if err := c.sock.SetDeadline(deadline); err != nil {
		return &LostError{Op: op, Err: err}
	}
	// Cancellation has no deadline of its own: a time in the past ends pending reads and writes.
	stop := context.AfterFunc(ctx, func() { _ = c.sock.SetDeadline(time.Unix(1, 0)) })
	var sent bool
	err := talk(&sent)
	switch {
	case !stop():
		err = errors.Join(err, context.Cause(ctx))
	case errors.Is(err, os.ErrDeadlineExceeded):
		// The socket's clock was ahead of the context's, by a moment.
		if err = context.DeadlineExceeded; context.Cause(ctx) != nil {
			err = context.Cause(ctx)
		}
	}
	if err == nil {
		return c.sock.SetDeadline(time.Time{})
	}
	var refused *RefusedError
	var protocol *ProtocolError
	if errors.As(err, &refused) || errors.As(err, &protocol) {
		return err
	}
	return &LostError{Op: op, Sent: sent, Err: err}
}

// Greet exchanges hellos, once; every request begins with it. The request is sent only after it, so that a frozen master, which
// would read what waits in its socket once it thaws, has nothing to read: such an error never has Sent.
func (c *Conn) Greet(ctx context.Context) error {
	if c.greeted {
		return nil
	}
	const op = "greeting"
	ctx, cancel := context.WithTimeoutCause(ctx, GreetTimeout, errNoGreeting)
	defer cancel()
	return c.exchange(ctx, op, func(*bool) error {
		hello := &packet{}
		hello.open()
		hello.uint32(msgHello)
		hello.uint32(protocolVersion)
		if err := c.send(hello); err != nil {
			return err
		}
		kind, body, err := readMessage(c.sock)
		if err != nil {
			return err
		}
		version := body.uint32()
		if kind != msgHello || body.bad || version != protocolVersion {
			return &ProtocolError{Op: op, What: fmt.Sprintf("greeting %#x, version %d", kind, version), Greeting: true}
		}
		c.greeted = true
		return nil
	})
}

// begin starts a request: the type and a fresh request id.
func (c *Conn) begin(kind uint32) *packet {
	p := &packet{}
	c.requestID++
	p.open()
	p.uint32(kind)
	p.uint32(c.requestID)
	return p
}

// send writes a request that begin started.
func (c *Conn) send(p *packet) error {
	p.close()
	if p.err != nil {
		return p.err
	}
	_, err := c.sock.Write(p.bytes)
	return err
}

// answer reads the answer to the current request. A refusal is returned as *[RefusedError].
func (c *Conn) answer(op string) (kind uint32, body fields, err error) {
	kind, body, err = readMessage(c.sock)
	if err != nil {
		return 0, body, err
	}
	id := body.uint32()
	if body.bad || id != c.requestID {
		return 0, body, &ProtocolError{Op: op, What: fmt.Sprintf("answer %#x to request %d instead of %d", kind, id, c.requestID)}
	}
	if kind == ansDenied || kind == ansFailure {
		return 0, body, &RefusedError{Op: op, Denied: kind == ansDenied, Reason: body.string()}
	}
	return kind, body, nil
}

// call is one request with one answer.
func (c *Conn) call(ctx context.Context, op string, request *packet, want ...uint32) (kind uint32, body fields, err error) {
	if err := c.Greet(ctx); err != nil {
		return 0, body, err
	}
	err = c.exchange(ctx, op, func(sent *bool) error {
		if err := c.send(request); err != nil {
			return err
		}
		*sent = true
		kind, body, err = c.answer(op)
		if err != nil {
			return err
		}
		for _, w := range want {
			if kind == w {
				return nil
			}
		}
		return &ProtocolError{Op: op, What: fmt.Sprintf("answer %#x", kind)}
	})
	return kind, body, err
}

// Alive asks the master for a sign of life and returns its process id.
func (c *Conn) Alive(ctx context.Context) (pid int, err error) {
	_, body, err := c.call(ctx, "alive check", c.begin(reqAlive), ansAlive)
	if err != nil {
		return 0, err
	}
	return int(body.uint32()), nil
}

// Alive dials the control socket at path, asks for a sign of life and hangs up.
func Alive(ctx context.Context, path string) (pid int, err error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	c, err := Dial(ctx, path)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	return c.Alive(ctx)
}

// Terminate asks the master to end at once, with every session on it. The master usually exits before its answer is out, so
// end of file counts as success.
func (c *Conn) Terminate(ctx context.Context) error {
	_, _, err := c.call(ctx, "terminate", c.begin(reqTerminate), ansOK)
	var lost *LostError
	if errors.As(err, &lost) && lost.Sent && isEnd(lost.Err) {
		return nil
	}
	return err
}

// StopListening asks the master to take no further clients and to remove its socket; what runs on it goes on.
func (c *Conn) StopListening(ctx context.Context) error {
	_, _, err := c.call(ctx, "stop listening", c.begin(reqStopListening), ansOK)
	return err
}

func isEnd(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}
