package keeper

import "testing"

func TestIdler(t *testing.T) {
	var i idler
	for n, step := range []struct {
		grown uint64
		want  bool
	}{
		{1 << 20, false},        // busy
		{4 << 20, false},        // still
		{0, true},               // quiet: once
		{1 << 10, false},        // and not again for next to nothing
		{stillBusy - 1, false},  // a trickle is quiet, and little
		{worthReturning, false}, // busy again
		{stillBusy - 1, true},
		{0, false},
	} {
		if got := i.look(i.last + step.grown); got != step.want {
			t.Errorf("look %d, %d bytes later: %v, want %v", n, step.grown, got, step.want)
		}
	}
}
