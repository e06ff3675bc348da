package fleet

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"relay-shell/internal/target"
)

func TestOrderAndOutcomes(t *testing.T) {
	units := fakes(5, func(_ context.Context, i int, c target.Command) (target.Exit, error) {
		fmt.Fprintf(c.Stdout, "out %d\n", i)
		fmt.Fprintf(c.Stderr, "err %d\n", i)
		return exit(i % 2), nil
	})
	units[4] = Unit{Host: "h4", Err: errDead}
	units[2].Target.(*fake).run = func(context.Context, target.Command) (target.Exit, error) { panic("oops") }
	report := Run(context.Background(), units, Options{})
	for i, want := range []string{"exit 0", "exit 1", "error", "exit 1", "error"} {
		if r := report.Results[i]; r.Host != fmt.Sprintf("h%d", i) || r.status() != want {
			t.Errorf("result %d: %s %s, want %s", i, r.Host, r.status(), want)
		}
	}
	if got := report.Results[1].Output.Show(100).Text; got != "out 1\nerr 1\n" {
		t.Errorf("output %q", got)
	}
	if !errors.Is(report.Results[4].Err, errDead) || !strings.Contains(report.Results[2].Err.Error(), "oops") {
		t.Errorf("errors %v, %v", report.Results[4].Err, report.Results[2].Err)
	}
}

func TestConcurrency(t *testing.T) {
	for _, limit := range []int{1, 3, 32, 512} {
		var g gauge
		units := fakes(40, func(context.Context, int, target.Command) (target.Exit, error) {
			g.enter()
			defer g.leave()
			time.Sleep(time.Millisecond)
			return exit(0), nil
		})
		report := Run(context.Background(), units, Options{Concurrency: limit})
		if g.most > limit || g.all != 40 || outcomes(report)["exit 0"] != 40 {
			t.Errorf("limit %d: %d at once, %d in all, %v", limit, g.most, g.all, outcomes(report))
		}
	}
}

func TestBatchesRoll(t *testing.T) {
	var mu sync.Mutex
	ended := map[int]bool{}
	units := fakes(10, func(_ context.Context, i int, _ target.Command) (target.Exit, error) {
		mu.Lock()
		for before := range i / 4 * 4 {
			if !ended[before] {
				t.Errorf("host %d started before host %d had ended", i, before)
			}
		}
		mu.Unlock()
		time.Sleep(2 * time.Millisecond)
		mu.Lock()
		defer mu.Unlock()
		ended[i] = true
		return exit(0), nil
	})
	if report := Run(context.Background(), units, Options{Batch: 4}); outcomes(report)["exit 0"] != 10 {
		t.Errorf("%v", outcomes(report))
	}
}

func TestMaxFailures(t *testing.T) {
	for _, test := range []struct {
		name    string
		opts    Options
		fails   func(i int) bool
		run     int // how many started
		stopped bool
	}{
		{"never", Options{Concurrency: 1}, func(int) bool { return true }, 40, false},
		{"the first", Options{Concurrency: 1, MaxFailures: 1}, func(i int) bool { return i == 2 }, 3, true},
		{"the third", Options{Concurrency: 1, MaxFailures: 3}, func(i int) bool { return i%2 == 1 }, 6, true},
		{"not reached", Options{Concurrency: 1, MaxFailures: 3}, func(i int) bool { return i < 2 }, 40, false},
		{"the last host", Options{Concurrency: 1, MaxFailures: 1}, func(i int) bool { return i == 39 }, 40, false},
		{"a batch ends as it began", Options{Concurrency: 8, Batch: 8, MaxFailures: 1}, func(i int) bool { return i == 0 }, 8, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			var g gauge
			var all sync.WaitGroup
			all.Add(8)
			units := fakes(40, func(_ context.Context, i int, _ target.Command) (target.Exit, error) {
				g.enter()
				defer g.leave()
				if test.opts.Batch > 0 { // all of the batch run before the first fails
					all.Done()
					all.Wait()
				}
				if !test.fails(i) {
					return exit(0), nil
				}
				if i%3 == 0 {
					return target.Exit{}, errDead
				}
				return exit(1), nil
			})
			report := Run(context.Background(), units, test.opts)
			if g.all != test.run || report.Stopped != test.stopped || outcomes(report)["skipped"] != 40-test.run {
				t.Errorf("%d started, stopped %v, %v; want %d, %v", g.all, report.Stopped, outcomes(report), test.run, test.stopped)
			}
		})
	}
}

