package target

import (
	"context"
	"errors"
	"net"
	"slices"
	"sync"
	"time"

	"relay-shell/internal/sshbin/dest"
)

const (
	// lookupTimeout bounds the question to the DNS for one name.
	lookupTimeout = 3 * time.Second
	// lookupTTL is how long an answer is used again, so that a fan-out does not ask for the same jump host a thousand times.
	lookupTTL = 10 * time.Second
	// maxLookups bounds the answers in memory.
	maxLookups = 4096
)

// addresses looks names up, so that a rule which names an address also holds for the names that lead there.
//
// ssh looks the name up again when it connects: whoever rules the DNS can answer differently then. And a name that a proxy or a jump host
// looks up may mean something else there; for those it is done as well as it can be from here.
type addresses struct {
	lookup func(ctx context.Context, host string) ([]string, error)

	mu    sync.Mutex
	known map[string]answer
}

type answer struct {
	names []string
	until time.Time
}

// of lists the addresses of the destination and of the hops on the way in every spelling. The error is that of a destination whose name
// cannot be looked up now, so that nobody knows whether a rule forbids it.
func (a *addresses) of(ctx context.Context, r *dest.Resolved) ([]string, error) {
	names, err := a.names(ctx, r.Hostname)
	if err != nil && r.ProxyCommand == "" && len(r.Jump) == 0 {
		return nil, err
	}
	for i, hop := range r.Jump {
		more, err := a.names(ctx, hop.Hostname)
		if err != nil && i == 0 && hop.Resolved.ProxyCommand == "" {
			return nil, err
		}
		names = append(names, more...)
	}
	return names, nil
}

// names are the spellings of the addresses of one host, none for a name that does not exist.
func (a *addresses) names(ctx context.Context, host string) ([]string, error) {
	a.mu.Lock()
	known, ok := a.known[host]
	a.mu.Unlock()
	if ok && time.Now().Before(known.until) {
		return known.names, nil
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	found, err := a.lookup(ctx, host)
	var said *net.DNSError
	if err != nil && (!errors.As(err, &said) || !said.IsNotFound) {
		return nil, &lookupError{host: host, err: err}
	}
	var names []string
	for _, address := range found {
		for _, s := range dest.Spellings(address) {
			if !slices.Contains(names, s) {
				names = append(names, s)
			}
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.known) >= maxLookups {
		clear(a.known)
	}
	a.known[host] = answer{names, time.Now().Add(lookupTTL)}
	return names, nil
}

// lookupError is a name whose addresses nobody knows now, while the policy asks for them.
type lookupError struct {
	host string
	err  error
}

func (e *lookupError) Error() string     { return "looking up " + e.host + ": " + e.err.Error() }
func (e *lookupError) Unwrap() error     { return e.err }
func (e *lookupError) ErrorCode() string { return "dns" }
func (e *lookupError) ErrorHint() string {
	return "the operator's policy names hosts or addresses, and the DNS does not answer: check the network, then call again"
}
