package keeper

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestIdler: it is quiet once nobody has used the keeper for a while, and only the first use after that wakes whoever waits for it.
func TestIdler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := newIdler()
		woken := func() int { n := len(i.wake); drain(i.wake); return n }
		for round := range 3 {
			i.use()
			i.use()
			if n := woken(); n != 1 {
				t.Errorf("round %d: woken %d times", round, n)
			}
			time.Sleep(restAfter - time.Second)
			i.use()
			time.Sleep(time.Second)
			if left := i.left(); left != restAfter-time.Second || woken() != 0 {
				t.Errorf("round %d: %v left after a use a second ago", round, left)
			}
			time.Sleep(restAfter - time.Second)
			if left := i.left(); left > 0 || woken() != 0 {
				t.Errorf("round %d: %v left after all", round, left)
			}
		}
	})
}

func drain(wake chan struct{}) {
	select {
	case <-wake:
	default:
	}
}
