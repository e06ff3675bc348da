package tools

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strconv"
	"strings"

	"relay-shell/internal/fleet"
	"relay-shell/internal/relay"
)

// Fanout is what ssh_fanout answers.
type Fanout struct {
	Counts     FanoutCounts   `json:"counts"`
	Results    []FanoutResult `json:"results" jsonschema:"one per host in the order of the hosts; with aggregate one per different result"`
	Omitted    int            `json:"omitted,omitempty" jsonschema:"hosts without a result here, for want of room; failures are left out last"`
	Truncated  bool           `json:"truncated" jsonschema:"something is not shown"`
	TotalBytes int64          `json:"total_bytes" jsonschema:"printed by all hosts"`
	OutputID   *string        `json:"output_id" jsonschema:"for output_read: all output, each line behind its host's name"`
}

// FanoutCounts counts hosts.
type FanoutCounts struct {
	Total   int `json:"total"`
	OK      int `json:"ok" jsonschema:"ran and exited with 0"`
	Failed  int `json:"failed" jsonschema:"all that ran or was tried and is not ok"`
	Skipped int `json:"skipped" jsonschema:"never started"`
	// The kinds of failure.
	Nonzero   int `json:"nonzero,omitempty" jsonschema:"ran and exited otherwise"`
	Timeout   int `json:"timeout,omitempty"`
	Error     int `json:"error,omitempty"`
	Cancelled int `json:"cancelled,omitempty"`
}

// FanoutResult is how it went on one host, or with aggregate on several alike.
type FanoutResult struct {
	Host       string       `json:"host,omitempty"`
	Hosts      []string     `json:"hosts,omitempty" jsonschema:"with aggregate, instead of host"`
	Outcome    string       `json:"outcome" jsonschema:"ok, timeout, cancelled, error or skipped"`
	ExitCode   *int         `json:"exit_code"`
	Signal     string       `json:"signal,omitempty"`
	Output     string       `json:"output" jsonschema:"stdout and stderr interleaved"`
	Truncated  bool         `json:"truncated,omitempty"`
	TotalBytes int64        `json:"total_bytes,omitempty" jsonschema:"when truncated"`
	Lossy      bool         `json:"lossy,omitempty"`
	Error      *relay.Error `json:"error"`
	DurationMS int64        `json:"duration_ms"`
	Survivors  []string     `json:"survivors,omitempty"`
}

// Good reports whether the command ran and exited with 0.
func (r *FanoutResult) Good() bool {
	return r.Outcome == string(fleet.OK) && r.ExitCode != nil && *r.ExitCode == 0
}

func countsOf(results []fleet.Result) FanoutCounts {
	c := FanoutCounts{Total: len(results)}
	for i := range results {
		switch r := &results[i]; {
		case r.Good():
			c.OK++
		case r.Outcome == fleet.Skipped:
			c.Skipped++
		case r.Outcome == fleet.OK:
			c.Nonzero++
		case r.Outcome == fleet.Timeout:
			c.Timeout++
		case r.Outcome == fleet.Cancelled:
			c.Cancelled++
		default:
			c.Error++
		}
	}
	c.Failed = c.Nonzero + c.Timeout + c.Cancelled + c.Error
	return c
}

// hostCount is "1 host" or "40 hosts".
func hostCount(n int) string {
	if n == 1 {
		return "1 host"
	}
	return fmt.Sprintf("%d hosts", n)
}

// String is "40 hosts: 37 ok, 2 failed (1 exit, 1 timeout), 1 skipped".
func (c FanoutCounts) String() string {
	s := fmt.Sprintf("%s: %d ok", hostCount(c.Total), c.OK)
	if c.Failed > 0 {
		var kinds []string
		for _, k := range []struct {
			n    int
			name string
		}{{c.Nonzero, "non-zero exit"}, {c.Timeout, "timeout"}, {c.Error, "error"}, {c.Cancelled, "cancelled"}} {
			if k.n > 0 {
				kinds = append(kinds, fmt.Sprintf("%d %s", k.n, k.name))
			}
		}
		s += fmt.Sprintf(", %d failed (%s)", c.Failed, strings.Join(kinds, ", "))
	}
	if c.Skipped > 0 {
		s += fmt.Sprintf(", %d skipped", c.Skipped)
	}
	return s
}

