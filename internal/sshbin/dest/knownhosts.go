package dest

// KnownHosts is a call's policy for host keys. It knows its own ssh options.
type KnownHosts string

const (
	// AsConfigured leaves it to ssh_config; where that is silent or says ask, a new key is accepted and stored, a
	// changed one is refused. (`ssh -G` prints "ask" for both, and nobody is there to be asked.)
	AsConfigured KnownHosts = ""
	// Strict refuses a host whose key is not known.
	Strict KnownHosts = "strict"
	// AcceptNew stores an unknown key and refuses a changed one.
	AcceptNew KnownHosts = "accept-new"
	// Ignore accepts any key and stores none.
	Ignore KnownHosts = "ignore"
)

// ParseKnownHosts reads the parameter known_hosts.
func ParseKnownHosts(s string) (KnownHosts, error) {
	switch k := KnownHosts(s); k {
	case AsConfigured, Strict, AcceptNew, Ignore:
		return k, nil
	}
	return "", invalid("known_hosts", s, "is none of strict, accept-new, ignore", "leave known_hosts out to follow ssh_config")
}

// options gives the -o values of the policy. configured is what `ssh -G` prints for StrictHostKeyChecking; store
// allows new keys to be written. Without it nothing is stored: what would be accepted as new is refused, and what
// ssh_config does not check at all goes on unchecked.
func (k KnownHosts) options(configured string, store bool) []string {
	const (
		nothingStored = "UpdateHostKeys=no" // ssh learns further keys of a known host after signing in
		devNull       = "UserKnownHostsFile=/dev/null"
	)
	switch k {
	case Ignore:
		return []string{"StrictHostKeyChecking=no", devNull, "GlobalKnownHostsFile=/dev/null", "VerifyHostKeyDNS=no", nothingStored}
	case Strict:
		if store {
			return []string{"StrictHostKeyChecking=yes"}
		}
		return []string{"StrictHostKeyChecking=yes", nothingStored}
	case AsConfigured:
		switch configured {
		case "false", "no", "off":
			if store {
				return nil
			}
			return []string{devNull, nothingStored}
		case "true", "yes":
			if store {
				return nil
			}
			return []string{nothingStored}
		}
	}
	if store {
		return []string{"StrictHostKeyChecking=accept-new"}
	}
	return []string{"StrictHostKeyChecking=yes", nothingStored}
}
