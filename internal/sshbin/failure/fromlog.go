package failure

import (
	"os"

	"relay-shell/internal/sshbin/dest"
)

// maxLog is how much of a log is read, from its end: the reason stands last, and a hostile banner may be long.
const maxLog = 256 << 10

// FromLog says why a master to r failed that was started with Log set to log ([dest.MasterOptions]). env is the
// environment of that ssh; it names the agent. Files that are not there are empty.
func FromLog(log string, r *dest.Resolved, env []string) *Error {
	words := Words{Destination: tail(log)}
	for i := range max(len(r.Jump), 1) { // without hops, a ProxyCommand writes to the first one's file
		words.Hops = append(words.Hops, tail(dest.HopLog(log, i)))
	}
	return FromWords(words, r, env)
}

// FromWords is FromLog for words at hand.
func FromWords(words Words, r *dest.Resolved, env []string) *Error {
	hops := make([]Place, len(r.Jump))
	for i, hop := range r.Jump {
		hops[i] = placeOf(hop.Resolved)
	}
	destination := placeOf(r)
	e := Read(words, destination, hops...)
	if e.Code != "auth_failed" {
		return e
	}
	// Only now is it worth looking at the keys.
	withKeys(&destination, r, env)
	for i := range hops {
		withKeys(&hops[i], r.Jump[i].Resolved, env)
	}
	return Read(words, destination, hops...)
}

func placeOf(r *dest.Resolved) Place {
	return Place{Host: r.Alias, Hostname: r.Hostname, Alias: r.IsAlias(), Shared: r.ControlPath != ""}
}

func withKeys(p *Place, r *dest.Resolved, env []string) {
	a := askAgent(agentPath(r, env))
	p.AgentGone = a.gone
	p.LockedKeys = lockedKeys(r, a.keys)
}

// tail reads the end of a file.
func tail(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Size() > maxLog {
		if _, err := f.Seek(-maxLog, 2); err != nil {
			return ""
		}
	}
	data := make([]byte, maxLog)
	n := 0
	for n < len(data) {
		k, err := f.Read(data[n:])
		n += k
		if err != nil {
			break
		}
	}
	return string(data[:n])
}
