package sshbin

import (
	"context"

	"relay-shell/internal/sshbin/mux"
)

// release lets go of an idle master. An own one that nobody else uses ends at once; one that another process uses stays, and
// takes no new clients, so that none can come between the look and the end.
func (m *master) release() {
	m.giveUp()
	m.dropLeash()
	if m.adopted || socketClients(m.path) != 0 {
		return // ControlPersist counts from here
	}
	ctx, cancel := context.WithTimeout(context.Background(), checkTimeout)
	defer cancel()
	conn, err := mux.Dial(ctx, m.path)
	if err != nil {
		return
	}
	defer conn.Close()
	if err := conn.StopListening(ctx); err != nil {
		return
	}
	if socketClients(m.path) <= 1 { // ourselves
		_ = conn.Terminate(ctx)
	}
}
