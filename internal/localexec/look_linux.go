package localexec

import (
	"sync"
)

// look is one look at all processes. Trees that are ended at the same time share it: on a machine with many processes it is what ending a
// tree costs.
type look struct {
	all  []proc
	done chan struct{}

	mu       sync.Mutex
	environs map[int]environ
	limits   map[int]uint64
}

// environ is the environment of a process, or why it is not known.
type environ struct {
	vars []byte
	err  error
}

// looking hands out looks: whoever asks gets one that begins after that.
var looking struct {
	mu      sync.Mutex
	running bool
	next    *look
}

// takeLook looks at all processes.
func takeLook() *look {
	looking.mu.Lock()
	if looking.next == nil {
		looking.next = &look{done: make(chan struct{}), environs: map[int]environ{}, limits: map[int]uint64{}}
	}
	l := looking.next
	if !looking.running {
		looking.running = true
		go lookOn()
	}
	looking.mu.Unlock()
	<-l.done
	return l
}

// lookOn looks as long as somebody waits for it.
func lookOn() {
	for {
		looking.mu.Lock()
		l := looking.next
		looking.next = nil
		if l == nil {
			looking.running = false
			looking.mu.Unlock()
			return
		}
		looking.mu.Unlock()
		l.all = processes()
		close(l.done)
	}
}

// environ is the environment of a process, read once.
func (l *look) environ(pid int) ([]byte, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e, known := l.environs[pid]
	if !known {
		e.vars, e.err = environOf(pid)
		l.environs[pid] = e
	}
	return e.vars, e.err
}

// limit is the mark of a process, read once.
func (l *look) limit(pid int) uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	n, known := l.limits[pid]
	if !known {
		n = limitOf(pid)
		l.limits[pid] = n
	}
	return n
}
