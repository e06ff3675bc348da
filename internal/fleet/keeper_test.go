package fleet

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"relay-shell/internal/target"
)

func TestLevel(t *testing.T) {
	for _, test := range []struct {
		sizes  []int
		budget int
		want   int
	}{
		{[]int{10, 20, 30}, 60, 0}, {[]int{10, 20, 30}, 50, 20}, {[]int{1, 1, 100, 100}, 22, 10}, {[]int{5, 5, 5}, 3, 1}, {nil, 7, 7}, {[]int{100}, 64, 64},
	} {
		if got := level(test.sizes, test.budget); got != test.want {
			t.Errorf("level(%v, %d) = %d, want %d", test.sizes, test.budget, got, test.want)
		}
	}
}

func excerptOf(limit int, parts ...string) *Excerpt {
	r := newRecorder(limit)
	for _, p := range parts {
		r.write([]byte(p))
	}
	e := r.finish()
	return &e
}

func TestExcerpt(t *testing.T) {
	lines := ""
	for i := range 1000 {
		lines += fmt.Sprintf("line %d\n", i)
	}
	for _, test := range []struct {
		name  string
		e     *Excerpt
		limit int
		want  Shown
	}{
		{"nothing", excerptOf(10), 10, Shown{}},
		{"whole", excerptOf(10, "abc", "def"), 10, Shown{Text: "abcdef"}},
		{"exactly", excerptOf(6, "abc", "def"), 6, Shown{Text: "abcdef"}},
		{"small", excerptOf(100, "abc", "def"), 2, Shown{Text: "abcdef"}},
		{"cut when shown", excerptOf(100, "abc", strings.Repeat("x", 60), "def"), 2, Shown{Text: "a\n[TRUNCATED - 66 bytes total, 2 shown]\nf", Truncated: true}},
		{"cut when kept", excerptOf(4, "abcdef", "ghijkl"), 10, Shown{Text: "ab\n[TRUNCATED - 12 bytes total, 4 shown]\nkl", Truncated: true}},
		{"not at all", excerptOf(4, "abcdef"), 0, Shown{Text: "[TRUNCATED - 6 bytes total, 0 shown]\n", Truncated: true}},
		{"at lines", excerptOf(1<<20, lines), 40, Shown{Text: "line 0\nline 1\nline 2\n[TRUNCATED - 8890 bytes total, 38 shown]\nline 998\nline 999\n", Truncated: true}},
		{"no half characters", excerptOf(1<<20, strings.Repeat("ü", 100)), 6, Shown{Text: "ü\n[TRUNCATED - 200 bytes total, 4 shown]\nü", Truncated: true}},
		{"not UTF-8", excerptOf(100, "a\xff\xfeb"), 100, Shown{Text: "a\ufffd\ufffdb", Lossy: true}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := test.e.Show(test.limit); got != test.want {
				t.Errorf("%+v, want %+v", got, test.want)
			}
		})
	}
}

func FuzzExcerpt(f *testing.F) {
	f.Add([]byte("abc\ndef"), 10, 5, 3)
	f.Add([]byte("\xff\xf0\x9f\x98\x80üü\n"), 4, 2, 1)
	f.Fuzz(func(t *testing.T, data []byte, keep, show, step int) {
		if keep < 2 || keep > 1<<16 || show < 0 || step < 1 {
			return
		}
		r := newRecorder(keep)
		for rest := data; len(rest) > 0; rest = rest[min(step, len(rest)):] {
			r.write(rest[:min(step, len(rest))])
		}
		e := r.finish()
		if e.kept() > keep || e.Total != int64(len(data)) || e.whole() != (len(data) <= keep) {
			t.Fatalf("kept %d of %d within %d", e.kept(), e.Total, keep)
		}
		if !bytes.HasPrefix(data, e.head) || !bytes.HasSuffix(data, e.tail) {
			t.Fatalf("%q … %q of %q", e.head, e.tail, data)
		}
		s := e.Show(show)
		if !utf8.ValidString(s.Text) || s.Truncated != (len(data) > keep || len(data) > max(show, small)) {
			t.Fatalf("%+v of %q, keep %d, show %d", s, data, keep, show)
		}
		if len(s.Text) > 3*max(show, small)+60 {
			t.Fatalf("%d bytes for a limit of %d", len(s.Text), show)
		}
		e.shrink(show)
		if e.kept() > max(show, 0) {
			t.Fatalf("%d bytes kept after shrinking to %d", e.kept(), show)
		}
	})
}

func TestSpooledLines(t *testing.T) {
	spool := newSpool(t, 1<<20)
	units := fakes(20, func(_ context.Context, i int, c target.Command) (target.Exit, error) {
		for n := range 200 {
			fmt.Fprintf(c.Stdout, "this is line %d\n", n)
		}
		fmt.Fprint(c.Stdout, strings.Repeat("x", longLine+5))
		return exit(i / 19), nil
	})
	var live bytes.Buffer
	report := Run(context.Background(), units, Options{Spool: spool, Budget: 4096, Live: func(b []byte) { live.Write(b) }})
	if report.OutputID == "" || report.SpoolErr != nil {
		t.Fatalf("id %q, %v", report.OutputID, report.SpoolErr)
	}
	for pattern, want := range map[string]int{"^h7: ": 200 + 2 + 1, "^h19: ": 200 + 2 + 2, `^h19: \[exit 1\]$`: 1, "line 77$": 20, `^h\d+: \[exit`: 21} {
		found, err := spool.Grep(context.Background(), report.OutputID, pattern, 0, 1<<20)
		if err != nil || len(found.Matches) != want {
			t.Errorf("%d lines match %s, want %d; %v", len(found.Matches), pattern, want, err)
		}
	}
	if n := strings.Count(live.String(), "\n"); n != 20*202 {
		t.Errorf("%d lines live", n)
	}
	if n := report.Results[3].Output.Total; n != report.TotalBytes/20 {
		t.Errorf("%d bytes of %d", n, report.TotalBytes)
	}
}

