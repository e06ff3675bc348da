// Command bench measures relay-shell beside OpenSSH's own commands, in one run on one throwaway sshd, so that ratios hold
// whatever the machine does. scripts/bench builds the binary and runs it:
//
//	go run ./internal/bench BINARY exec|session|fleet|audit
package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"relay-shell/internal/sshtest"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: bench BINARY exec|session|fleet|audit|files")
		os.Exit(2)
	}
	benchmarks := map[string]func(*bench) error{
		"exec": benchExec, "session": benchSession, "fleet": benchFleet, "audit": benchAudit, "files": benchFiles,
	}
	run, ok := benchmarks[os.Args[2]]
	if !ok {
		fmt.Fprintf(os.Stderr, "bench: no benchmark %q\n", os.Args[2])
		os.Exit(2)
	}
	if err := with(os.Args[1], run); err != nil {
		fmt.Fprintln(os.Stderr, "bench: "+err.Error())
		os.Exit(1)
	}
}

// bench is one run: a server to log in to, and relay-shell's settings.
type bench struct {
	ctx    context.Context
	lab    *sshtest.Lab
	target *sshtest.Server
	binary string
	dir    string // ours
	env    []string
}

func with(binary string, run func(*bench) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	binary, err := filepath.Abs(binary)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "relay-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o711); err != nil { // the account that is logged in to reads its keys below
		return err
	}
	lab, err := sshtest.NewLab(dir)
	if err != nil {
		return err
	}
	defer lab.Close()
	target, err := lab.Start(sshtest.Options{Alias: "target", Ordinary: true})
	if err != nil {
		return err
	}
	return run(&bench{ctx: ctx, lab: lab, target: target, binary: binary, dir: dir, env: append(lab.Env(),
		"RELAY_SHELL_SSH_CONFIG="+lab.Config(),
		"RELAY_SHELL_STATE_DIR="+filepath.Join(dir, "state"),
		"RELAY_SHELL_RUNTIME_DIR="+lab.RuntimeDir(),
		"RELAY_SHELL_AUDIT_PATH="+filepath.Join(dir, "state", "audit", "audit.jsonl"),
	)})
}

// serve starts the server and returns its client, its pid and how long it took from the start to the first list of tools.
func (b *bench) serve() (*mcp.ClientSession, int, time.Duration, error) {
	cmd := exec.Command(b.binary, "serve")
	cmd.Env, cmd.Stderr = b.env, os.Stderr
	client := mcp.NewClient(&mcp.Implementation{Name: "bench", Version: "1"}, nil)
	start := time.Now()
	session, err := client.Connect(b.ctx, &mcp.CommandTransport{Command: cmd}, nil)
	if err != nil {
		return nil, 0, 0, err
	}
	_, err = session.ListTools(b.ctx, nil)
	return session, cmd.Process.Pid, time.Since(start), err
}

// samples are the durations of one way of doing the same thing.
type samples struct {
	name string
	took []time.Duration
}

func (s *samples) measure(do func() error) error {
	start := time.Now()
	err := do()
	s.took = append(s.took, time.Since(start))
	return err
}

func (s *samples) quantile(q float64) time.Duration {
	sorted := append([]time.Duration(nil), s.took...)
	sort.Slice(sorted, func(i, j int) bool { return sorted[i] < sorted[j] })
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}

func (s *samples) print(beside *samples) {
	fmt.Printf("%-44s p50 %8.2f ms   p99 %8.2f ms   n %4d", s.name, ms(s.quantile(0.5)), ms(s.quantile(0.99)), len(s.took))
	if beside != nil {
		fmt.Printf("   %.2f × %s", float64(s.quantile(0.5))/float64(beside.quantile(0.5)), beside.name)
	}
	fmt.Println()
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// peak is the most memory that a process has had resident.
func peak(pid int) string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return "unknown"
	}
	for line := range strings.Lines(string(text)) {
		var kb float64
		if _, err := fmt.Sscanf(line, "VmHWM: %f kB", &kb); err == nil {
			return fmt.Sprintf("%.1f MiB", kb/1024)
		}
	}
	return "unknown"
}

// residentMiB is a process's resident memory and the private share of it.
func residentMiB(pid int) (rss, pss string) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return "unknown", "unknown"
	}
	value := func(key string) string {
		for line := range strings.Lines(string(text)) {
			if rest, ok := strings.CutPrefix(line, key+":"); ok {
				var kb float64
				if _, err := fmt.Sscanf(rest, "%f kB", &kb); err == nil {
					return fmt.Sprintf("%.1f MiB", kb/1024)
				}
			}
		}
		return "unknown"
	}
	return value("Rss"), value("Pss")
}