func TestUnresolvedCountAsFailures(t *testing.T) {
	units := fakes(10, func(context.Context, int, target.Command) (target.Exit, error) { return exit(0), nil })
	units[0], units[1] = Unit{Host: "a", Err: errDead}, Unit{Host: "b", Err: errDead}
	report := Run(context.Background(), units, Options{Concurrency: 1, MaxFailures: 2})
	if want := map[string]int{"error": 2, "skipped": 8}; !maps.Equal(outcomes(report), want) {
		t.Errorf("%v, want %v", outcomes(report), want)
	}
}

// TestTimeoutPerHost also has a host that waits a long time before its command starts.
func TestTimeoutPerHost(t *testing.T) {
	units := fakes(4, func(ctx context.Context, i int, c target.Command) (target.Exit, error) {
		fmt.Fprintf(c.Stdout, "begun\n")
		if i == 0 {
			return exit(0), nil
		}
		<-ctx.Done()
		return target.Exit{Survivors: []string{"pid 7"}}, context.Cause(ctx)
	})
	began := time.Now()
	report := Run(context.Background(), units, Options{Timeout: 50 * time.Millisecond, Concurrency: 2})
	if want := map[string]int{"exit 0": 1, "timeout": 3}; !maps.Equal(outcomes(report), want) {
		t.Errorf("%v, want %v", outcomes(report), want)
	}
	r := report.Results[3]
	var timeout *TimeoutError
	if !errors.As(r.Err, &timeout) || r.Output.Show(99).Text != "begun\n" || !slices.Equal(r.Survivors, []string{"pid 7"}) || r.ExitCode != nil {
		t.Errorf("%+v", r)
	}
	if d := time.Since(began); d > 10*time.Second {
		t.Errorf("it took %v", d)
	}
}

func TestCancelKeepsWhatThereIs(t *testing.T) {
	ctx, cancel := context.WithCancelCause(context.Background())
	running := make(chan struct{}, 100)
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	units := fakes(20, func(ctx context.Context, i int, c target.Command) (target.Exit, error) {
		fmt.Fprintf(c.Stdout, "out %d\n", i)
		if i < 5 {
			return exit(0), nil
		}
		running <- struct{}{}
		if i == 6 { // does not listen
			<-release
			return exit(0), nil
		}
		<-ctx.Done()
		return target.Exit{}, context.Cause(ctx)
	})
	go func() {
		for range 4 {
			<-running
		}
		cancel(errors.New("enough"))
	}()
	report := Run(ctx, units, Options{Concurrency: 4, Grace: 100 * time.Millisecond})
	if want := map[string]int{"exit 0": 5, "cancelled": 4, "skipped": 11}; !maps.Equal(outcomes(report), want) {
		t.Errorf("%v, want %v", outcomes(report), want)
	}
	if r := report.Results[6]; !errors.Is(r.Err, errLeft) || r.Output.Show(99).Text != "out 6\n" || len(r.Survivors) == 0 {
		t.Errorf("left behind: %+v", r)
	}
	if report.Stopped {
		t.Error("a cancelled run is not one that failures stopped")
	}
}

func TestProgress(t *testing.T) {
	var lines []string
	units := fakes(10, func(_ context.Context, i int, _ target.Command) (target.Exit, error) { return exit(i % 5 / 4), nil })
	Run(context.Background(), units, Options{Concurrency: 1, Progress: func(line string) { lines = append(lines, line) }})
	if len(lines) != 11 || lines[0] != "0/10 done" || lines[4] != "4/10 done" || lines[10] != "10/10 done, 2 failed: h4 h9" {
		t.Errorf("%q", lines)
	}
	tr := newTracker(200, nil)
	tr.done, tr.failing, tr.failed, tr.skips = 37, 7, []string{"a", "b"}, 3
	now := time.Now()
	tr.running = map[string]time.Time{"x": now.Add(-12 * time.Second), "y": now}
	if got := tr.line(now); got != "37/200 done, 7 failed: a b …, 3 skipped, 2 running (x for 12s)" {
		t.Errorf("%q", got)
	}
	tr.close()
}