// TestSpoolShares lets one host print far more than the spool takes, before the others print.
func TestSpoolShares(t *testing.T) {
	spool := newSpool(t, 1<<20)
	var flood sync.WaitGroup
	flood.Add(1)
	units := fakes(10, func(_ context.Context, i int, c target.Command) (target.Exit, error) {
		if i == 0 {
			defer flood.Done()
			for range 1000 {
				fmt.Fprintf(c.Stdout, "%s\n", strings.Repeat("flood", 1000))
			}
			return exit(0), nil
		}
		flood.Wait()
		fmt.Fprintf(c.Stdout, "%s\n", strings.Repeat("word ", 5000))
		return exit(0), nil
	})
	report := Run(context.Background(), units, Options{Spool: spool, SpoolPerCall: 1 << 20, Budget: 4096})
	for i := 1; i < 10; i++ {
		found, err := spool.Grep(context.Background(), report.OutputID, fmt.Sprintf("^h%d: ", i), 0, 1<<20)
		if err != nil || len(found.Matches) != 5 { // 25 kB in lines of 8, and one in the table
			t.Errorf("h%d: %d lines, %v", i, len(found.Matches), err)
		}
	}
	if found, err := spool.Grep(context.Background(), report.OutputID, `^h0: \[about \d+ bytes more`, 0, 1<<20); err != nil || len(found.Matches) != 1 {
		t.Errorf("what is not kept is not said: %v", err)
	}
}

// TestMemoryIsBounded runs 150 hosts that print 512 kB each.
func TestMemoryIsBounded(t *testing.T) {
	spool := newSpool(t, 4<<20)
	chunk := bytes.Repeat([]byte("0123456789abcde\n"), 2048)
	var most uint64
	var mu sync.Mutex
	sample := func() {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		mu.Lock()
		defer mu.Unlock()
		most = max(most, m.HeapAlloc)
	}
	sample()
	before := most
	units := fakes(150, func(_ context.Context, i int, c target.Command) (target.Exit, error) {
		for range 16 {
			_, _ = c.Stdout.Write(chunk)
		}
		if i%25 == 0 {
			sample()
		}
		return exit(0), nil
	})
	report := Run(context.Background(), units, Options{Spool: spool, SpoolPerCall: 4 << 20, Concurrency: 64})
	sample()
	if grown := int64(most) - int64(before); grown > 64<<20 {
		t.Errorf("the heap grew by %d bytes", grown)
	}
	kept := 0
	for i := range report.Results {
		kept += report.Results[i].Output.kept()
	}
	if kept > 2*64<<10 {
		t.Errorf("%d bytes are kept after all have ended", kept)
	}
	if report.TotalBytes != 150*16*int64(len(chunk)) {
		t.Errorf("%d bytes in all", report.TotalBytes)
	}
}

func TestCheckFakes(t *testing.T) {
	units := fakes(3, nil)
	units[1] = Unit{Host: "h1", Err: errDead}
	var g gauge
	for range 30 {
		units = append(units, Unit{Host: fmt.Sprintf("p%d", len(units)), Target: &prober{fake: fake{host: &target.Host{Hostname: "x", Port: 22, Jump: "bastion,b"}}, probe: func(ctx context.Context) error {
			g.enter()
			defer g.leave()
			time.Sleep(time.Millisecond)
			return nil
		}}})
	}
	units = append(units, Unit{Host: "slow", Target: &prober{fake: fake{host: &target.Host{Hostname: "y"}}, probe: func(ctx context.Context) error {
		<-ctx.Done()
		return context.Cause(ctx)
	}}})
	results := Check(context.Background(), units, CheckOptions{Timeout: time.Second})
	for i, want := range map[int]Outcome{0: Failed, 1: Failed, 3: OK, 32: OK, 33: Timeout} {
		if results[i].Outcome != want || results[i].Host != units[i].Host {
			t.Errorf("%s: %s %v, want %s", results[i].Host, results[i].Outcome, results[i].Err, want)
		}
	}
	var hinted interface{ ErrorHint() string }
	if !errors.As(results[33].Err, &hinted) || strings.Contains(hinted.ErrorHint(), "started") || !strings.Contains(hinted.ErrorHint(), "raise timeout") {
		t.Errorf("the hint of a probe that timed out: %v", results[33].Err)
	}
	if g.most > perGate {
		t.Errorf("%d at a time through one bastion", g.most)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, r := range Check(ctx, units[3:], CheckOptions{}) {
		if r.Outcome != Skipped && r.Outcome != OK && r.Outcome != Cancelled {
			t.Errorf("after a cancel: %+v", r)
		}
	}
}

type prober struct {
	fake
	probe func(ctx context.Context) error
}

func (p *prober) Probe(ctx context.Context, _ bool) (target.Probe, error) {
	return target.Probe{}, p.probe(ctx)
}
