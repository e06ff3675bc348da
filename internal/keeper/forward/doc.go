// Package forward is port forwarding that survives: a keeper owns the listener and hands each connection to the live master of
// a host, or starts a master again when there is none.
//
// [Open] is the keeper's kind; [Params] go there, [Status] comes back. OpenSSH's own forwards end with their master, share a
// port unknowingly, are listed nowhere and report no port for L:0. Only for R the listener has to be the master's (PROTOCOL.mux,
// MUX_C_OPEN_FWD): it leads to a private unix socket of the keeper, which connects from there, counts, and opens it again when the
// master is lost.
//
// What it cannot do: SOCKS5 with authentication, UDP, or other commands than CONNECT; learn whether a server without GatewayPorts
// listens on loopback where another address was asked for; carry an R connection while its master is gone.
package forward

import (
	"regexp"
	"time"

	"relay-shell/internal/sshbin"
	"relay-shell/internal/sshbin/dest"
)

// Kind is the name of the kind.
const Kind = "forward"

// Params describe a forward to a new keeper.
type Params struct {
	// Host is the validated destination with everything that the inventory adds.
	Host dest.Destination `json:"host"`
	// Name is how the caller called it, for lists.
	Name string `json:"name"`
	Spec Spec   `json:"spec"`
	// SSH are the engine's options, the same as the server's, so that both ride the same masters. Log does not travel.
	SSH sshbin.Options `json:"ssh"`
	// StoreHostKey allows the first connection to store the key of a new host.
	StoreHostKey bool `json:"store_host_key"`
	// Deny is an RE2 pattern of targets that clients of a Dynamic forward are refused, "" for none.
	Deny string `json:"deny,omitempty"`
}

// Status is what a forward tells of itself.
type Status struct {
	Host string `json:"host"`
	Spec string `json:"spec"`
	// ListenHost and ListenPort are where it listens now.
	ListenHost string `json:"listen_host"`
	ListenPort int    `json:"listen_port"`
	// State is open, or reconnecting while an R forward has no master.
	State string `json:"state"`
	// Connections are all that were accepted, Active those that live, Failed those that led nowhere.
	Connections int64 `json:"connections"`
	Active      int64 `json:"active"`
	Failed      int64 `json:"failed"`
	// Sent are bytes from the listening side to the target, Received those from there.
	Sent     int64 `json:"sent_bytes"`
	Received int64 `json:"received_bytes"`
	// Error is the newest failure.
	Error   string     `json:"error,omitempty"`
	ErrorAt *time.Time `json:"error_at,omitempty"`
}

// The states.
const (
	StateOpen         = "open"
	StateReconnecting = "reconnecting"
)

// denies reports whether the pattern matches a target, in any spelling of its address.
func denies(deny *regexp.Regexp, host, port string) bool {
	if deny == nil {
		return false
	}
	for _, name := range dest.Spellings(host) {
		for _, probe := range []string{name, name + ":" + port, brackets(name) + ":" + port, "ssh_forward " + name} {
			if deny.MatchString(probe) {
				return true
			}
		}
	}
	return false
}
