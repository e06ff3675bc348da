package dest

import (
	"net/netip"
	"net/url"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxPort = 65535
	maxHost = 253 // RFC 1035: 255 bytes on the wire, 253 as text
	maxUser = 128 // Linux allows 32; directory services allow mail addresses
	maxHops = 8
)

const hostHint = "name an alias of ssh_config (ssh_hosts lists them), a host name, an address, user@host or ssh://user@host:port"

// splitHost takes the parameter host apart and validates its parts. Absent parts are "" and 0.
func splitHost(host string) (user, name string, port int, err error) {
	if strings.TrimSpace(host) == "" {
		return "", "", 0, invalid("host", host, "is empty", hostHint)
	}
	if uri, ok := cutURIScheme(host); ok {
		return splitURI(uri)
	}
	user, name, err = cutUser(host)
	if inner, ok := bracketed(name); ok {
		name = inner
	}
	if err == nil {
		err = checkHost(name)
	}
	return user, name, 0, err
}

// splitURI takes what follows ssh:// apart: [user@]host[:port][/], the user percent-encoded.
func splitURI(uri string) (user, name string, port int, err error) {
	at := strings.LastIndexByte(uri, '@')
	if at >= 0 {
		decoded, err := url.PathUnescape(uri[:at])
		if err != nil {
			return "", "", 0, invalid("host", "ssh://"+uri, "has a user with a bad percent escape", hostHint)
		}
		uri = decoded + uri[at:]
	}
	return splitHop(strings.TrimSuffix(uri, "/"))
}

// splitHop takes [user@]host[:port] apart.
func splitHop(hop string) (user, name string, port int, err error) {
	user, name, err = cutUser(hop)
	if err == nil {
		name, port, err = splitPort(name)
	}
	if err == nil {
		err = checkHost(name)
	}
	return user, name, port, err
}

// cutUser splits at the last @, as ssh does: login names of directory services hold one.
func cutUser(s string) (user, rest string, err error) {
	i := strings.LastIndexByte(s, '@')
	if i < 0 {
		return "", s, nil
	}
	return s[:i], s[i+1:], checkUser(s[:i])
}

func cutURIScheme(host string) (string, bool) {
	const scheme = "ssh://"
	if len(host) >= len(scheme) && strings.EqualFold(host[:len(scheme)], scheme) {
		return host[len(scheme):], true
	}
	return host, false
}

// bracketed gives the inside of "[…]".
func bracketed(s string) (string, bool) {
	if len(s) > 2 && s[0] == '[' && s[len(s)-1] == ']' {
		return s[1 : len(s)-1], true
	}
	return "", false
}

// splitPort takes "host", "host:port", "[address]" or "[address]:port" apart; the host is not validated.
func splitPort(s string) (string, int, error) {
	if inner, ok := bracketed(s); ok {
		return inner, 0, nil
	}
	if strings.Count(s, ":") > 1 && s[0] != '[' {
		return s, 0, nil // an address without brackets cannot carry a port
	}
	i := strings.LastIndexByte(s, ':')
	if i < 0 {
		return s, 0, nil
	}
	port, err := strconv.Atoi(s[i+1:])
	if err != nil || port < 1 || port > maxPort || s[i+1] == '+' {
		return "", 0, invalid("port", s[i+1:], "is not a number between 1 and 65535", "write host:port, for example ssh://web1:2222")
	}
	host := s[:i]
	if inner, ok := bracketed(host); ok {
		host = inner
	}
	return host, port, nil
}

// checkHost allows letters, digits and "._-+", starting with a letter, a digit or "_", and IPv6 addresses.
func checkHost(host string) error {
	switch {
	case host == "":
		return invalid("host", host, "is empty", hostHint)
	case len(host) > maxHost:
		return invalid("host", host[:40]+"…", "is longer than 253 bytes", hostHint)
	case !utf8.ValidString(host):
		return invalid("host", host, "is not valid UTF-8", hostHint)
	case host[0] == '-':
		return invalid("host", host, "starts with a dash", "a host never starts with a dash: ssh would read it as an option")
	}
	if strings.Contains(host, ":") {
		return checkAddress(host)
	}
	for i, r := range host {
		if !hostRune(r) || i == 0 && strings.ContainsRune(".-+", r) {
			return invalid("host", host, "holds "+quote(string(r))+", which no host name has there", hostHint)
		}
	}
	return nil
}