// block is a result with the hosts that have it.
type block struct {
	*fleet.Result
	hosts []string
	err   *relay.Error
}

// blocks joins results that are alike, if that is asked for.
func blocks(results []fleet.Result, aggregate bool) []*block {
	var list []*block
	alike := map[string]*block{}
	for i := range results {
		r := &results[i]
		b := &block{Result: r, hosts: []string{r.Host}, err: errorOf(r)}
		if !aggregate {
			list = append(list, b)
			continue
		}
		if first := alike[b.key()]; first != nil {
			first.hosts = append(first.hosts, r.Host)
			continue
		}
		alike[b.key()] = b
		list = append(list, b)
	}
	return list
}

func errorOf(r *fleet.Result) *relay.Error {
	if r.Outcome == fleet.OK || r.Err == nil {
		return nil
	}
	return relay.AsError(r.Err)
}

// key is equal for results that are alike: outcome, exit status, output, and of errors the code and the words without the host's name.
func (b *block) key() string {
	code := ""
	if b.ExitCode != nil {
		code = strconv.Itoa(*b.ExitCode)
	}
	key := strings.Join([]string{string(b.Outcome), code, b.Signal, b.Output.SHA256}, "|")
	if b.err != nil {
		words := b.err.Message
		if len(b.Host) > 2 {
			words = strings.ReplaceAll(words, b.Host, "")
		}
		key += "|" + b.err.Code + "|" + words
	}
	return key
}

// maxNotOK bounds the list of failures in the record of a call, in bytes.
const maxNotOK = 64 << 10

// hostStatus is how one host fared. A host is a value and no key, because what stands under a key like "pw1" is taken for a password.
type hostStatus struct {
	Host   string `json:"host"`
	Status string `json:"status"`
}

// recordOf is what the record of a call says of its hosts: how many fared how, who failed how, and a hash over all outputs: SHA-256 of the
// lines "host sha256-of-its-output" in the order of the hosts.
func recordOf(report *fleet.Report) map[string]any {
	notOK := []hostStatus{}
	size, unlisted := 0, 0
	sum := sha256.New()
	for i := range report.Results {
		r := &report.Results[i]
		_, _ = io.WriteString(sum, r.Host+" "+r.Output.SHA256+"\n") // a hash never fails
		if r.Good() {
			continue
		}
		how := statusOf(r)
		if size += len(r.Host) + len(how) + len(`{"host":"","status":""},`); size > maxNotOK {
			unlisted++
			continue
		}
		notOK = append(notOK, hostStatus{r.Host, how})
	}
	rec := map[string]any{"counts": countsOf(report.Results), "not_ok": notOK, "output_len": report.TotalBytes, "outputs_sha256": hex.EncodeToString(sum.Sum(nil))}
	if unlisted > 0 {
		rec["not_listed"] = unlisted
	}
	return map[string]any{"results": rec}
}

// statusOf is a result in few words: "exit 3", "timeout", or an error's code.
func statusOf(r *fleet.Result) string {
	switch {
	case r.Outcome == fleet.Failed && r.Err != nil:
		return relay.AsError(r.Err).Code
	case r.Outcome != fleet.OK:
		return string(r.Outcome)
	case r.ExitCode == nil:
		return "exit unknown"
	case r.Signal != "":
		return fmt.Sprintf("exit %d (SIG%s)", *r.ExitCode, r.Signal)
	}
	return fmt.Sprintf("exit %d", *r.ExitCode)
}
