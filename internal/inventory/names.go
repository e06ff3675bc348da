package inventory

import (
	"fmt"
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxName = 253 // RFC 1035: 255 bytes on the wire, 253 as text
	maxUser = 128
)

// checkHost says why a name cannot be that of a host, nil when it can. Names reach ssh's command line, ProxyCommand and
// Match exec, which a shell reads: letters, digits and "._-+" pass, not beginning with one of ".-+", and IPv6 addresses.
func checkHost(name string) error {
	switch {
	case name == "":
		return fmt.Errorf("is empty")
	case len(name) > maxName:
		return fmt.Errorf("is longer than %d bytes", maxName)
	case !utf8.ValidString(name):
		return fmt.Errorf("is not valid UTF-8")
	case name[0] == '-':
		return fmt.Errorf("starts with a dash, which ssh would read as an option")
	}
	zone := 0 // where the characters of a host name begin
	if strings.Contains(name, ":") {
		addr, err := netip.ParseAddr(name)
		if err != nil || !addr.Is6() {
			return fmt.Errorf("holds a colon and is no IPv6 address")
		}
		if addr.Zone() == "" {
			return nil
		}
		zone = strings.IndexByte(name, '%') + 1
	}
	for i, r := range name[zone:] {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("._-+", r) || i == 0 && strings.ContainsRune(".-+", r) {
			return fmt.Errorf("holds %q, which no host name has there", r)
		}
	}
	return nil
}

// checkUser allows ASCII letters, digits and "._-+@", beginning with a letter, a digit or "_".
func checkUser(user string) error {
	if user == "" || len(user) > maxUser {
		return fmt.Errorf("is empty or longer than %d bytes", maxUser)
	}
	for i := range len(user) {
		c := user[i]
		plain := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_'
		if !plain && (i == 0 || strings.IndexByte(".-+@", c) < 0) {
			return fmt.Errorf("holds %q, which no user name has there", rune(c))
		}
	}
	return nil
}

// checkJump allows what ssh -J takes: a comma list of [user@]host[:port], or "none".
func checkJump(jump string) error {
	if jump == "none" {
		return nil
	}
	for _, hop := range strings.Split(jump, ",") {
		user, host, port, err := splitDestination(strings.TrimSpace(hop))
		if err == nil && user != "" {
			err = checkUser(user)
		}
		if err == nil {
			err = checkHost(host)
		}
		if err == nil && port != "" {
			_, err = parsePort(port)
		}
		if err != nil {
			return fmt.Errorf("has a hop %q that %v", cut(hop, 60), err)
		}
	}
	return nil
}

// splitDestination takes [user@]host[:port] and ssh://[user@]host[:port] apart without judging the parts. An address with a
// port stands in brackets.
func splitDestination(s string) (user, host, port string, err error) {
	s = strings.TrimSuffix(strings.TrimPrefix(s, "ssh://"), "/")
	if i := strings.LastIndexByte(s, '@'); i >= 0 { // as ssh: the last one counts
		if i == 0 {
			return "", "", "", fmt.Errorf("has an empty user")
		}
		user, s = s[:i], s[i+1:]
	}
	if strings.HasPrefix(s, "[") {
		inner, rest, ok := strings.Cut(s[1:], "]")
		switch {
		case !ok:
			return "", "", "", fmt.Errorf("has an unclosed bracket")
		case rest == "":
			return user, inner, "", nil
		case rest[0] != ':' || rest == ":":
			return "", "", "", fmt.Errorf("has %q after the bracket", cut(rest, 20))
		}
		return user, inner, rest[1:], nil
	}
	if strings.Count(s, ":") == 1 {
		host, port, _ = strings.Cut(s, ":")
		if port == "" {
			return "", "", "", fmt.Errorf("has an empty port")
		}
		return user, host, port, nil
	}
	return user, s, "", nil
}

// parsePort takes digits only: strconv would take signs and underscores.
func parsePort(s string) (int, error) {
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' || n > 65535 {
			return 0, fmt.Errorf("has a port that is no number from 1 to 65535")
		}
		n = n*10 + int(s[i]-'0')
	}
	if n < 1 || n > 65535 {
		return 0, fmt.Errorf("has a port that is no number from 1 to 65535")
	}
	return n, nil
}

// checkGroup allows what can follow an @ in a selection.
func checkGroup(name string) error {
	if name == "" || len(name) > maxName {
		return fmt.Errorf("is empty or longer than %d bytes", maxName)
	}
	for _, r := range name {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("._-+", r) {
			return fmt.Errorf("holds %q", r)
		}
	}
	return nil
}

// cut shortens what is quoted in messages, at a rune boundary.
func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit] + "…"
}
