package target

import "relay-shell/internal/sshbin/dest"

// Resolved is what ssh made of the destination of a target; ok is false for targets that are no SSH host.
func Resolved(t Target) (resolved *dest.Resolved, ok bool) {
	s, ok := t.(interface{ destination() *dest.Resolved })
	if !ok {
		return nil, false
	}
	return s.destination(), true
}

func (t *ssh) destination() *dest.Resolved { return t.resolved }
