package forward

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// greetingTimeout is how long a client may take to say where it wants to go.
const greetingTimeout = 10 * time.Second

// The bytes of RFC 1928.
const (
	socksVersion = 5
	noAuth       = 0
	noMethod     = 0xff
	cmdConnect   = 1
	addressIPv4  = 1
	addressName  = 3
	addressIPv6  = 4

	replyOK              = 0
	replyFailure         = 1
	replyNotAllowed      = 2
	replyNetUnreachable  = 3
	replyHostUnreachable = 4
	replyRefused         = 5
	replyCommand         = 7
	replyAddress         = 8
)

// socksError is a request that is answered with a reply of its own.
type socksError struct {
	reply byte
	text  string
}

func (e *socksError) Error() string { return "SOCKS: " + e.text }

// errNotSocks is a client that speaks something else, which gets no answer.
var errNotSocks = errors.New("SOCKS: the client does not speak SOCKS5")

// socks reads where the client wants to go, connects there and tells it how that went.
func (f *Forward) socks(ctx context.Context, c net.Conn) (net.Conn, error) {
	_ = c.SetDeadline(time.Now().Add(greetingTimeout))
	host, port, err := readRequest(c)
	var refused *socksError
	if errors.As(err, &refused) {
		_ = reply(c, refused.reply)
		return nil, err
	}
	if err != nil {
		return nil, err
	}
	_ = c.SetDeadline(time.Time{})
	if denies(f.deny, host, strconv.Itoa(port)) {
		_ = reply(c, replyNotAllowed)
		return nil, fmt.Errorf("%s matches the operator's deny pattern", net.JoinHostPort(host, strconv.Itoa(port)))
	}
	target, err := f.dial(ctx, host, port)
	if err != nil {
		_ = reply(c, replyFor(err))
		return nil, err
	}
	if err := reply(c, replyOK); err != nil {
		target.Close()
		return nil, err
	}
	return target, nil
}

// readRequest agrees on no authentication and reads the request. It takes no byte of what follows.
func readRequest(c io.ReadWriter) (host string, port int, err error) {
	head := make([]byte, 2)
	if _, err := io.ReadFull(c, head); err != nil || head[0] != socksVersion {
		return "", 0, errNotSocks
	}
	methods := make([]byte, head[1])
	if _, err := io.ReadFull(c, methods); err != nil {
		return "", 0, errNotSocks
	}
	if bytes.IndexByte(methods, noAuth) < 0 {
		_, _ = c.Write([]byte{socksVersion, noMethod})
		return "", 0, errors.New("SOCKS: the client insists on authentication")
	}
	if _, err := c.Write([]byte{socksVersion, noAuth}); err != nil {
		return "", 0, err
	}
	fixed := make([]byte, 4) // version, command, reserved, type of address
	if _, err := io.ReadFull(c, fixed); err != nil || fixed[0] != socksVersion {
		return "", 0, errNotSocks
	}
	if host, err = readAddress(c, fixed[3]); err != nil {
		return "", 0, err
	}
	number := make([]byte, 2)
	if _, err := io.ReadFull(c, number); err != nil {
		return "", 0, errNotSocks
	}
	port = int(number[0])<<8 | int(number[1])
	switch {
	case fixed[1] != cmdConnect:
		return "", 0, &socksError{replyCommand, "only CONNECT is served"}
	case port == 0:
		return "", 0, &socksError{replyFailure, "port 0"}
	}
	return host, port, nil
}

func readAddress(c io.Reader, kind byte) (string, error) {
	size := 0
	switch kind {
	case addressIPv4:
		size = 4
	case addressIPv6:
		size = 16
	case addressName:
		length := make([]byte, 1)
		if _, err := io.ReadFull(c, length); err != nil {
			return "", errNotSocks
		}
		size = int(length[0])
	default:
		return "", &socksError{replyAddress, "unknown type of address"}
	}
	b := make([]byte, size)
	if _, err := io.ReadFull(c, b); err != nil {
		return "", errNotSocks
	}
	if kind != addressName {
		a, _ := netip.AddrFromSlice(b)
		return a.String(), nil
	}
	name := string(b)
	if a, err := netip.ParseAddr(strings.Trim(name, "[]")); err == nil { // some clients send addresses as names
		return a.String(), nil
	}
	if !isName(name, false) {
		return "", &socksError{replyHostUnreachable, "a name that no host can have"}
	}
	return name, nil
}

// reply answers a request; the address that the target sees is not known, which zeroes say.
func reply(c io.Writer, code byte) error {
	_, err := c.Write([]byte{socksVersion, code, 0, addressIPv4, 0, 0, 0, 0, 0, 0})
	return err
}

// replyFor puts a failure in SOCKS's words. ssh does not tell why a host refused a connection.
func replyFor(err error) byte {
	var coded interface{ ErrorCode() string }
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return replyHostUnreachable
	case !errors.As(err, &coded):
		return replyFailure
	}
	switch coded.ErrorCode() {
	case "unreachable":
		return replyRefused
	case "connection_lost", "connect_timeout", "dns":
		return replyNetUnreachable
	}
	return replyFailure
}
