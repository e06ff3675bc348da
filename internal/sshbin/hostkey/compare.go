package hostkey

import (
	"bytes"

	"golang.org/x/crypto/ssh"

	"relay-shell/internal/sshbin/dest"
)

// compare says of each key how it stands in the known_hosts files of the host's configuration.
func compare(r *dest.Resolved, public []ssh.PublicKey) []Key {
	user, global := knownHostsFiles(r)
	return compareWith(readKnownHosts(append(user, global...)), NameOf(r), fallbackName(r), public)
}

// compareWith does what check_host_key of sshconnect.c does for one key, for all keys of a host at once. The one
// difference: ssh calls a host changed if it shows a key of a new type while another type is known, but it asks for
// known types first and so hardly ever gets there. Here such a key is unknown as long as the host still shows a
// known one.
func compareWith(entries []entry, name, fallback string, public []ssh.PublicKey) []Key {
	keys := make([]Key, len(public))
	anyMatch, plain := false, []entry(nil)
	for _, e := range entries {
		if e.marker == "" && e.matches(name) {
			plain = append(plain, e)
		}
	}
	for i, key := range public {
		keys[i] = Key{Type: key.Type(), Fingerprint: ssh.FingerprintSHA256(key), State: Unknown, Public: key}
		if e := findKey(entries, "@revoked", key, name, fallback); e != nil {
			keys[i].State, keys[i].Where = Revoked, e.where
			continue
		}
		if e := findKey(entries, "", key, name); e != nil {
			keys[i].State, keys[i].Where, anyMatch = Match, e.where, true
		} else if e := findKey(entries, "", key, fallback); e != nil && len(plain) == 0 {
			keys[i].State, keys[i].Where, anyMatch = Match, e.where, true // ssh: "found matching key w/out port"
		}
	}
	for i := range keys {
		if keys[i].State != Unknown {
			continue
		}
		for _, e := range plain {
			if e.key.Type() == keys[i].Type || !anyMatch {
				keys[i].State, keys[i].Where = Changed, e.where
				break
			}
		}
	}
	return keys
}

// findKey finds an entry with a marker and this key under one of the names.
func findKey(entries []entry, marker string, key ssh.PublicKey, names ...string) *entry {
	for i, e := range entries {
		if e.marker != marker || !bytes.Equal(e.key.Marshal(), key.Marshal()) {
			continue
		}
		for _, name := range names {
			if name != "" && e.matches(name) {
				return &entries[i]
			}
		}
	}
	return nil
}