func hostRune(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("._-+", r)
}

func checkAddress(host string) error {
	if addr, err := netip.ParseAddr(host); err == nil && addr.Is6() {
		for _, r := range addr.Zone() {
			if !hostRune(r) {
				return invalid("host", host, "has an address zone with "+quote(string(r)), hostHint)
			}
		}
		return nil
	}
	return invalid("host", host, "is not an IPv6 address", "give the port in the parameter port, or write ssh://host:port")
}

// checkUser allows ASCII letters, digits and "._-+@", starting with a letter, a digit or "_".
func checkUser(user string) error {
	const hint = "name the login user alone, or set User in ssh_config and leave user out"
	if user == "" || len(user) > maxUser {
		return invalid("user", user[:min(len(user), 40)], "is empty or longer than 128 bytes", hint)
	}
	for i := range len(user) {
		c := user[i]
		plain := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_'
		if !plain && (i == 0 || strings.IndexByte(".-+@", c) < 0) {
			return invalid("user", user, "holds "+quote(user[i:i+1])+" where only letters, digits and ._-+@ may stand", hint)
		}
	}
	return nil
}

// parseJump validates a comma list of hops and gives it in the form that ssh -J takes.
func parseJump(jump string) (string, error) {
	if jump == "" || jump == "none" {
		return jump, nil
	}
	hops := strings.Split(jump, ",")
	if len(hops) > maxHops {
		return "", invalid("jump", jump[:min(len(jump), 80)], "names more than 8 hops", "name the hops that ssh -J would need")
	}
	for i, hop := range hops {
		d, err := parseHop(strings.TrimSpace(hop))
		if err != nil {
			return "", jumpError(jump, err)
		}
		hops[i] = d.hop()
	}
	return strings.Join(hops, ","), nil
}

// parseHop validates one hop: [user@]host[:port] or an ssh URI.
func parseHop(hop string) (Destination, error) {
	split := splitHop
	if uri, ok := cutURIScheme(hop); ok {
		hop, split = uri, splitURI
	}
	user, host, port, err := split(hop)
	return Destination{User: user, Host: host, Port: port}, err
}

// hop is the destination as a hop of ssh -J.
func (d Destination) hop() string {
	s := d.Host
	if strings.Contains(s, ":") {
		s = "[" + s + "]"
	}
	if d.Port != 0 {
		s += ":" + strconv.Itoa(d.Port)
	}
	if d.User != "" {
		s = d.User + "@" + s
	}
	return s
}

// parseKeyPath makes the path absolute and insists on an existing regular file.
func parseKeyPath(path string) (string, error) {
	if path == "" {
		return "", nil
	}
	const hint = "key_path names a private key file on the machine where relay-shell runs; leave it out to use ssh_config's identities"
	// ssh expands ${NAME} in IdentityFile, and no quoting of ours survives its config parser for these.
	if strings.ContainsAny(path, "\"\\\x00\n\r") || strings.Contains(path, "${") {
		return "", invalid("key_path", path, "holds a character that ssh_config cannot carry", "rename the file or link to it")
	}
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		home, err := homeDir()
		if err != nil {
			return "", invalid("key_path", path, "starts with ~, and no home directory is known", hint)
		}
		path = filepath.Join(home, rest)
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return "", invalid("key_path", path, err.Error(), hint)
	}
	info, err := os.Stat(path)
	switch {
	case os.IsNotExist(err):
		return "", &InvalidError{Param: "key_path", Value: path, Reason: "does not exist", Hint: hint, Code: "not_found"}
	case os.IsPermission(err):
		return "", &InvalidError{Param: "key_path", Value: path, Reason: "cannot be read", Hint: hint, Code: "permission_denied"}
	case err != nil:
		return "", invalid("key_path", path, err.Error(), hint)
	case !info.Mode().IsRegular():
		return "", invalid("key_path", path, "is not a regular file", hint)
	}
	return path, nil
}

// homeDir is the home of the passwd entry, which is what ssh uses, whatever $HOME says.
func homeDir() (string, error) {
	u, err := user.Current()
	if err != nil {
		return "", err
	}
	return u.HomeDir, nil
}
