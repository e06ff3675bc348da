package job

import (
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	// quietAfter and drainMost bound the reading of output after a command's end, when a child still has it open.
	quietAfter = 250 * time.Millisecond
	drainMost  = 2 * time.Second
	// pending is more than a pipe holds.
	pending = 2 << 20
)

// pump moves streams into the store.
type pump struct {
	store  *Store
	files  []*os.File
	done   chan struct{}
	quiet  atomic.Int64 // nanoseconds
	ending atomic.Int64 // when reading ends at the latest, in Unix nanoseconds; 0 while the command runs
}

func startPump(store *Store, files ...*os.File) *pump {
	p := &pump{store: store, done: make(chan struct{})}
	var work sync.WaitGroup
	for _, f := range files {
		if f == nil {
			continue
		}
		p.files = append(p.files, f)
		work.Go(func() { p.move(f) })
	}
	go func() { work.Wait(); close(p.done) }()
	return p
}

// move ends with the stream, or when finish finds it quiet.
func (p *pump) move(f *os.File) {
	defer f.Close()
	buf := make([]byte, 32<<10)
	for {
		n, err := f.Read(buf)
		_, _ = p.store.Write(buf[:n]) // never fails
		if os.IsTimeout(err) {
			p.rest(f, buf)
			return
		}
		if err != nil {
			return
		}
		if last := p.ending.Load(); last != 0 {
			_ = f.SetReadDeadline(earlier(time.Now().Add(time.Duration(p.quiet.Load())), time.Unix(0, last)))
		}
	}
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// rest takes what stands in the pipe. On a busy machine a deadline passes though there is something to read.
func (p *pump) rest(f *os.File, buf []byte) {
	_ = f.SetReadDeadline(time.Time{})
	raw, err := f.SyscallConn()
	if err != nil {
		return
	}
	for taken := 0; taken < pending; {
		var n int
		if raw.Read(func(fd uintptr) bool { n, err = syscall.Read(int(fd), buf); return true }) != nil || err == syscall.EINTR {
			continue
		}
		if err != nil || n <= 0 {
			return
		}
		_, _ = p.store.Write(buf[:n])
		taken += n
	}
}

// finish waits for what the ended command has printed; what a child of it prints beyond a pause is not waited for, nor
// anything for longer than most.
func (p *pump) finish(quiet, most time.Duration) {
	now := time.Now()
	p.quiet.Store(int64(quiet))
	p.ending.Store(now.Add(most).UnixNano())
	for _, f := range p.files {
		_ = f.SetReadDeadline(now.Add(quiet))
	}
	<-p.done
}
