package keeper

import (
	"runtime/debug"
	"runtime/metrics"
)

const (
	// worthReturning is how many allocated bytes are worth a collection once it is quiet again, a millisecond or two.
	worthReturning = 512 << 10
	// stillBusy is how many bytes between two looks mean that more is coming.
	stillBusy = 64 << 10
)

// idler gives the system back what traffic has left behind. The runtime collects by how much is allocated: a keeper that has fallen idle
// would keep it all for as long as it waits.
type idler struct{ last, returned uint64 }

// look says whether this is the moment, by how many bytes the process has allocated so far.
func (i *idler) look(allocated uint64) bool {
	quiet := allocated-i.last < stillBusy
	i.last = allocated
	if !quiet || allocated-i.returned < worthReturning {
		return false
	}
	i.returned = allocated
	return true
}

// rest is called now and then.
func (i *idler) rest() {
	s := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(s)
	if i.look(s[0].Value.Uint64()) {
		debug.FreeOSMemory()
	}
}
