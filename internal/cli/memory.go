package cli

import (
	"runtime/debug"
	"runtime/metrics"
)

// worthReturning is how many bytes have to lie about before a collection is worth its time, some milliseconds.
const worthReturning = 4 << 20

// returnMemory gives the system what a burst of calls has left behind. The runtime collects by how much is allocated: a server that falls
// idle after a fan-out over a thousand hosts would keep all of it.
func returnMemory() {
	samples := []metrics.Sample{
		{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/gc/heap/live:bytes"}, {Name: "/memory/classes/heap/free:bytes"},
	}
	metrics.Read(samples)
	objects, live, free := samples[0].Value.Uint64(), samples[1].Value.Uint64(), samples[2].Value.Uint64()
	if objects+free > live+worthReturning {
		debug.FreeOSMemory()
	}
}
