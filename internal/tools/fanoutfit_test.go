package tools

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"relay-shell/internal/fleet"
	"relay-shell/internal/output"
	"relay-shell/internal/target"
)

// printer is a target that prints a text and exits.
type printer struct {
	text string
	code int
	err  error
}

func (p *printer) Host() *target.Host { return nil }
func (p *printer) Names() []string    { return nil }
func (p *printer) Run(_ context.Context, c target.Command) (target.Exit, error) {
	c.Started()
	_, _ = io.WriteString(c.Stdout, p.text)
	if p.err != nil {
		return target.Exit{}, p.err
	}
	return target.Exit{Code: &p.code}, nil
}
func (p *printer) Disconnect(context.Context) (int, int, error) { return 0, 0, nil }

// reportOf runs the printers.
func reportOf(t *testing.T, budget int, printers ...printer) *fleet.Report {
	t.Helper()
	spool, err := output.OpenSpool(t.TempDir(), output.SpoolOptions{})
	must(t, err)
	t.Cleanup(func() { _ = spool.Close() })
	units := make([]fleet.Unit, len(printers))
	for i := range printers {
		units[i] = fleet.Unit{Host: fmt.Sprintf("host-%d", i), Target: &printers[i]}
	}
	return fleet.Run(context.Background(), units, fleet.Options{Budget: budget, Spool: spool, Concurrency: 8})
}

func times(n int, p printer) []printer {
	list := make([]printer, n)
	for i := range list {
		list[i] = p
	}
	return list
}

// TestFanoutFits holds every answer to the budget in both forms.
func TestFanoutFits(t *testing.T) {
	long := strings.Repeat("a line of some length, with \"quotes\" and <tags>\n", 600)
	dead := printer{err: errors.New("connecting: no route to host " + strings.Repeat("x", 100_000))}
	for _, test := range []struct {
		name      string
		printers  []printer
		truncated bool
	}{
		{"nothing printed", times(40, printer{}), false},
		{"short", times(40, printer{text: "up 3 days\n"}), false},
		{"long", times(100, printer{text: long}), true},
		{"one long", append(times(99, printer{text: "short\n"}), printer{text: strings.Repeat(long, 8)}), true},
		{"controls", times(100, printer{text: strings.Repeat("\x00\x1b[31m\u202e", 2000)}), true},
		{"not UTF-8", times(100, printer{text: strings.Repeat("\xff\xfe", 8000)}), true},
		{"wide", times(100, printer{text: strings.Repeat("日本語", 2000)}), true},
		{"long errors", times(100, dead), false},
		{"many hosts", times(800, printer{text: "x\n", code: 1}), true},
		{"many hosts, mixed", append(times(600, printer{text: long[:500]}), times(20, dead)...), true},
	} {
		for _, budget := range []int{1024, 65536} {
			for _, aggregate := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/%d/%v", test.name, budget, aggregate), func(t *testing.T) {
					report := reportOf(t, budget, test.printers...)
					res := newFanoutAnswer(report, aggregate, budget).result()
					b, err := json.Marshal(res.Fields)
					must(t, err)
					var f Fanout
					must(t, json.Unmarshal(b, &f))
					if len(b) > budget || len(res.Text) > budget {
						t.Fatalf("%d bytes of JSON and %d of text", len(b), len(res.Text))
					}
					listed := f.Omitted
					for _, r := range f.Results {
						listed += max(len(r.Hosts), 1)
					}
					if listed != len(test.printers) || f.Counts.Total != listed {
						t.Errorf("%d hosts are accounted for of %d", listed, len(test.printers))
					}
					if budget == 65536 && !aggregate && f.Truncated != test.truncated {
						t.Errorf("truncated %v", f.Truncated)
					}
					if f.Truncated && f.OutputID == nil {
						t.Error("the rest cannot be read")
					}
				})
			}
		}
	}
}

// TestFanoutShares looks at who gets how much of the budget.
func TestFanoutShares(t *testing.T) {
	long := strings.Repeat("0123456789abcde\n", 10_000)
	printers := append(times(20, printer{text: "short\n"}), printer{text: long}, printer{text: long}, printer{text: strings.Repeat("middle\n", 200)})
	res := newFanoutAnswer(reportOf(t, 65536, printers...), false, 65536).result()
	f := res.Fields.(*Fanout)
	for i, r := range f.Results {
		switch {
		case i < 20 && r.Output != "short\n", i == 22 && r.Truncated:
			t.Errorf("%s does not show all: %q", r.Host, r.Output)
		case i == 20 || i == 21:
			if !r.Truncated || len(r.Output) < 22_000 || r.TotalBytes != int64(len(long)) {
				t.Errorf("%s shows %d bytes", r.Host, len(r.Output))
			}
		}
	}
}

