package mux

import (
	"context"
	"fmt"
)

// ForwardKind is what a forward listens for.
type ForwardKind uint32

// The kinds of PROTOCOL.mux, section 6.
const (
	Local   ForwardKind = 1
	Remote  ForwardKind = 2
	Dynamic ForwardKind = 3
)

// Forward is a forwarding that the master itself keeps. It ends with the master, is listed nowhere, and asking again for an
// existing one succeeds, so that two owners share it unknowingly.
type Forward struct {
	Kind ForwardKind
	// ListenHost is the address to listen on: "" for what the configuration says, "*" for all.
	ListenHost string
	// ListenPort may be 0 for Remote only: the server picks one.
	ListenPort int
	// ConnectHost and ConnectPort are where connections lead; unused for Dynamic.
	ConnectHost string
	ConnectPort int
	// ConnectPath is a unix socket on the connecting side to lead to instead.
	ConnectPath string
}

// streamLocal stands in the place of a port for a unix socket (PORT_STREAMLOCAL, channels.h).
const streamLocal = 0xfffffffe

func (c *Conn) forward(kind uint32, f Forward) *packet {
	p := c.begin(kind)
	p.uint32(uint32(f.Kind))
	p.string(f.ListenHost)
	p.uint32(uint32(f.ListenPort))
	if f.ConnectPath != "" {
		p.string(f.ConnectPath)
		p.uint32(streamLocal)
		return p
	}
	p.string(f.ConnectHost)
	p.uint32(uint32(f.ConnectPort))
	return p
}

func (f Forward) check() error {
	for _, port := range []int{f.ListenPort, f.ConnectPort} {
		if port < 0 || port > 65535 {
			return fmt.Errorf("port %d is not between 0 and 65535", port)
		}
	}
	return nil
}

// OpenForward opens a forwarding and returns the listening port. The error is a *[RefusedError] with the server's reason
// when it will not listen. Servers without GatewayPorts listen on loopback whatever ListenHost says, and do not tell.
func (c *Conn) OpenForward(ctx context.Context, f Forward) (port int, err error) {
	if err := f.check(); err != nil {
		return 0, err
	}
	kind, body, err := c.call(ctx, "forward", c.forward(reqOpenForward, f), ansOK, ansRemotePort)
	if err != nil {
		return 0, err
	}
	if kind == ansRemotePort {
		return int(body.uint32()), nil
	}
	return f.ListenPort, nil
}

// CloseForward closes a forwarding. Everything in f must be as it was opened, ListenPort 0 included.
func (c *Conn) CloseForward(ctx context.Context, f Forward) error {
	if err := f.check(); err != nil {
		return err
	}
	_, _, err := c.call(ctx, "closing a forward", c.forward(reqCloseForward, f), ansOK)
	return err
}
