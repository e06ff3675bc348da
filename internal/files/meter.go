package files

import (
	"fmt"
	"sync"
	"time"
)

// Progress is how far a transfer is.
type Progress struct {
	// Done and Total are bytes, those that were there already included. Total is 0 while a tree is still being listed.
	Done, Total int64
	// Files are those of a tree that are complete, of TotalFiles.
	Files, TotalFiles int
	// Rate is bytes per second over the last seconds.
	Rate float64
	// Left is the time that the rest will take at this rate, negative if that cannot be told.
	Left time.Duration
	// Doing is what else goes on: "comparing".
	Doing string
}

// String is a line for people: "45% 230 MiB of 512 MiB, 210 MiB/s, 2 s left".
func (p Progress) String() string {
	text := Size(p.Done)
	if p.Total > 0 {
		text = fmt.Sprintf("%d%% %s of %s", p.Done*100/p.Total, Size(p.Done), Size(p.Total))
	}
	if p.TotalFiles > 0 {
		text += fmt.Sprintf(", %d of %d files", p.Files, p.TotalFiles)
	}
	if p.Rate > 0 {
		text += ", " + Size(int64(p.Rate)) + "/s"
	}
	switch {
	case p.Doing != "":
		text += ", " + p.Doing
	case p.Left >= 0 && p.Done < p.Total:
		text += ", " + p.Left.Round(time.Second).String() + " left"
	}
	return text
}

// Size is a number of bytes for people.
func Size(n int64) string {
	if n < 10<<10 {
		return fmt.Sprintf("%d B", n)
	}
	units := []string{"KiB", "MiB", "GiB", "TiB", "PiB"}
	v := float64(n) / 1024
	for len(units) > 1 && v >= 10*1024/10 {
		v, units = v/1024, units[1:]
	}
	if v < 10 {
		return fmt.Sprintf("%.1f %s", v, units[0])
	}
	return fmt.Sprintf("%.0f %s", v, units[0])
}

// tellEvery is the pause between two reports.
const tellEvery = 250 * time.Millisecond

// meter counts and tells.
type meter struct {
	tell func(Progress)
	end  chan struct{}
	over sync.WaitGroup

	mu    sync.Mutex
	p     Progress
	looks map[*look]bool // where somebody else moves bytes
	at    time.Time
	since int64 // Done at that time
}

func newMeter(tell func(Progress), total int64) *meter {
	m := &meter{tell: tell, end: make(chan struct{}), at: time.Now()}
	m.p.Total, m.p.Left = total, -1
	if tell != nil {
		m.over.Go(m.run)
	}
	return m
}

// run ends with stop.
func (m *meter) run() {
	tick := time.NewTicker(tellEvery)
	defer tick.Stop()
	for {
		select {
		case <-m.end:
			return
		case now := <-tick.C:
			m.tell(m.now(now))
		}
	}
}

func (m *meter) now(now time.Time) Progress {
	m.mu.Lock()
	defer m.mu.Unlock()
	p := &m.p
	done := p.Done
	for l := range m.looks {
		done += l.moved()
	}
	if passed := now.Sub(m.at).Seconds(); passed > 0 {
		rate := float64(done-m.since) / passed
		if m.p.Rate == 0 {
			m.p.Rate = rate
		}
		m.p.Rate += (rate - m.p.Rate) / 8
		m.at, m.since = now, done
	}
	m.p.Left = -1
	if m.p.Rate >= 1 {
		m.p.Left = time.Duration(float64(m.p.Total-done) / m.p.Rate * float64(time.Second))
	}
	told := *p
	told.Done = done
	return told
}

func (m *meter) stop() {
	close(m.end)
	m.over.Wait()
}

func (m *meter) change(f func(p *Progress)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f(&m.p)
}

func (m *meter) add(n int) { m.change(func(p *Progress) { p.Done += int64(n) }) }

func (m *meter) say(what string) { m.change(func(p *Progress) { p.Doing = what }) }

func (m *meter) resumed(n int64) {
	m.change(func(p *Progress) { p.Done, m.since = n, n })
}

// look is a position that somebody else moves.
type look struct {
	at    func() int64
	start int64
}

func (l *look) moved() int64 { return l.at() - l.start }

// follow counts what at moves on until the returned function is called.
func (m *meter) follow(at func() int64) (done func()) {
	l := &look{at, at()}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.looks == nil {
		m.looks = map[*look]bool{}
	}
	m.looks[l] = true
	return func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.looks, l)
		m.p.Done += l.moved()
	}
}