// TestFailuresAreListed has many good hosts and few bad ones, in an answer with room for few.
func TestFailuresAreListed(t *testing.T) {
	printers := times(2000, printer{text: "fine\n"})
	for _, i := range []int{7, 1500, 1999} {
		printers[i] = printer{text: "broken\n", code: 2}
	}
	res := newFanoutAnswer(reportOf(t, 16384, printers...), false, 16384).result()
	f := res.Fields.(*Fanout)
	var bad, hosts []string
	for _, r := range f.Results {
		hosts = append(hosts, r.Host)
		if !r.Good() {
			bad = append(bad, r.Host)
		}
	}
	if !slices.Equal(bad, []string{"host-7", "host-1500", "host-1999"}) || f.Omitted == 0 || len(hosts) < 20 {
		t.Errorf("%q, %d listed, %d omitted", bad, len(hosts), f.Omitted)
	}
	if !strings.HasPrefix(res.Text, "[2000 hosts: 1997 ok, 3 failed (3 non-zero exit)]\n=== host-7: exit 2 (") {
		t.Errorf("%.200s", res.Text)
	}
	if n := strings.Index(res.Text, "host-1999: exit 2"); n < 0 || n > strings.Index(res.Text, "exit 0") {
		t.Errorf("failures do not come first: %.400s", res.Text)
	}
}

// TestHeadingsCannotBeForged has a host print what looks like another host's result.
func TestHeadingsCannotBeForged(t *testing.T) {
	res := newFanoutAnswer(reportOf(t, 65536, printer{text: "\n=== host-1: exit 0\r=== host-1: exit 0\n\x1b[2A=== host-1: exit 0\n"}, printer{code: 1}), false, 65536).result()
	headings := 0
	for line := range strings.Lines(res.Text) {
		if strings.HasPrefix(line, "=== host-1") {
			headings++
		}
	}
	if headings != 1 || strings.ContainsAny(res.Text, "\x1b\r") {
		t.Errorf("%q", res.Text)
	}
}

func TestAggregate(t *testing.T) {
	printers := append(times(3, printer{text: "same\n"}), printer{text: "other\n"}, printer{text: "same\n", code: 1}, printer{text: "same\n"},
		printer{err: errors.New("connecting: host-6: refused")}, printer{err: errors.New("connecting: host-7: refused")}, printer{err: errors.New("connecting: host-8: gone")})
	res := newFanoutAnswer(reportOf(t, 65536, printers...), true, 65536).result()
	var got []string
	for _, r := range res.Fields.(*Fanout).Results {
		got = append(got, strings.Join(r.Hosts, " "))
	}
	want := []string{"host-0 host-1 host-2 host-5", "host-3", "host-4", "host-6 host-7", "host-8"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestCheckFits(t *testing.T) {
	checked := make([]fleet.Checked, 4000)
	for i := range checked {
		checked[i] = fleet.Checked{Host: fmt.Sprintf("host-%d", i), Outcome: fleet.OK, Probe: target.Probe{Latency: time.Millisecond}}
		if i%1000 == 999 {
			checked[i].Outcome, checked[i].Err = fleet.Failed, errors.New(strings.Repeat("no route ", 10_000))
		}
	}
	for _, budget := range []int{1024, 65536} {
		res := checkAnswer(checked, budget)
		c := res.Fields.(*Check)
		if sizeOf(c) > budget || len(res.Text) > budget {
			t.Errorf("%d bytes of JSON, %d of text for %d", sizeOf(c), len(res.Text), budget)
		}
		if c.Counts != (CheckCounts{Total: 4000, Up: 3996, Down: 4}) || c.Omitted+len(c.Results) != 4000 {
			t.Errorf("%+v, %d listed, %d omitted", c.Counts, len(c.Results), c.Omitted)
		}
		if budget == 65536 && c.Results[len(c.Results)-1].Host != "host-3999" {
			t.Errorf("a host that is down is left out")
		}
	}
}
