package localexec

import (
	"slices"
	"testing"
)

// TestDeserted ends a command that was let go when nobody has its status open any more, while the server lives on.
func TestDeserted(t *testing.T) {
	s := startSupervisor(t)
	detach := make(chan struct{})
	c := sh("trap '' TERM HUP PIPE; (setsid sleep 1000 &); echo up; while :; do sleep 1; done")
	c.ID = "deserted"
	c.Stdout = writerFunc(func([]byte) { close(detach) })
	c.Detach = detach
	e, err := s.Run(t.Context(), c)
	if err != nil || e.Handover == nil {
		t.Fatalf("%+v, %v", e, err)
	}
	h := e.Handover
	h.Stdout.Close()
	if !living(h.Pid) {
		t.Fatal("it did not live on without a reader of its output")
	}
	h.Status.Close()
	await(t, "its end", func() bool {
		return !living(h.Pid) && !slices.ContainsFunc(processes(), func(p proc) bool { return p.state != 'Z' && markOf(p.pid) == c.ID })
	})
}
