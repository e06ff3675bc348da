// Package failure reads ssh's own words and says what went wrong: a code that callers act on, what to do next, and
// which hop of the way is at fault. The words stay in the message.
//
// Start with [FromLog], which reads the log files of a master that failed, or with [Read] for words at hand. The
// wording is that of OpenSSH 8.4 to 10.3 (sshconnect.c, sshconnect2.c, kex.c, packet.c, misc.c, mux.c, clientloop.c);
// testdata holds what these versions say.
//
// What it cannot do: ssh does not say that a key was skipped because its passphrase is missing, or that an agent is
// gone; [FromLog] looks for both. A server that drops a connection does not say why.
package failure

import (
	"strings"

	"relay-shell/internal/lazyregexp"
)

// An Error is one understood failure of ssh. It is a value to read; nobody changes it once returned.
type Error struct {
	Code        string   // one of the contract's codes
	Message     string   // ssh's own words, on one line
	Hint        string   // what to do or call next
	Hop         string   // the jump host at fault, "" when it is the destination or this machine
	Methods     []string // authentication methods that the server would still have taken
	KeyType     string   // of the host key that the server showed, such as ssh-ed25519; "" if not told
	Fingerprint string   // of that key, "SHA256:…"; "" if not told
	// Retryable reports that the server dropped the connection before its greeting, as one does that has too many
	// at once (MaxStartups). Nothing was asked of it, so a later attempt may be made.
	Retryable bool
}

// Error gives the words, and the hop at fault before them.
func (e *Error) Error() string {
	if e.Hop != "" {
		return "jump host " + e.Hop + ": " + e.Message
	}
	return e.Message
}

// ErrorCode is one of the contract's codes.
func (e *Error) ErrorCode() string { return e.Code }

// ErrorHint says what to do or call next.
func (e *Error) ErrorHint() string { return e.Hint }

// A Place is an end of a connection: the destination or a hop.
type Place struct {
	Host     string // the name by which it was called
	Hostname string // what ssh_config makes of it
	Alias    bool   // ssh_config knows it; a mere name that does not resolve is an unknown host
	Shared   bool   // its ssh may ride a master of the operator's
	// LockedKeys are private key files with a passphrase that no agent holds. ssh skips them without a word.
	LockedKeys []string
	// AgentGone says why the configured agent does not answer, "" when it does or none is configured.
	AgentGone string
}

// Words are what ssh wrote while it connected.
type Words struct {
	Destination string   // by the ssh that connects to the destination
	Hops        []string // by the ssh (or ProxyCommand) of each hop, in the order of travel
}

// Read says what ssh's words mean for a connection to destination through hops. It always returns an error: words
// that it does not understand have the code internal, and stand in the message.
func Read(words Words, destination Place, hops ...Place) *Error {
	for i, said := range words.Hops {
		e := classify(read(said))
		if e == nil || e.after {
			continue
		}
		if e.beyond { // the hop was reached and could not reach what comes next
			if i+1 < len(hops) {
				return e.at(hops[i+1], true)
			}
			return e.at(destination, false)
		}
		if i < len(hops) {
			return e.at(hops[i], true)
		}
		return e.at(Place{Host: "ProxyCommand"}, false)
	}
	t := read(words.Destination)
	e := classify(t)
	if e == nil || e.proxied {
		if said := read(strings.Join(words.Hops, "\n")).all(); said != "" {
			return (&finding{code: "unreachable", message: said, advice: adviceProxy}).at(destination, false)
		}
	}
	if e != nil {
		if i := silentHop(words, hops); e.proxied && i >= 0 {
			return e.at(hops[i], true)
		}
		return e.at(destination, false)
	}
	if signedIn.MatchString(words.Destination) {
		message := "the connection to " + destination.Host + " ended without a word from ssh"
		return (&finding{code: "connection_lost", message: oneLine(message, t.all()), advice: adviceLost}).at(destination, false)
	}
	message := t.all()
	if message == "" {
		message = "ssh ended without a word"
	}
	return (&finding{code: "internal", message: message, advice: adviceUnknown}).at(destination, false)
}

// ReadClient says what the words of a client of a master mean that ended with status 255 ([dest.Resolved.ClientArgs]).
// Such a client cannot connect by itself, and says so in many ways or, since 10.0, in none. The error's Retryable
// means that the server refused one more session (MaxSessions), so nothing has run.
func ReadClient(words string, destination Place) *Error {
	t := read(words)
	if m := t.find(sessionRefused); m != nil {
		return (&finding{code: "limit_reached", message: m[0], retryable: true, advice: adviceSessions}).at(destination, false)
	}
	if e := classify(t); e != nil && e.code != "unreachable" {
		return e.at(destination, false)
	}
	message := oneLine("the master of the connection is gone", t.all())
	return (&finding{code: "connection_lost", message: message, advice: adviceLost}).at(destination, false)
}

// silentHop gives the position of the first hop that was never signed in to, -1 if there is none. A hop that rides a
// master of the operator's says nothing when all is well, so its silence means nothing.
func silentHop(words Words, hops []Place) int {
	for i, hop := range hops {
		if i < len(words.Hops) && !hop.Shared && !signedIn.MatchString(words.Hops[i]) {
			return i
		}
	}
	return -1
}

var signedIn = lazyregexp.New(`(?m)^Authenticated to `)

// A finding is what a text says before it is known where it happened.
type finding struct {
	code        string
	message     string
	advice      advice
	methods     []string
	keyType     string
	fingerprint string
	retryable   bool
	beyond      bool // the speaker was fine and could not reach what lies behind it
	after       bool // a consequence of another end's failure, unless nothing else is said
	auth        bool // signing in failed, so keys and agent matter
	lookup      bool // a name does not resolve for good
	proxied     bool // the end of a proxy was seen, so the cause lies on the way
}

// UnknownHost is the error of a destination that is neither an alias nor a name that resolves; words say how that was found.
func UnknownHost(p Place, words string) *Error {
	return (&finding{code: "dns", message: words, advice: adviceDNS, lookup: true}).at(p, false)
}

// at finishes a finding with the place where it happened.
func (f *finding) at(p Place, isHop bool) *Error {
	if f.lookup && !p.Alias {
		f.code, f.advice = "unknown_host", adviceUnknownHost
	}
	if f.auth {
		f.lookAtKeys(p)
	}
	e := &Error{Code: f.code, Message: f.message, Methods: f.methods, KeyType: f.keyType, Fingerprint: f.fingerprint, Retryable: f.retryable}
	if isHop {
		e.Hop = p.Host
	}
	e.Hint = f.advice(f, p)
	return e
}

// lookAtKeys turns a refused login into one that a person can make, where that is the reason.
func (f *finding) lookAtKeys(p Place) {
	switch {
	case f.code != "auth_failed":
	case len(p.LockedKeys) > 0:
		f.code, f.advice = "login_required", adviceLockedKey
	case p.AgentGone != "":
		f.advice = adviceAgentGone
	}
}
