package fleet

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"relay-shell/internal/output"
	"relay-shell/internal/target"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fake is a target that does what its function says.
type fake struct {
	host *target.Host
	run  func(ctx context.Context, c target.Command) (target.Exit, error)
}

func (f *fake) Host() *target.Host { return f.host }
func (f *fake) Names() []string    { return nil }
func (f *fake) Run(ctx context.Context, c target.Command) (target.Exit, error) {
	c.Started()
	return f.run(ctx, c)
}
func (f *fake) Disconnect(context.Context) (int, int, error) { return 0, 0, nil }

func exit(code int) target.Exit { return target.Exit{Code: &code} }

// fakes makes n units named h0… that all do the same.
func fakes(n int, run func(ctx context.Context, i int, c target.Command) (target.Exit, error)) []Unit {
	units := make([]Unit, n)
	for i := range units {
		units[i] = Unit{Host: fmt.Sprintf("h%d", i), Target: &fake{run: func(ctx context.Context, c target.Command) (target.Exit, error) {
			return run(ctx, i, c)
		}}}
	}
	return units
}

func newSpool(t *testing.T, perCall int64) *output.Spool {
	t.Helper()
	s, err := output.OpenSpool(t.TempDir(), output.SpoolOptions{PerCall: perCall})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// gauge knows how many run at the same time.
type gauge struct {
	mu             sync.Mutex
	now, most, all int
}

func (g *gauge) enter() (nth int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.now++
	g.all++
	g.most = max(g.most, g.now)
	return g.all
}

func (g *gauge) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.now--
}

// outcomes counts the results.
func outcomes(r *Report) map[string]int {
	n := map[string]int{}
	for i := range r.Results {
		n[r.Results[i].status()]++
	}
	return n
}

var errDead = errors.New("no route to host")
