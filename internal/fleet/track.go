package fleet

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	// heartbeat is how often a run that gets no further still says so: clients give up on silent calls.
	heartbeat = 5 * time.Second
	// namedFailures is how many failed hosts a line of progress names.
	namedFailures = 5
)

// tracker tells how far a run is.
type tracker struct {
	total int
	tell  func(string)
	stop  chan struct{}
	beat  sync.WaitGroup

	telling sync.Mutex // taken before mu

	mu      sync.Mutex
	done    int
	skips   int
	failed  []string // the first few
	failing int
	running map[string]time.Time
}

func newTracker(total int, tell func(string)) *tracker {
	t := &tracker{total: total, tell: tell, stop: make(chan struct{}), running: map[string]time.Time{}}
	if tell == nil {
		return t
	}
	t.say()
	t.beat.Go(func() { // ends with close
		tick := time.NewTicker(heartbeat)
		defer tick.Stop()
		for {
			select {
			case <-t.stop:
				return
			case <-tick.C:
				t.say()
			}
		}
	})
	return t
}

func (t *tracker) close() {
	close(t.stop)
	t.beat.Wait()
}

func (t *tracker) started(host string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.running[host] = time.Now()
}

func (t *tracker) ended(host string, good bool) {
	t.mu.Lock()
	delete(t.running, host)
	t.done++
	if !good {
		if t.failing++; len(t.failed) < namedFailures {
			t.failed = append(t.failed, host)
		}
	}
	t.mu.Unlock()
	t.say()
}

// say tells how far the run is now. One line is told at a time, so that none overtakes another.
func (t *tracker) say() {
	if t.tell == nil {
		return
	}
	t.telling.Lock()
	defer t.telling.Unlock()
	t.mu.Lock()
	line := t.line(time.Now())
	t.mu.Unlock()
	t.tell(line)
}

func (t *tracker) skipped() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.skips++
}

// line is called with mu held: "37/200 done, 2 failed: web7 web9, 30 running (web3 for 12s)".
func (t *tracker) line(now time.Time) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d/%d done", t.done, t.total)
	if t.failing > 0 {
		fmt.Fprintf(&b, ", %d failed: %s", t.failing, strings.Join(t.failed, " "))
		if t.failing > len(t.failed) {
			b.WriteString(" …")
		}
	}
	if t.skips > 0 {
		fmt.Fprintf(&b, ", %d skipped", t.skips)
	}
	if host, since := t.longest(); host != "" && now.Sub(since) >= heartbeat {
		fmt.Fprintf(&b, ", %d running (%s for %s)", len(t.running), host, now.Sub(since).Round(time.Second))
	}
	return b.String()
}

// longest is the host that runs for the longest time.
func (t *tracker) longest() (host string, since time.Time) {
	hosts := make([]string, 0, len(t.running))
	for h := range t.running {
		hosts = append(hosts, h)
	}
	slices.Sort(hosts)
	for _, h := range hosts {
		if at := t.running[h]; host == "" || at.Before(since) {
			host, since = h, at
		}
	}
	return host, since
}
