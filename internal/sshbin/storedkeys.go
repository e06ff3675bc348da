package sshbin

import (
	"os"
	"sync"

	"relay-shell/internal/lazyregexp"
	"relay-shell/internal/sshbin/dest"
)

// StoredKey is the key of a new host that ssh has added to known_hosts (accept-new).
type StoredKey struct {
	Name        string // as known_hosts has it: web1 or [192.0.2.1]:2222
	Type        string // ED25519, say
	Fingerprint string // SHA256:…
}

func (k StoredKey) String() string { return k.Name + " " + k.Type + " " + k.Fingerprint }

// storedKeys are keys that were stored and that no call has told of yet, by the identity of the connection.
type storedKeys struct {
	mu   sync.Mutex
	keys map[string][]StoredKey
}

// TakeStored gives the host keys that connecting to r has stored since it was last asked, those of jump hosts too.
func (e *Engine) TakeStored(r *dest.Resolved) []StoredKey {
	e.stored.mu.Lock()
	defer e.stored.mu.Unlock()
	keys := e.stored.keys[r.Identity]
	delete(e.stored.keys, r.Identity)
	return keys
}

// noteStored keeps what a master's start has stored, whether the login succeeded or not.
func (e *Engine) noteStored(r *dest.Resolved, logs []string) {
	var found []StoredKey
	for _, name := range logs {
		found = append(found, storedIn(readStart(name))...)
	}
	if len(found) == 0 {
		return
	}
	e.stored.mu.Lock()
	defer e.stored.mu.Unlock()
	if e.stored.keys == nil {
		e.stored.keys = map[string][]StoredKey{}
	}
	e.stored.keys[r.Identity] = append(e.stored.keys[r.Identity], found...)
}

// keyLines are what ssh logs of a host key that it verified, and of one that it stored (sshconnect.c).
var keyLines = lazyregexp.New(`(?m)Server host key: \S+ (SHA256:[A-Za-z0-9+/]+)|^Warning: Permanently added '([^'\n]+)' \(([A-Za-z0-9-]+)\) to the list of known hosts`)

// storedIn reads the log of one ssh: a key that is stored is the one that was verified last. A server's banner is in the log as well and may claim
// that it was stored; its key was verified all the same.
func storedIn(log string) (keys []StoredKey) {
	var fingerprint string
	for _, m := range keyLines.FindAllStringSubmatch(log, -1) {
		if m[1] != "" {
			fingerprint = m[1]
		} else {
			keys = append(keys, StoredKey{Name: m[2], Type: m[3], Fingerprint: fingerprint})
		}
	}
	return keys
}

// readStart reads the beginning of a log, "" if there is none.
func readStart(name string) string {
	f, err := os.Open(name)
	if err != nil {
		return ""
	}
	defer f.Close()
	buf := make([]byte, maxLog)
	n, _ := f.Read(buf)
	return string(buf[:n])
}
