package localexec

import "testing"

// Orphans of commands are collected: nobody else may do it.
func TestSupervisorCollectsOrphans(t *testing.T) {
	s := startSupervisor(t)
	for range 20 {
		if _, err := s.Run(t.Context(), sh("(true &) ; (setsid true &) ; (sh -c 'sleep 0.05; true' >/dev/null 2>&1 &)")); err != nil {
			t.Fatal(err)
		}
	}
	s.mu.Lock()
	pid := s.current.pid
	s.mu.Unlock()
	await(t, "no children of the supervisor", func() bool {
		for _, p := range processes() {
			if p.parent == pid {
				return false
			}
		}
		return true
	})
}

func TestParseLimit(t *testing.T) {
	for in, want := range map[string]uint64{
		"Max realtime timeout      1152921504606846977  unlimited            us\n": 1<<60 + 1,
		"Max realtime timeout      unlimited            unlimited            us\n": 0,
		"": 0, "Max realtime timeout": 0,
	} {
		if got := parseLimit([]byte(in)); got != want {
			t.Errorf("%q: %d", in, got)
		}
	}
	if limitFor("a") == limitFor("b") || limitFor("a") < limitBase || limitFor("a") >= 2*limitBase {
		t.Error("marks are not what they should be")
	}
}
