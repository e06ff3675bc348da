package forward

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"

	"relay-shell/internal/keeper"
)

// listen opens the listener of an L or D forward and tells its port.
func listen(s Spec) (net.Listener, int, error) {
	address := net.JoinHostPort(s.listenHost(), strconv.Itoa(s.Port))
	l, err := net.Listen("tcp", address)
	if err == nil {
		return l, l.Addr().(*net.TCPAddr).Port, nil
	}
	e := &keeper.Error{Code: "internal", Message: fmt.Sprintf("listening on %s: %v", address, err)}
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		e.Code, e.Message = "already_exists", "port "+address+" is in use"
		e.Hint = "port 0 has a free one picked; ssh_forward_list shows whose forward it may be"
	case errors.Is(err, syscall.EACCES):
		e.Code, e.Hint = "permission_denied", "ports below 1024 are root's; choose another, or 0"
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		e.Code, e.Hint = "invalid_argument", "the bind address must be one of this machine's own"
	}
	return nil, 0, e
}
