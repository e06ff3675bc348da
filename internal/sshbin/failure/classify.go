package failure

import (
	"strings"

	"relay-shell/internal/lazyregexp"
)

// rules are asked in turn; the first that finds something has it. What names a cause comes before what names a
// consequence: a refused host key is also a closed connection.
var rules = []func(t text) *finding{
	configuration,
	hostKeyChanged,
	hostKeyUnknown,
	nameResolution,
	connecting,
	timedOut,
	negotiation,
	authentication,
	touchPending,
	forwarding,
	controlSocket,
	notSSH,
	dropped,
	lost,
}

func classify(t text) *finding {
	for _, rule := range rules {
		if f := rule(t); f != nil {
			if m := serverKey.FindStringSubmatch(t.raw); m != nil && f.fingerprint == "" {
				f.keyType, f.fingerprint = m[1], m[2]
			}
			return f
		}
	}
	return nil
}

// serverKey is a debugging line that masters are told to write (LogVerbose, since 8.5).
var serverKey = lazyregexp.New(`Server host key: (\S+) (SHA256:[A-Za-z0-9+/]{43})`)

var (
	badOption  = lazyregexp.New(`Bad configuration option: |[Uu]nsupported option |Missing argument\.?$|[Bb]ad number|keyword \S+ .*argument|extra arguments at end of line|Bad owner or permissions on|unsupported \S+ "|[Ii]nvalid (quotes|argument)|no argument after keyword`)
	badOwner   = lazyregexp.New(`^Bad owner or permissions on `)
	badOptions = lazyregexp.New(`terminating, \d+ bad configuration options`)
	badFile    = lazyregexp.New(`Can't open user config file (.+): (.+)`)
	badName    = lazyregexp.New(`(hostname|username|remote username) contains invalid characters|Bad (port|stdio forwarding specification|dynamic forwarding specification)|Invalid -J argument|jumphost loop via`)
)

func configuration(t text) *finding {
	if m := t.find(badFile); m != nil {
		return &finding{code: "invalid_argument", message: m[0], advice: adviceConfig}
	}
	if m := t.find(badOptions); m != nil {
		if option := t.find(badOption); option != nil {
			m[0] = option[0]
		}
		return &finding{code: "invalid_argument", message: m[0], advice: adviceConfig}
	}
	if m := t.find(badOwner); m != nil {
		return &finding{code: "invalid_argument", message: m[0], advice: adviceConfig}
	}
	if m := t.find(badName); m != nil {
		return &finding{code: "invalid_argument", message: m[0], advice: adviceConfig}
	}
	return nil
}

var (
	keyChanged   = lazyregexp.New(`REMOTE HOST IDENTIFICATION HAS CHANGED`)
	keyRevoked   = lazyregexp.New(`REVOKED HOST KEY DETECTED|host key for .* was revoked|is marked as revoked`)
	changedLine  = lazyregexp.New(`^(Host key for .* has changed and you have requested strict checking\.|.* host key for .* has changed and .*)$`)
	revokedLine  = lazyregexp.New(`^(.* host key for .* was revoked .*|The .* host key for .* is marked as revoked\.)$`)
	offending    = lazyregexp.New(`^Offending (.*key) in (.+:\d+)$`)
	sentKey      = lazyregexp.New(`(?s)The fingerprint for the (\S+) key sent by the remote host is\s+(SHA256:[A-Za-z0-9+/]{43})`)
	unknownLine  = lazyregexp.New(`^No (\S+) host key is known for (.+) and you have requested strict checking\.$`)
	askedKey     = lazyregexp.New(`(\S+) (?:host )?key fingerprint is (SHA256:[A-Za-z0-9+/]{43})`)
	verification = lazyregexp.New(`^Host key verification failed\.$`)
)

