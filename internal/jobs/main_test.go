package jobs

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"relay-shell/internal/inventory"
	"relay-shell/internal/keeper"
	"relay-shell/internal/keeper/job"
	"relay-shell/internal/sshbin"
	"relay-shell/internal/sshbin/dest"
	"relay-shell/internal/sshtest"
	"relay-shell/internal/target"
)

// TestMain lets the test's program be the keeper.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == keeper.Command {
		os.Exit(keeper.Main(os.Args[2:], map[string]keeper.Kind{job.Kind: job.Open}))
	}
	os.Exit(m.Run())
}

var testLimits = Limits{Running: 10, Output: 1 << 20, Retention: time.Hour, History: 20}

// newLocal is jobs of this machine that end with the test.
func newLocal(t *testing.T) *Local {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "jb")
	if err != nil {
		t.Fatal(err)
	}
	l := &Local{
		Keepers: keeper.Open(keeper.Options{Dir: filepath.Join(dir, "k"), Environ: os.Environ(), Build: "test", Kinds: []string{job.Kind}}),
		Dir:     filepath.Join(dir, "jobs"), Limits: testLimits, Environ: os.Environ(),
	}
	t.Cleanup(func() {
		list, err := l.Keepers.List(context.Background(), job.Kind)
		if err != nil {
			t.Error(err)
		}
		for _, i := range list {
			if err := l.Keepers.Close(context.Background(), i.ID); err != nil {
				t.Error(err)
			}
		}
		_ = os.RemoveAll(dir)
	})
	return l
}

// newHost is jobs of a host. Each call makes an engine, as another server would.
func newHost(t *testing.T, s *sshtest.Server) *Host {
	t.Helper()
	h, _ := newHostEngine(t, s)
	return h
}

// newHostEngine is newHost with its engine.
func newHostEngine(t *testing.T, s *sshtest.Server) (*Host, *sshbin.Engine) {
	t.Helper()
	e, err := sshbin.New(sshbin.Options{ConfigFile: s.Config(), Env: s.Env(), RuntimeDir: s.RuntimeDir(), IdleTimeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	inv, err := inventory.Open(inventory.Options{SSHConfig: s.Config()})
	if err != nil {
		t.Fatal(err)
	}
	to, err := target.NewResolver(e, inv, nil, nil).Resolve(t.Context(), dest.Destination{Host: s.Alias()})
	if err != nil {
		t.Fatal(err)
	}
	return &Host{Target: to, Name: s.Alias(), Limits: testLimits}, e
}

func start(t *testing.T, p Place, command string) Info {
	t.Helper()
	info, err := p.Start(t.Context(), Spec{Command: command})
	if err != nil {
		t.Fatal(err)
	}
	return info
}

func wait(t *testing.T, p Place, id string, o WaitOptions) Waited {
	t.Helper()
	if o.Timeout == 0 {
		o.Timeout = 60 * time.Second
	}
	if o.Max == 0 {
		o.Max = 4096
	}
	w, err := Wait(t.Context(), p, id, o)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// waitFor waits until the output has a text.
func waitFor(t *testing.T, p Place, id, text string) Waited {
	t.Helper()
	w := wait(t, p, id, WaitOptions{Until: regexp.MustCompile(regexp.QuoteMeta(text))})
	if w.Reason != ReasonUntil {
		t.Fatalf("waiting for %q: %s, %+v, output %q", text, w.Reason, w.Info, w.Chunk.Data)
	}
	return w
}

// all reads the whole kept output and counts what is missing.
func all(t *testing.T, p Place, id string) (data []byte, missing int64) {
	t.Helper()
	cursor := int64(0)
	for {
		_, c, err := p.Read(t.Context(), id, cursor, 100_000, 0)
		if err != nil {
			t.Fatal(err)
		}
		missing += c.Start - cursor
		data = append(data, c.Data...)
		cursor = c.Next
		if c.Next >= c.Total {
			return data, missing
		}
	}
}

// numbered is a command that prints n numbered lines of ten bytes.
func numbered(n int) string {
	return fmt.Sprintf(`i=0; while [ $i -lt %d ]; do printf '%%09d\n' $i; i=$((i+1)); done`, n)
}

// checkNumbered compares output with that of numbered.
func checkNumbered(t *testing.T, data []byte, missing int64, n int) {
	t.Helper()
	if int64(len(data))+missing != int64(n)*10 {
		t.Errorf("%d bytes and %d missing are not %d", len(data), missing, n*10)
	}
	var want bytes.Buffer
	for i := range n {
		fmt.Fprintf(&want, "%09d\n", i)
	}
	if !bytes.Equal(data, want.Bytes()[missing:]) {
		t.Error("the output is not what was printed")
	}
}

func code(i Info) string {
	if i.Code == nil {
		return i.State
	}
	return strings.TrimSpace(fmt.Sprintf("%s %d %s", i.State, *i.Code, i.Signal))
}
