// Package hostkey shows which keys hosts present, how they compare with known_hosts, and adds one that somebody has
// compared with the host's own.
//
// Start with [Scan], which asks many hosts at once through ssh-keyscan, or through ssh itself where a jump host or a
// ProxyCommand lies on the way, and [Trust], which stores the key with one fingerprint and no other.
//
// A scan proves nothing: it shows what answers at the address now. What it cannot do: keys signed by a host
// certificate authority are shown as plain keys, and names are compared as ssh does but for CheckHostIP's addresses.
package hostkey

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"

	"relay-shell/internal/lazyregexp"
	"relay-shell/internal/sshbin/dest"
)

// State is how a key that a host shows compares with known_hosts.
type State string

const (
	// Match: known_hosts has this key for the host.
	Match State = "match"
	// Unknown: known_hosts has no key of this type for the host, and none that contradicts it.
	Unknown State = "unknown"
	// Changed: known_hosts has other keys for the host, and ssh would refuse this one.
	Changed State = "changed"
	// Revoked: known_hosts marks this key as revoked.
	Revoked State = "revoked"
)

// A Key is one key that a host shows.
type Key struct {
	Type        string // as in RFC 4253, for example ssh-ed25519
	Fingerprint string // "SHA256:…" without padding
	State       State
	Where       string // "file:line" of the entry that State speaks of, "" for none
	Public      ssh.PublicKey
}

// A Result is what one host showed. Keys is empty exactly if Err is set.
type Result struct {
	Host     *dest.Resolved
	Name     string // under which known_hosts has it: HostKeyAlias, host, or [host]:port
	Keys     []Key
	Err      error // of type *Error or *failure.Error
	Duration time.Duration
}

// Options bound a scan. Zero values are the defaults.
type Options struct {
	SSH         string        // path of ssh, "" for the one in PATH
	Keyscan     string        // path of ssh-keyscan, "" for the one in PATH
	Env         []string      // environment before dest.Environ; nil is an empty one
	Timeout     time.Duration // for one host, default 10 s; ssh_config's ConnectTimeout does not count
	Total       time.Duration // for all hosts, default 60 s
	Types       []string      // ed25519, ecdsa, rsa, ed25519-sk, ecdsa-sk, or the names of RFC 4253; empty is what ssh-keyscan asks for
	Concurrency int           // hosts at once, default 32
	Dir         string        // private directory for scratch files, "" for the system's temporary one
}

const (
	defaultTimeout     = 10 * time.Second
	defaultTotal       = time.Minute
	defaultConcurrency = 32
)

func (o Options) withDefaults() Options {
	if o.SSH == "" {
		o.SSH = "ssh"
	}
	if o.Keyscan == "" {
		o.Keyscan = "ssh-keyscan"
	}
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	if o.Total <= 0 {
		o.Total = max(defaultTotal, o.Timeout)
	}
	if o.Concurrency <= 0 {
		o.Concurrency = defaultConcurrency
	}
	return o
}

// An Error is a refused argument, or a scan that brought nothing.
type Error struct {
	Code    string
	Message string
	Hint    string
	Err     error
}

func (e *Error) Error() string { return e.Message }

func (e *Error) Unwrap() error { return e.Err }

// ErrorCode is one of the contract's codes.
func (e *Error) ErrorCode() string { return e.Code }

// ErrorHint says what to do or call next.
func (e *Error) ErrorHint() string { return e.Hint }

// Scan asks every host for its keys, in the order of hosts. When ctx or the total time ends, hosts that have not
// answered carry that as their error.
func Scan(ctx context.Context, hosts []*dest.Resolved, o Options) ([]Result, error) {
	types, err := keyTypes(o.Types)
	if err != nil {
		return nil, err
	}
	o = o.withDefaults()
	o.Types = types
	ctx, cancel := context.WithTimeoutCause(ctx, o.Total, &Error{Code: "connect_timeout", Message: fmt.Sprintf("the scan as a whole ended after %v", o.Total), Hint: "scan fewer hosts, or give more time"})
	defer cancel()
	results := make([]Result, len(hosts))
	places := make(chan struct{}, o.Concurrency)
	var running sync.WaitGroup
	for i, host := range hosts {
		running.Go(func() {
			results[i] = Result{Host: host, Name: NameOf(host)}
			select {
			case places <- struct{}{}:
				defer func() { <-places }()
			case <-ctx.Done():
				results[i].Err = context.Cause(ctx)
				return
			}
			start := time.Now()
			results[i].Keys, results[i].Err = scanOne(ctx, host, o)
			results[i].Duration = time.Since(start)
		})
	}
	running.Wait()
	return results, nil
}

// scanOne asks one host and compares.
func scanOne(ctx context.Context, host *dest.Resolved, o Options) ([]Key, error) {
	ctx, cancel := context.WithTimeout(ctx, o.Timeout+scanSlack)
	defer cancel()
	ask := keyscan
	if len(host.Jump) > 0 || host.ProxyCommand != "" {
		ask = probe
	}
	public, err := ask(ctx, host, o)
	if err != nil {
		return nil, err
	}
	return compare(host, public), nil
}

// scanSlack is what a process may take beyond the time that it was told.
const scanSlack = 2 * time.Second

// keyNames are the types of ssh-keyscan -t by the names that keys carry.
var keyNames = map[string]string{
	"ssh-ed25519": "ed25519", "ssh-rsa": "rsa", "rsa-sha2-256": "rsa", "rsa-sha2-512": "rsa", "ssh-dss": "dsa",
	"ecdsa-sha2-nistp256": "ecdsa", "ecdsa-sha2-nistp384": "ecdsa", "ecdsa-sha2-nistp521": "ecdsa",
	"sk-ssh-ed25519@openssh.com": "ed25519-sk", "sk-ecdsa-sha2-nistp256@openssh.com": "ecdsa-sk",
	"ed25519": "ed25519", "ecdsa": "ecdsa", "rsa": "rsa", "dsa": "dsa", "ed25519-sk": "ed25519-sk", "ecdsa-sk": "ecdsa-sk",
}

func keyTypes(given []string) ([]string, error) {
	var types []string
	for _, t := range given {
		name, ok := keyNames[strings.ToLower(strings.TrimSpace(t))]
		if !ok {
			return nil, &Error{Code: "invalid_argument", Message: fmt.Sprintf("key type %q is not known", t), Hint: "use ed25519, ecdsa, rsa, ed25519-sk or ecdsa-sk, or leave key_types out"}
		}
		if !slices.Contains(types, name) {
			types = append(types, name)
		}
	}
	return types, nil
}

var fingerprintForm = lazyregexp.New(`^SHA256:[A-Za-z0-9+/]{43}=?$`)

// checkFingerprint gives a fingerprint in the form that keys have here.
func checkFingerprint(s string) (string, error) {
	if !fingerprintForm.MatchString(s) {
		return "", &Error{Code: "invalid_argument", Message: fmt.Sprintf("fingerprint %q is not of the form SHA256:… with 43 characters", s), Hint: "take the fingerprint as ssh_keyscan shows it, or from ssh-keygen -lf on the host"}
	}
	return strings.TrimSuffix(s, "="), nil
}

// deadlineError says which deadline ended a scan.
func deadlineError(ctx context.Context, host *dest.Resolved, o Options) error {
	if cause := context.Cause(ctx); !errors.Is(cause, context.DeadlineExceeded) {
		return cause
	}
	return &Error{Code: "connect_timeout", Message: fmt.Sprintf("%s showed no key within %v", host.Address(), o.Timeout), Hint: "check that the host is up (ssh_check) and that its port speaks SSH"}
}