func hostKeyChanged(t text) *finding {
	f := &finding{code: "host_key_changed", advice: adviceKeyChanged}
	switch {
	case keyChanged.MatchString(t.raw):
		f.message = "REMOTE HOST IDENTIFICATION HAS CHANGED"
		if m := t.find(changedLine); m != nil {
			f.message = m[0]
		}
		if m := t.find(offending); m != nil {
			f.message = oneLine(f.message, m[0])
		}
	case keyRevoked.MatchString(t.raw):
		f.message, f.advice = "REVOKED HOST KEY DETECTED", adviceKeyRevoked
		if m := t.find(revokedLine); m != nil {
			f.message = m[0]
		}
	default:
		return nil
	}
	if m := sentKey.FindStringSubmatch(t.raw); m != nil {
		f.keyType, f.fingerprint = m[1], m[2]
	}
	return f
}

func hostKeyUnknown(t text) *finding {
	m := t.find(unknownLine)
	if m == nil {
		if m = t.find(verification); m == nil {
			return nil
		}
	}
	f := &finding{code: "host_key_unknown", message: m[0], advice: adviceKeyUnknown}
	if k := askedKey.FindStringSubmatch(t.raw); k != nil {
		f.keyType, f.fingerprint = k[1], k[2]
	}
	return f
}

var unresolved = lazyregexp.New(`^(?:ssh: )?Could not resolve hostname (.+): (.+)$`)

func nameResolution(t text) *finding {
	m := t.find(unresolved)
	if m == nil {
		return nil
	}
	// EAI_AGAIN: nobody answered, so nothing is known about the name.
	again := strings.Contains(m[2], "Temporary failure") || strings.Contains(m[2], "try again")
	return &finding{code: "dns", message: m[0], lookup: !again, advice: adviceDNS}
}

var (
	connectFailed = lazyregexp.New(`^(?:ssh: )?connect to (?:host .+ port \d+|address .+): (.+)$`)
	timeoutReason = lazyregexp.New(`(?i)timed out`)
)

func connecting(t text) *finding {
	m := t.find(connectFailed)
	if m == nil {
		return nil
	}
	switch {
	case timeoutReason.MatchString(m[1]):
		return &finding{code: "connect_timeout", message: m[0], advice: adviceTimeout}
	case strings.Contains(m[1], "refused"):
		return &finding{code: "unreachable", message: m[0], advice: adviceRefused}
	case strings.Contains(m[1], "reset"):
		return &finding{code: "unreachable", message: m[0], retryable: true, advice: adviceDropped}
	}
	return &finding{code: "unreachable", message: m[0], advice: adviceNoRoute}
}

var connectTimedOut = lazyregexp.New(`^(Connection timed out during banner exchange|Connection to .+ port \d+ timed out|banner exchange: Connection to .+: Connection timed out|.*: (Connection|Operation) timed out)$`)

func timedOut(t text) *finding {
	if m := t.find(connectTimedOut); m != nil && !lostTimeout.MatchString(m[0]) && !openFailed.MatchString(m[0]) {
		return &finding{code: "connect_timeout", message: m[0], proxied: behindProxy.MatchString(t.raw), advice: adviceTimeout}
	}
	return nil
}

// behindProxy is how ssh names a peer that it has no socket to.
var behindProxy = lazyregexp.New(`UNKNOWN port 65535`)

var noMatching = lazyregexp.New(`^Unable to negotiate with .+: no matching (.+) found\. Their offer: (.*)$`)

func negotiation(t text) *finding {
	m := t.find(noMatching)
	if m == nil {
		return nil
	}
	return &finding{code: "unsupported", message: m[0], advice: adviceAlgorithms(m[1], m[2])}
}

var openFailed = lazyregexp.New(`^channel \d+: open failed: ([^:]+): (.+)$`)

// forwarding reads what a hop says when it could not connect onwards. sshd passes the system's words on, in newer
// versions without them ("open failed" alone).
func forwarding(t text) *finding {
	m := t.find(openFailed)
	if m == nil {
		return nil
	}
	f := &finding{code: "unreachable", message: m[0], beyond: true, advice: adviceBehind}
	switch {
	case m[1] == "administratively prohibited":
		return &finding{code: "permission_denied", message: m[0], advice: adviceForbidden}
	case timeoutReason.MatchString(m[2]):
		f.code = "connect_timeout"
	case strings.Contains(m[2], "ame or service not known") || strings.Contains(m[2], "not known"):
		f.code, f.advice = "dns", adviceDNSBehind
	}
	return f
}

