package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"relay-shell/internal/audit"
)

// recordSamples is how many records of each kind are measured.
const recordSamples = 2000

// benchAudit measures what the trail costs: a record alone and on the road, several writers, and what is asked of a long log.
func benchAudit(b *bench) error {
	for _, step := range []func(*bench) error{benchRecord, benchWriters, benchRoad, benchLongLog} {
		if err := step(b); err != nil {
			return err
		}
	}
	return nil
}

// auditRecord is a record as the road writes it.
func auditRecord(phase audit.Phase, call string) audit.Record {
	r := audit.Record{
		Phase: phase, Call: call, Tool: "ssh_exec", Tier: 1, Principal: "ops", Client: "claude-code/2.0.0", Session: "01JCZ0000000000000000000AB", Mode: "open", Rules: "1-1ad4af89",
		Host: &audit.Host{Alias: "web1", User: "deploy", Hostname: "10.20.30.40", Port: 22, Fingerprint: "SHA256:UWtTQLjWWU5l7WD1+rU46jL9faD+cgaiaJhHsFBTRAM"},
		Args: json.RawMessage(`{"command":"systemctl reload nginx && journalctl -u nginx -n 20 --no-pager","host":"web1","merge_stderr":true,"timeout":60}`),
	}
	if phase == audit.Result {
		code := 0
		r.Outcome, r.ExitCode, r.DurationMS, r.OutputLen = "ok", &code, 35, 1804
		r.OutputSHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
	}
	return r
}

func (b *bench) openLog(name string) (*audit.Log, error) {
	return audit.Open(audit.Options{Path: filepath.Join(b.dir, name, "audit.jsonl")})
}

// benchRecord measures records alone, with a sync and without, in turns.
func benchRecord(b *bench) error {
	log, err := b.openLog("record")
	if err != nil {
		return err
	}
	defer log.Close()
	durable, plain := samples{name: "a record, on disk before the call goes on"}, samples{name: "a record without a sync"}
	for i := range recordSamples {
		call := strconv.Itoa(i)
		if err := durable.measure(func() error { _, err := log.Append(b.ctx, auditRecord(audit.Intent, call), true); return err }); err != nil {
			return err
		}
		if err := plain.measure(func() error { _, err := log.Append(b.ctx, auditRecord(audit.Result, call), false); return err }); err != nil {
			return err
		}
	}
	durable.print(nil)
	plain.print(nil)
	return nil
}

// benchWriters measures how many records a second become durable with several writers.
func benchWriters(b *bench) error {
	for _, writers := range []int{1, 8, 64} {
		log, err := b.openLog(fmt.Sprintf("writers%d", writers))
		if err != nil {
			return err
		}
		const span = 2 * time.Second
		ctx, cancel := context.WithTimeout(b.ctx, span)
		counts := make([]int, writers)
		errs := make([]error, writers)
		var all sync.WaitGroup
		for w := range writers {
			all.Go(func() {
				for ; ctx.Err() == nil && errs[w] == nil; counts[w]++ {
					_, errs[w] = log.Append(b.ctx, auditRecord(audit.Result, ""), true)
				}
			})
		}
		all.Wait()
		cancel()
		total := 0
		for w := range writers {
			if errs[w] != nil {
				return errs[w]
			}
			total += counts[w]
		}
		fmt.Printf("%-44s %8.0f /s\n", fmt.Sprintf("durable records, %d writers", writers), float64(total)/span.Seconds())
		if err := log.Close(); err != nil {
			return err
		}
	}
	return nil
}

// benchRoad measures a call that does next to nothing, by a server that syncs every record and by one that syncs none, in turns: each call is two
// records.
func benchRoad(b *bench) error {
	var servers []*mcp.ClientSession
	ways := []*samples{{name: "session_list, nothing synced"}, {name: "session_list, both records synced"}}
	for _, mode := range []string{"none", "always"} {
		own := *b
		own.env = append(b.env[:len(b.env):len(b.env)], "RELAY_SHELL_AUDIT_SYNC="+mode, "RELAY_SHELL_AUDIT_PATH="+filepath.Join(b.dir, "road-"+mode, "audit.jsonl"))
		client, _, _, err := own.serve()
		if err != nil {
			return err
		}
		defer client.Close()
		servers = append(servers, client)
	}
	for range recordSamples / 4 {
		for i, client := range servers {
			if err := ways[i].measure(func() error {
				_, err := client.CallTool(b.ctx, &mcp.CallToolParams{Name: "session_list", Arguments: map[string]any{}})
				return err
			}); err != nil {
				return err
			}
		}
	}
	ways[0].print(nil)
	ways[1].print(ways[0])
	return nil
}

// benchLongLog has the command line verify a long log and prove a record of it.
func benchLongLog(b *bench) error {
	n := 1_000_000
	if text := os.Getenv("RELAY_SHELL_BENCH_RECORDS"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			return err
		}
	}
	log, err := b.openLog("long")
	if err != nil {
		return err
	}
	began := time.Now()
	for i := range n / 2 {
		call := strconv.Itoa(i)
		for _, phase := range []audit.Phase{audit.Intent, audit.Result} {
			if _, err := log.Append(b.ctx, auditRecord(phase, call), false); err != nil {
				return err
			}
		}
	}
	if err := log.Close(); err != nil {
		return err
	}
	fmt.Printf("%-44s %8.0f /s\n", fmt.Sprintf("%d records written without syncs", n), float64(n)/time.Since(began).Seconds())
	path := log.Path()
	took, usage, _, err := b.command("audit", "verify", "--path", path)
	if err != nil {
		return err
	}
	fmt.Printf("%-44s %8.2f s   %.0f /s, %d MiB resident\n", "audit verify", took.Seconds(), float64(n)/took.Seconds(), usage.Maxrss>>10)
	prove := samples{name: "audit prove, the process and all"}
	var proof []byte
	for i := range 20 {
		if err := prove.measure(func() (err error) {
			_, _, proof, err = b.command("audit", "prove", "--path", path, strconv.Itoa((i*7919*50+3)%n))
			return err
		}); err != nil {
			return err
		}
	}
	prove.print(nil)
	parsed, err := audit.ParseProof(proof)
	if err != nil {
		return err
	}
	fmt.Printf("%-44s %8d bytes, %d hashes, beside the record\n", "a proof", len(proof)-len(parsed.Line), len(parsed.Hashes))
	return nil
}

// command runs the binary's command line.
func (b *bench) command(args ...string) (time.Duration, *syscall.Rusage, []byte, error) {
	cmd := exec.CommandContext(b.ctx, b.binary, args...)
	cmd.Env = b.env
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, os.Stderr
	began := time.Now()
	err := cmd.Run()
	took := time.Since(began)
	if err != nil {
		return 0, nil, nil, fmt.Errorf("%v: %w: %s", args, err, out.Bytes())
	}
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		usage = &syscall.Rusage{}
	}
	return took, usage, out.Bytes(), nil
}
