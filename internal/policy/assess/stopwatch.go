package assess

import (
	"runtime"
	"time"
)

// stopwatch says when too much time has gone into a text. It counts what this text has cost, not what a crowded machine made of it: the tier of a
// plain command must not depend on what else is running.
type stopwatch struct {
	end  time.Time     // before which nothing else is looked at
	most time.Duration // of this thread's time, where the system tells it
	cost time.Duration // of this thread, at the start
}

// newStopwatch starts one for the calling goroutine, which stays on its thread until release.
func newStopwatch(most time.Duration) (s stopwatch, release func()) {
	runtime.LockOSThread()
	cost, _ := threadTime()
	return stopwatch{end: time.Now().Add(most), most: most, cost: cost}, runtime.UnlockOSThread
}

func (s *stopwatch) over() bool {
	if time.Now().Before(s.end) {
		return false
	}
	now, ok := threadTime()
	return !ok || now-s.cost >= s.most
}