var (
	pathTooLong    = lazyregexp.New(`too long for Unix domain socket|ControlPath too long|path "?.*"? too long`)
	socketRefused  = lazyregexp.New(`^(Control socket connect\(.+\): .+|mux_client_\S+: .+|Session open refused by peer|.*read from master failed: .+)$`)
	sessionRefused = lazyregexp.New(`Session open refused by peer|session request failed|^channel \d+: open failed: `)
	socketFailed   = lazyregexp.New(`^(unix_listener: .+|ControlSocket .+|muxserver_listen: .+|link mux listener .+|mkstemp: .+)$`)
)

func controlSocket(t text) *finding {
	if m := t.find(pathTooLong); m != nil {
		return &finding{code: "internal", message: m[0], advice: adviceShortPath}
	}
	if m := t.find(socketFailed); m != nil {
		return &finding{code: "internal", message: m[0], advice: adviceSocket}
	}
	if m := t.find(socketRefused); m != nil {
		return &finding{code: "connection_lost", message: m[0], advice: adviceLost}
	}
	return nil
}

var (
	noBanner = lazyregexp.New(`^(kex_exchange_identification: banner line contains invalid characters|ssh_exchange_identification: .*(invalid|No banner).*|Protocol major versions differ: .+|Bad remote protocol version identification: .+|kex_exchange_identification: (No banner received|Bad banner line|banner line too long|server sent .+).*)$`)
	dropLine = lazyregexp.New(`^(?:kex_exchange_identification|ssh_exchange_identification|banner exchange: Connection to .+ port \d+): (.*(?:[Cc]onnection closed by remote host|Connection reset by peer|Broken pipe|read: .+|write: .+))$`)
	closedBy = lazyregexp.New(`^Connection (?:closed|reset) by (\S+) port (\d+)$`)
)

func notSSH(t text) *finding {
	if m := t.find(noBanner); m != nil {
		return &finding{code: "unreachable", message: m[0], advice: adviceNotSSH}
	}
	return nil
}

func dropped(t text) *finding {
	m := t.find(dropLine)
	if m == nil {
		return nil
	}
	f := &finding{code: "unreachable", message: m[0], retryable: true, proxied: behindProxy.MatchString(t.raw), advice: adviceDropped}
	if by := t.find(closedBy); by != nil && by[1] != "UNKNOWN" {
		f.message = oneLine(f.message, by[0])
	}
	return f
}

var (
	disconnected = lazyregexp.New(`^Received disconnect from .+`)
	lostTimeout  = lazyregexp.New(`^Timeout, server .+ not responding\.$`)
	lostLine     = lazyregexp.New(`^(Timeout, server .+ not responding\.|Connection to .+ closed by remote host\.|client_loop: .+|packet_write_wait: .+|packet_write_poll: .+|ssh_packet_.+|Connection (closed|reset) by .+|ssh_dispatch_run_fatal: .+|Received disconnect from .+|Disconnected from .+|Disconnecting.*|Bad packet length .+|Corrupted MAC on input.*|Write failed.*|Read from remote host .+|Connection closed\.?|kex_.+: .+)$`)
)

func lost(t text) *finding {
	m := t.find(lostLine)
	if m == nil {
		return nil
	}
	if received := t.find(disconnected); received != nil {
		m = received // it carries the server's reason
	}
	f := &finding{code: "connection_lost", message: m[0], advice: adviceLost}
	// A hop that carried the connection well says so when its client hangs up.
	f.after = strings.HasPrefix(m[0], "client_loop: send disconnect") || strings.HasPrefix(m[0], "Disconnected from")
	return f
}
