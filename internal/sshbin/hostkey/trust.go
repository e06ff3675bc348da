package hostkey

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/crypto/ssh"

	"relay-shell/internal/sshbin/dest"
)

// Trusted says what Trust did.
type Trusted struct {
	Key     Key
	Name    string // as ssh looks for it, before hashing
	File    string // where the key stands now
	Already bool   // it stood there before, so nothing was written
}

// Trust adds to the user's known_hosts the key that the host shows now and that has exactly this fingerprint. It
// writes what ssh itself would write: the name with the port unless that is 22, hashed if HashKnownHosts says so. A key that is
// there already is left alone; one that contradicts a known key, or is revoked, is refused.
func Trust(ctx context.Context, host *dest.Resolved, fingerprint string, o Options) (Trusted, error) {
	fingerprint, err := checkFingerprint(fingerprint)
	if err != nil {
		return Trusted{}, err
	}
	results, err := Scan(ctx, []*dest.Resolved{host}, o)
	if err != nil {
		return Trusted{}, err
	}
	if results[0].Err != nil {
		return Trusted{}, results[0].Err
	}
	key, err := choose(host, results[0].Keys, fingerprint)
	if err != nil {
		return Trusted{}, err
	}
	t := Trusted{Key: key, Name: results[0].Name}
	if key.State == Match {
		t.File, t.Already = key.Where, true
		return t, nil
	}
	t.File, err = fileFor(host)
	if err != nil {
		return Trusted{}, err
	}
	t.Already, err = add(t.File, t.Name, key.Public, strings.EqualFold(host.Get("hashknownhosts"), "yes"))
	if err != nil {
		return Trusted{}, &Error{Code: writeCode(err), Message: fmt.Sprintf("adding to %s: %v", t.File, err), Hint: "check the file's owner and mode, and free space", Err: err}
	}
	return t, nil
}

// choose finds the key with the fingerprint and refuses what must not be trusted.
func choose(host *dest.Resolved, keys []Key, fingerprint string) (Key, error) {
	var shown []string
	for _, k := range keys {
		shown = append(shown, k.Type+" "+k.Fingerprint)
		if k.Fingerprint != fingerprint {
			continue
		}
		switch k.State {
		case Changed:
			return Key{}, &Error{Code: "host_key_changed", Message: fmt.Sprintf("%s is known by another key (%s)", host.Alias, k.Where),
				Hint: "the host was set up anew, or somebody sits in between: the operator removes the old line (ssh-keygen -R) once that is certain"}
		case Revoked:
			return Key{}, &Error{Code: "host_key_changed", Message: fmt.Sprintf("the key is marked as revoked (%s)", k.Where), Hint: "do not trust it; ask the operator"}
		}
		return k, nil
	}
	return Key{}, &Error{Code: "not_found", Message: fmt.Sprintf("%s shows no key with fingerprint %s, but %s", host.Alias, fingerprint, strings.Join(shown, ", ")),
		Hint: "compare again: the fingerprint is of another host or another key type, or somebody sits in between"}
}

// fileFor is the file to which ssh itself would add keys of the host.
func fileFor(host *dest.Resolved) (string, error) {
	user, _ := knownHostsFiles(host)
	if len(user) == 0 || user[0] == "/dev/null" {
		return "", &Error{Code: "unsupported", Message: "ssh_config keeps no host keys for " + host.Alias + " (UserKnownHostsFile)", Hint: "call with known_hosts=ignore, or set UserKnownHostsFile"}
	}
	return user[0], nil
}

func writeCode(err error) string {
	if errors.Is(err, os.ErrPermission) {
		return "permission_denied"
	}
	return "internal"
}

// add appends one line with a single write, under a lock that keeps two of us from adding the same key twice. An
// unfinished last line is finished first.
func add(path, name string, key ssh.PublicKey, hash bool) (already bool, err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return false, err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		return false, fmt.Errorf("locking: %w", err)
	}
	entries := readKnownHosts([]string{path})
	if findKey(entries, "", key, name) != nil {
		return true, nil
	}
	for _, e := range entries { // written while we scanned
		if e.marker == "" && e.key.Type() == key.Type() && e.matches(name) {
			return false, fmt.Errorf("%s is known by another key of this type meanwhile (%s)", name, e.where)
		}
	}
	line := name
	if hash {
		line = hashName(name)
	}
	line += " " + string(ssh.MarshalAuthorizedKey(key)) // ends with a newline
	return false, appendLine(f, line)
}

// appendLine writes line in one piece. What a full disk leaves of it is taken back.
func appendLine(f *os.File, line string) error {
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	if size > 0 {
		var last [1]byte
		if _, err := f.ReadAt(last[:], size-1); err != nil {
			return err
		}
		if last[0] != '\n' {
			line = "\n" + line
		}
	}
	if _, err = f.WriteString(line); err == nil {
		err = f.Sync()
	}
	if err != nil {
		return errors.Join(err, f.Truncate(size))
	}
	return nil
}
