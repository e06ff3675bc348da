package tools

import (
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"relay-shell/internal/localexec"
	"relay-shell/internal/output"
)

// TestFlood has a command print much more than may be shown: what is shown is its head and its tail, the count is exact, and memory is bounded by
// what is shown. `go test -tags long -run TestFlood ./internal/tools` does it with a gigabyte.
func TestFlood(t *testing.T) {
	const shown, slack = 1 << 20, 8 << 20
	spool, err := output.OpenSpool(t.TempDir(), output.SpoolOptions{})
	must(t, err)
	flooded := func(n int) output.Output {
		c := output.NewCapture(output.CaptureOptions{Budget: shown, Spool: spool, Merge: true})
		argv := localexec.Shell(fmt.Sprintf("yes 0123456789abcde | head -c %d", n))
		exit, err := localexec.Run(t.Context(), localexec.Command{Argv: argv, Env: os.Environ(), Stdout: c.Stdout(), Stderr: c.Stderr()})
		if err != nil || exit.Code == nil || *exit.Code != 0 {
			t.Fatalf("%+v, %v", exit, err)
		}
		return c.Finish()
	}
	flooded(2 * shown) // what the program itself takes once is not meant
	debug.FreeOSMemory()
	before := resetPeak(t)
	o := flooded(flood)
	peak := memory(t, "VmHWM")
	if !o.Truncated || o.TotalBytes != flood || len(o.Stdout) > shown || o.OutputID == "" || !strings.HasPrefix(o.Stdout, "0123456789abcde\n") {
		t.Errorf("truncated %v, %d bytes in all, %d shown, spooled as %q", o.Truncated, o.TotalBytes, len(o.Stdout), o.OutputID)
	}
	t.Logf("%d MiB printed, %d KiB shown, %.1f MiB of memory more than before", flood>>20, len(o.Stdout)>>10, float64(peak-before)/(1<<20))
	if peak-before > shown+slack && !raced() {
		t.Errorf("%d bytes of memory", peak-before)
	}
}

// raced says whether the race detector is here, which takes memory of its own.
func raced() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}

// resetPeak makes the peak of this process's memory what it has now (proc(5), clear_refs), and returns that.
func resetPeak(t *testing.T) int64 {
	t.Helper()
	must(t, os.WriteFile("/proc/self/clear_refs", []byte("5"), 0))
	return memory(t, "VmRSS")
}

// memory is a figure of this process's memory in bytes.
func memory(t *testing.T, name string) (n int64) {
	t.Helper()
	b, err := os.ReadFile("/proc/self/status")
	must(t, err)
	_, rest, found := strings.Cut(string(b), name+":")
	if _, err := fmt.Sscanf(rest, "%d kB", &n); !found || err != nil {
		t.Skip("this system does not tell")
	}
	return n << 10
}
