package keeper

import (
	"runtime/debug"
	"runtime/metrics"
	"sync/atomic"
	"time"
)

const (
	// restAfter is how long a keeper has to be quiet to give back what traffic has left; the audit log of a recording is closed by then.
	restAfter = 8 * time.Second
	// worthReturning is how many allocated bytes are worth a collection, a millisecond or two.
	worthReturning = 256 << 10
)

// Rester is a thing that can let go of memory until it is used again. Rest is called once it is quiet.
type Rester interface{ Rest() }

// idler gives the system back what traffic has left behind. The runtime collects by how much is allocated: a keeper that has fallen idle
// would keep it all for as long as it waits. While nothing happens it does nothing.
type idler struct {
	last     atomic.Int64 // when the keeper was last used, in Unix nanoseconds
	awake    atomic.Bool  // somebody waits for quiet
	wake     chan struct{}
	returned uint64 // of the bytes allocated so far
}

func newIdler() *idler { return &idler{wake: make(chan struct{}, 1)} }

// use says that there is traffic.
func (i *idler) use() {
	i.last.Store(time.Now().UnixNano())
	if !i.awake.Swap(true) {
		select {
		case i.wake <- struct{}{}:
		default:
		}
	}
}

// left is how long it has to be quiet still. When that is nothing, the next use wakes again.
func (i *idler) left() time.Duration {
	left := restAfter - time.Duration(time.Now().UnixNano()-i.last.Load())
	if left <= 0 {
		i.awake.Store(false)
	}
	return left
}

// rest gives back what is worth it.
func (i *idler) rest(thing Thing) {
	if r, ok := thing.(Rester); ok {
		r.Rest()
	}
	s := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(s)
	if allocated := s[0].Value.Uint64(); allocated-i.returned >= worthReturning {
		debug.FreeOSMemory()
		i.returned = allocated
	}
}
