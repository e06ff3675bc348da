package hostkey

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/crypto/ssh"

	"relay-shell/internal/sshbin/dest"
)

// NameOf is the name under which ssh looks for a host in known_hosts: HostKeyAlias, else the host name in lower case,
// with the port unless it is 22 (sshconnect.c, get_hostfile_hostname_ipaddr).
func NameOf(r *dest.Resolved) string {
	if alias := r.Get("hostkeyalias"); alias != "" {
		return strings.ToLower(alias)
	}
	host := strings.ToLower(r.Hostname)
	if r.Port == 22 {
		return host
	}
	return "[" + host + "]:" + strconv.Itoa(r.Port)
}

// fallbackName is the name without the port, where a matching key counts as well; "" if there is no other name.
func fallbackName(r *dest.Resolved) string {
	if r.Get("hostkeyalias") != "" || r.Port == 22 {
		return ""
	}
	return strings.ToLower(r.Hostname)
}

// An entry is one line of known_hosts (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT).
type entry struct {
	marker string // "", "@cert-authority" or "@revoked"
	names  string // patterns, or |1|salt|hash
	key    ssh.PublicKey
	where  string // file:line
}

// readKnownHosts reads the entries of files. Files that are not there, and lines that ssh would pass over, are
// passed over.
func readKnownHosts(files []string) []entry {
	var entries []entry
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		line := 0
		for text := range bytes.Lines(data) {
			line++
			if e, ok := parseEntry(strings.TrimSpace(string(text))); ok {
				e.where = path + ":" + strconv.Itoa(line)
				entries = append(entries, e)
			}
		}
	}
	return entries
}

func parseEntry(line string) (entry, bool) {
	if line == "" || line[0] == '#' {
		return entry{}, false
	}
	var e entry
	if line[0] == '@' {
		e.marker, line = cutBlank(line)
		if e.marker != "@cert-authority" && e.marker != "@revoked" {
			return entry{}, false
		}
	}
	e.names, line = cutBlank(line)
	key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(line))
	if err != nil || e.names == "" {
		return entry{}, false
	}
	e.key = key
	return e, true
}

func cutBlank(s string) (word, rest string) {
	i := strings.IndexAny(s, " \t")
	if i < 0 {
		return s, ""
	}
	return s[:i], strings.TrimLeft(s[i:], " \t")
}

// matches reports whether the entry is for name: a hash of it, or a list of patterns with * and ?, of which none that
// is negated by ! may match.
func (e entry) matches(name string) bool {
	if strings.HasPrefix(e.names, "|") {
		return matchesHash(e.names, name)
	}
	found := false
	for pattern := range strings.SplitSeq(e.names, ",") {
		inner, negated := strings.CutPrefix(pattern, "!")
		if !matchPattern(strings.ToLower(inner), name) {
			continue
		}
		if negated {
			return false
		}
		found = true
	}
	return found
}

func matchesHash(hashed, name string) bool {
	parts := strings.Split(hashed, "|") // "", "1", salt, hash
	if len(parts) != 4 || parts[1] != "1" {
		return false
	}
	salt, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil {
		return false
	}
	want, err := base64.StdEncoding.DecodeString(parts[3])
	return err == nil && hmac.Equal(want, nameHash(salt, name))
}

func nameHash(salt []byte, name string) []byte {
	mac := hmac.New(sha1.New, salt) // the format's choice (hostfile.c, host_hash)
	mac.Write([]byte(name))
	return mac.Sum(nil)
}

// hashName gives a name as HashKnownHosts has it written.
func hashName(name string) string {
	salt := make([]byte, sha1.Size)
	_, _ = rand.Read(salt) // never fails (crypto/rand)
	return "|1|" + base64.StdEncoding.EncodeToString(salt) + "|" + base64.StdEncoding.EncodeToString(nameHash(salt, name))
}

// matchPattern is match_pattern of OpenSSH's match.c: * is any run of characters, ? is one. It takes time
// proportional to the product of the lengths.
func matchPattern(pattern, s string) bool {
	p, i, star, mark := 0, 0, -1, 0
	for i < len(s) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, i
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == s[i]):
			p++
			i++
		case star >= 0:
			mark++
			p, i = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// knownHostsFiles gives the user's and the system's files of r's configuration.
func knownHostsFiles(r *dest.Resolved) (user, global []string) {
	return paths(r.Get("userknownhostsfile")), paths(r.Get("globalknownhostsfile"))
}

// paths splits a list as `ssh -G` prints it: blanks separate, and a name that holds one cannot be told apart unless it
// is there.
func paths(list string) []string {
	if list == "" || strings.EqualFold(list, "none") {
		return nil
	}
	if _, err := os.Stat(list); err == nil && strings.Contains(list, " ") {
		return []string{list}
	}
	all := strings.Fields(list)
	for i, p := range all {
		if rest, ok := strings.CutPrefix(p, "~/"); ok { // older versions print it as written
			if home, err := os.UserHomeDir(); err == nil {
				all[i] = filepath.Join(home, rest)
			}
		}
	}
	return all
}
