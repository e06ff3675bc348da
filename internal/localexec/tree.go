package localexec

import (
	"sync/atomic"
	"time"
)

const (
	// politeness is how long a tree may take to end after SIGTERM.
	politeness = 500 * time.Millisecond
	// endMax is how long the ending of a tree may take in all, unless that is too short for this many looks that kill.
	endMax     = 2 * time.Second
	leastKills = 3
	// The pause between two looks grows from the first to the second.
	firstLook, lastLook = 2 * time.Millisecond, 40 * time.Millisecond
)

// tree is the processes of one command: how they are recognized, see members.
type tree struct {
	id string
	// root is the command's process, which leads its session.
	root int
	// limit is the mark among the resource limits, 0 for none.
	limit uint64
	// gone: root has been collected, and its number may be another's soon.
	gone atomic.Bool
	// known are processes that were seen to belong, by their start times.
	known map[int]uint64
	// others are processes that were seen not to carry the marks, likewise. A machine may have thousands, and looking at the marks of them all takes
	// longer than everything else here. A thorough look does it all the same: what is just being replaced by another program shows none.
	others   map[int]uint64
	thorough bool
}

func newTree(id string, root int) *tree {
	return &tree{id: id, root: root, known: map[int]uint64{}, others: map[int]uint64{}}
}

// collected says that the root has been waited for.
func (t *tree) collected() { t.gone.Store(true) }

// end ends every process of the tree: SIGTERM and SIGCONT (a stopped process would not see the other), then SIGKILL. It looks
// again until it has found nothing twice, thoroughly then, since a process may fork while it looks. It describes what is left.
func (t *tree) end() []string {
	var begun time.Time // when the first ones were asked: a look may take long on a crowded machine, and is no time to end in
	asked := map[int]uint64{}
	pause := firstLook
	for killed := 0; ; {
		found := t.members()
		if len(found) == 0 && t.thorough {
			return nil
		}
		if t.thorough = len(found) == 0; t.thorough {
			continue
		}
		if begun.IsZero() {
			begun = time.Now()
		}
		elapsed := time.Since(begun)
		if elapsed > endMax && killed >= leastKills {
			return describe(found)
		}
		if elapsed >= politeness {
			killed++
		}
		for _, p := range found {
			switch {
			case elapsed >= politeness:
				p.kill()
			case asked[p.pid] != p.start:
				asked[p.pid] = p.start
				p.ask()
			}
		}
		time.Sleep(pause)
		pause = min(2*pause, lastLook)
	}
}
