package tools

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"relay-shell/internal/fleet"
	"relay-shell/internal/relay"
)

// fanoutAnswer brings a report into an answer that fits the output budget in both its forms, whatever the hosts printed.
type fanoutAnswer struct {
	report *fleet.Report
	counts FanoutCounts
	blocks []*block
	// byHost: no results are joined.
	byHost bool
	budget int
}

// detail is how much an answer tells.
type detail struct {
	// level is how many bytes of output each result may show; results that need less leave the rest to the others.
	level int
	// message is how long an error's words may be, names how long a list of hosts in the text, in bytes.
	message, names int
	// hints: each error has its hint, else only the first of its code.
	hints bool
	// results is how many results are listed.
	results int
}

// answerReserve is what an answer has beside its own fields: the common ones and the notes.
const answerReserve = 768

func newFanoutAnswer(report *fleet.Report, aggregate bool, budget int) *fanoutAnswer {
	return &fanoutAnswer{report: report, counts: countsOf(report.Results), blocks: blocks(report.Results, aggregate), byHost: !aggregate, budget: budget}
}

// result is the answer.
func (a *fanoutAnswer) result() *relay.Result {
	d := a.fit()
	fields := a.fields(d)
	res := &relay.Result{Fields: fields, Text: a.text(d), Record: recordOf(a.report)}
	if a.report.Stopped {
		res.Notes = append(res.Notes, fmt.Sprintf("stopped by max_failures: %d hosts were not started", a.counts.Skipped))
	}
	if !fields.Truncated {
		return res
	}
	switch id := a.report.OutputID; {
	case id == "" && a.report.SpoolErr != nil:
		res.Notes = append(res.Notes, clipped("the rest was not kept: "+a.report.SpoolErr.Error(), 200))
	case id == "":
		res.Notes = append(res.Notes, "the rest was not kept")
	default:
		res.Notes = append(res.Notes, fmt.Sprintf(`not all is shown; output_read id=%s grep="%s" gives one host, each line there begins with its host`, id, a.pattern()))
	}
	return res
}

// pattern finds the lines of a host of which not all is shown.
func (a *fanoutAnswer) pattern() string {
	host := a.blocks[0].Host
	for _, b := range a.blocks {
		if b.Output.Total > 0 {
			host = b.Host
			break
		}
	}
	return "^" + strings.ReplaceAll(regexp.QuoteMeta(host), `\.`, ".") + ": "
}

// fit finds the most that can be told within the budget.
func (a *fanoutAnswer) fit() detail {
	all := len(a.blocks)
	steps := []detail{
		{message: 2048, names: a.budget, hints: true, results: all},
		{message: 512, names: 4096, hints: true, results: all},
		{message: 160, names: 1024, results: all},
	}
	for _, d := range steps {
		if a.fits(d) {
			return a.highest(d)
		}
	}
	d := steps[len(steps)-1]
	d.results = mostThat(all, func(n int) bool { d.results = n; return a.fits(d) })
	return d
}

// highest gives an answer the highest level that fits. A little more than what bisection finds may fit too: where it shows an output whole, the
// mark of the cut is saved.
func (a *fanoutAnswer) highest(d detail) detail {
	at := func(n int) detail { d.level = n; return d }
	found := mostThat(a.longest(), func(n int) bool { return a.fits(at(n)) })
	next := found
	for _, b := range a.blocks {
		if n := int(b.Output.Total); n > found && n <= found+cutMark && (next == found || n < next) {
			next = n
		}
	}
	if next > found && a.fits(at(next)) {
		return at(next)
	}
	return at(found)
}

// cutMark is about how long the mark of a cut is.
const cutMark = 64

// longest is the level at which every output is shown as far as it is known.
func (a *fanoutAnswer) longest() int {
	most := 0
	for _, b := range a.blocks {
		most = max(most, int(min(b.Output.Total, int64(a.budget))))
	}
	return most
}

// mostThat is the largest n up to most that is good, by bisection; 0 is taken to be.
func mostThat(most int, good func(int) bool) int {
	if most == 0 || good(most) {
		return most
	}
	least := 0
	for most-least > 1 {
		if middle := least + (most-least)/2; good(middle) {
			least = middle
		} else {
			most = middle
		}
	}
	return least
}

// perResult is what a client may add to a result when it writes the JSON again, with a blank after each comma and colon.
const perResult = 24

func (a *fanoutAnswer) fits(d detail) bool {
	room := a.budget - min(answerReserve, a.budget/2)
	return sizeOf(a.fields(d))+perResult*d.results <= room && len(a.text(d)) <= room
}

// fields is the structured form.
func (a *fanoutAnswer) fields(d detail) *Fanout {
	f := &Fanout{Counts: a.counts, TotalBytes: a.report.TotalBytes, Results: []FanoutResult{}}
	listed := a.listed(d.results)
	hinted := map[string]bool{}
	for _, b := range listed {
		r := b.fields(d, a.byHost, hinted)
		f.Truncated = f.Truncated || r.Truncated
		f.Results = append(f.Results, r)
	}
	f.Omitted = a.counts.Total
	for _, b := range listed {
		f.Omitted -= len(b.hosts)
	}
	f.Truncated = f.Truncated || f.Omitted > 0
	if f.Truncated && a.report.OutputID != "" {
		f.OutputID = &a.report.OutputID
	}
	return f
}

func (b *block) fields(d detail, byHost bool, hinted map[string]bool) FanoutResult {
	shown := b.Output.Show(d.level)
	r := FanoutResult{
		Hosts: b.hosts, Outcome: string(b.Outcome), ExitCode: b.ExitCode, Signal: b.Signal, Output: shown.Text, Truncated: shown.Truncated, Lossy: shown.Lossy,
		DurationMS: b.Duration.Milliseconds(), Survivors: b.Survivors,
	}
	if byHost {
		r.Host, r.Hosts = b.Host, nil
	}
	if shown.Truncated {
		r.TotalBytes = b.Output.Total
	}
	if b.err != nil {
		e := relay.Error{Code: b.err.Code, Message: clipped(b.err.Message, d.message)}
		if d.hints || !hinted[e.Code] {
			e.Hint = clipped(b.err.Hint, d.message)
		}
		hinted[e.Code] = true
		r.Error = &e
	}
	return r
}

// listed are the first n blocks in order of importance (failures, then the rest, then those never started), in the order of the hosts.
func (a *fanoutAnswer) listed(n int) []*block {
	if n >= len(a.blocks) {
		return a.blocks
	}
	rank := func(b *block) int {
		switch {
		case b.Outcome == fleet.Skipped:
			return 2
		case b.Good():
			return 1
		}
		return 0
	}
	chosen := make(map[*block]bool, n)
	for wanted := range 3 {
		for _, b := range a.blocks {
			if len(chosen) < n && rank(b) == wanted {
				chosen[b] = true
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(a.blocks), func(b *block) bool { return !chosen[b] })
}

// clipped is the beginning of a text, at most about limit bytes, on whole characters.
func clipped(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for limit > 0 && s[limit]&0xc0 == 0x80 {
		limit--
	}
	return s[:limit] + "…"
}
