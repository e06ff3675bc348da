package sshbin

import (
	"context"
	"errors"
	"net"
	"time"

	"relay-shell/internal/sshbin/dest"
	"relay-shell/internal/sshbin/failure"
)

// lookupTimeout bounds a question to the DNS.
const lookupTimeout = 5 * time.Second

// Known tells an alias, an address or a name that resolves from a mistake (unknown_host), without connecting. Where the DNS does not answer
// it gives the benefit of the doubt.
func Known(ctx context.Context, r *dest.Resolved) error {
	if r.IsAlias() {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	_, err := net.DefaultResolver.LookupHost(ctx, r.Hostname)
	var none *net.DNSError
	if !errors.As(err, &none) || !none.IsNotFound {
		return nil
	}
	f := failure.UnknownHost(failure.Place{Host: r.Alias, Hostname: r.Hostname}, none.Error())
	return &Error{Op: "looking up", Host: r.Alias, Code: f.Code, Message: f.Message, Hint: f.Hint, Err: f}
}
