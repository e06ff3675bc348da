package target

import (
	"context"
	"time"
)

// Prober is a target that can say whether it is there without running a command.
type Prober interface {
	// Probe makes sure that a connection lives and answers. Without storeHostKeys a host with an unknown key is refused.
	Probe(ctx context.Context, storeHostKeys bool) (Probe, error)
}

// Probe is what a probe found.
type Probe struct {
	// Latency is the way there and back over the live connection, 0 if it was not measured.
	Latency time.Duration
	// Fresh: the connection was made for this probe. Adopted: it belongs to the operator's own ssh.
	Fresh, Adopted bool
	// Fingerprint of the host key that the connection was made with, "" if unknown.
	Fingerprint string
}

// Probe asks the engine for a connection.
func (t *ssh) Probe(ctx context.Context, storeHostKeys bool) (Probe, error) {
	info, err := t.engine.Ready(ctx, t.resolved, storeHostKeys)
	if err != nil {
		return Probe{}, err
	}
	return Probe{Latency: info.Latency, Fresh: info.Fresh, Adopted: info.Adopted, Fingerprint: info.Fingerprint}, nil
}
