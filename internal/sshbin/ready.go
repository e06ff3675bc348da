package sshbin

import (
	"context"
	"time"

	"relay-shell/internal/sshbin/dest"
)

// MasterInfo describes a live connection.
type MasterInfo struct {
	Started
	// Path is the control socket.
	Path string
	// System is what the host's `uname -s` says, "" if unknown.
	System string
	// Latency is the way to the host's shell and back over the live connection, 0 without a leash.
	Latency time.Duration
	// Fresh is true when the connection was made for this call.
	Fresh bool
}

// Ready makes sure that a connection lives and answers. store allows the host key of a new host to be stored.
func (e *Engine) Ready(ctx context.Context, r *dest.Resolved, store bool) (MasterInfo, error) {
	p, err := e.pool(r)
	if err != nil {
		return MasterInfo{}, &Error{Op: "connecting", Host: r.Alias, Err: err}
	}
	began := time.Now()
	for {
		s, err := p.acquire(ctx, wants{store: store, leash: true})
		if err != nil {
			return MasterInfo{}, err
		}
		info := MasterInfo{Path: s.path, Started: s.started(), Fresh: s.born.After(began)}
		if h := p.shell.Load(); h != nil {
			info.System = h.System
		}
		if l := s.leash.Load(); l != nil && l.alive() {
			attended, stop := s.attended(ctx)
			info.Latency, err = l.ping(attended)
			stop()
		} else {
			err = s.alive(ctx)
		}
		s.leave()
		switch {
		case err == nil:
			return info, nil
		case ctx.Err() != nil:
			return MasterInfo{}, context.Cause(ctx)
		}
		s.end() // it was alive a moment ago; the next one is fresh, or its failure the answer
	}
}

func (m *master) started() Started {
	return Started{Fingerprint: m.fingerprint, Adopted: m.adopted, MasterPID: m.pid, Shell: m.pool.loginShell()}
}
