package forward

import (
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// Direction is the kind of a forward, by the letter of ssh's option.
type Direction string

// The directions.
const (
	// Local listens here and connects from the host (ssh -L).
	Local Direction = "L"
	// Remote listens on the host and connects from here (ssh -R).
	Remote Direction = "R"
	// Dynamic listens here for SOCKS5 and connects from the host (ssh -D).
	Dynamic Direction = "D"
)

// Spec is what a forward does.
type Spec struct {
	Direction Direction `json:"direction"`
	// Bind is the address to listen on: "" is loopback, "*" all.
	Bind string `json:"bind,omitempty"`
	// Port is where to listen; 0 has one picked.
	Port int `json:"port"`
	// Host and HostPort are where connections lead; unused for Dynamic.
	Host     string `json:"host,omitempty"`
	HostPort int    `json:"host_port,omitempty"`
}

// SpecError refuses a text that describes no forward.
type SpecError struct{ Text, Reason string }

func (e *SpecError) Error() string { return "spec " + strconv.Quote(e.Text) + " " + e.Reason }

// ErrorCode is invalid_argument.
func (e *SpecError) ErrorCode() string { return "invalid_argument" }

// ErrorHint shows the form.
func (e *SpecError) ErrorHint() string {
	return "write L:[bind:]port:host:port, R:[bind:]port:host:port or D:[bind:]port; port 0 picks one; IPv6 addresses in brackets"
}

// maxSpec bounds the text in bytes.
const maxSpec = 600

// Parse reads L:[bind:]port:host:port, R:[bind:]port:host:port or D:[bind:]port. Its errors are of type *[SpecError].
func Parse(text string) (Spec, error) {
	bad := func(reason string) (Spec, error) { return Spec{}, &SpecError{Text: clip(text), Reason: reason} }
	if len(text) > maxSpec {
		return bad("is too long")
	}
	fields, ok := split(text)
	if !ok {
		return bad("has brackets that enclose no address")
	}
	s := Spec{Direction: Direction(strings.ToUpper(fields[0].text))}
	fields = fields[1:]
	switch s.Direction {
	case Local, Remote:
		if len(fields) < 2 {
			return bad("does not say where to")
		}
		to := fields[len(fields)-2:]
		fields = fields[:len(fields)-2]
		s.Host = to[0].text
		if s.HostPort, ok = port(to[1].text); !ok || to[1].bracketed || s.HostPort == 0 {
			return bad("has no port between 1 and 65535 at its end")
		}
		if !to[0].isHost() {
			return bad("leads to something that is no host name or address")
		}
	case Dynamic:
	default:
		return bad("does not begin with L:, R: or D:")
	}
	switch len(fields) {
	case 1:
	case 2:
		if !fields[0].isBind() {
			return bad("has a bind address that is neither an IP address, localhost nor *")
		}
		s.Bind = fields[0].text
		fields = fields[1:]
	default:
		return bad("has the wrong number of fields")
	}
	if s.Port, ok = port(fields[0].text); !ok || fields[0].bracketed {
		return bad("has no port between 0 and 65535 to listen on")
	}
	return s, nil
}

// field is a part of the text between colons.
type field struct {
	text      string
	bracketed bool
}

// split cuts the text at its colons, but for those in brackets.
func split(text string) ([]field, bool) {
	var fields []field
	for {
		if inner, ok := strings.CutPrefix(text, "["); ok {
			address, rest, ok := strings.Cut(inner, "]")
			if !ok || rest != "" && rest[0] != ':' {
				return nil, false
			}
			if a, err := netip.ParseAddr(address); err != nil || !a.Is6() || strings.ContainsAny(a.Zone(), "%[]:") || !isName(a.Zone(), true) {
				return nil, false
			}
			fields = append(fields, field{address, true})
			if rest == "" {
				return fields, true
			}
			text = rest[1:]
			continue
		}
		part, rest, more := strings.Cut(text, ":")
		fields = append(fields, field{part, false})
		if !more {
			return fields, true
		}
		text = rest
	}
}

func port(text string) (int, bool) {
	if text == "" || len(text) > 5 || strings.Trim(text, "0123456789") != "" {
		return 0, false
	}
	n, _ := strconv.Atoi(text)
	return n, n <= 65535
}

func (f field) isHost() bool { return f.bracketed || isName(f.text, false) }

func (f field) isBind() bool {
	if f.bracketed || f.text == "localhost" || f.text == "*" {
		return true
	}
	_, err := netip.ParseAddr(f.text)
	return err == nil
}

// isName reports whether the text can be a host name: what reaches ssh, and hosts, is letters, digits and a few marks.
func isName(text string, empty bool) bool {
	if text == "" {
		return empty
	}
	if len(text) > 253 || text[0] == '-' {
		return false
	}
	for i := range len(text) {
		c := text[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '-' || c == '_') {
			return false
		}
	}
	return true
}

// String is the spec's text, which Parse reads.
func (s Spec) String() string {
	text := string(s.Direction) + ":"
	if s.Bind != "" {
		text += brackets(s.Bind) + ":"
	}
	text += strconv.Itoa(s.Port)
	if s.Direction != Dynamic {
		text += ":" + s.Target()
	}
	return text
}

// Target is host:port of where connections lead, "" for Dynamic.
func (s Spec) Target() string {
	if s.Direction == Dynamic {
		return ""
	}
	return net.JoinHostPort(s.Host, strconv.Itoa(s.HostPort))
}

// Loopback reports whether only the listening machine itself reaches the forward.
func (s Spec) Loopback() bool {
	if s.Bind == "" || s.Bind == "localhost" {
		return true
	}
	a, err := netip.ParseAddr(s.Bind)
	return err == nil && a.Unmap().IsLoopback()
}

// listenHost is the address to listen on, here.
func (s Spec) listenHost() string {
	switch s.Bind {
	case "", "localhost":
		return "127.0.0.1"
	case "*":
		return ""
	}
	return s.Bind
}

func brackets(host string) string {
	if strings.Contains(host, ":") {
		return "[" + host + "]"
	}
	return host
}

func clip(s string) string {
	if len(s) > 80 {
		return s[:80] + "…"
	}
	return s
}
