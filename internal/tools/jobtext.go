package tools

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"relay-shell/internal/files"
	"relay-shell/internal/jobs"
	"relay-shell/internal/keeper/job"
	"relay-shell/internal/relay"
)

// jobInfo is one job.
type jobInfo struct {
	JobID      string     `json:"job_id"`
	Name       string     `json:"name,omitempty"`
	Host       string     `json:"host,omitempty" jsonschema:"empty: this machine"`
	Command    string     `json:"command" jsonschema:"a long one is cut"`
	Cwd        string     `json:"cwd,omitempty"`
	State      string     `json:"state" jsonschema:"running, ended (by itself), timeout, killed, or lost: nobody knows how it ended"`
	ExitCode   *int       `json:"exit_code"`
	Signal     string     `json:"signal,omitempty"`
	PID        int        `json:"pid,omitempty"`
	Started    time.Time  `json:"started"`
	Ended      *time.Time `json:"ended,omitempty"`
	Deadline   *time.Time `json:"deadline,omitempty" jsonschema:"when its timeout ends it"`
	TotalBytes int64      `json:"total_bytes" jsonschema:"of output"`
	Survivors  []string   `json:"survivors,omitempty" jsonschema:"what could not be ended"`
	LostReason string     `json:"lost_reason,omitempty" jsonschema:"why nobody knows"`
}

type jobList struct {
	Jobs      []jobInfo `json:"jobs"`
	Omitted   int       `json:"omitted,omitempty"`
	Elsewhere []string  `json:"elsewhere" jsonschema:"jobs on hosts that were started from here and were not seen to end"`
}

// jobOutput is the answer about one job.
type jobOutput struct {
	jobInfo
	Data      string `json:"data" jsonschema:"output"`
	Cursor    int64  `json:"cursor" jsonschema:"offset behind data: read on from here"`
	Dropped   int64  `json:"dropped" jsonschema:"bytes before data that are not kept any more"`
	Lossy     bool   `json:"lossy"`
	Reason    string `json:"reason,omitempty" jsonschema:"of job_wait: end, until, quiet or timeout"`
	Signalled *int   `json:"signalled,omitempty" jsonschema:"processes that got the signal; -1: unknown"`
	earlier   *int64
	note      string
}

// jobOf puts a job into the form of results.
func (d *Deps) jobOf(i jobs.Info) jobInfo {
	ref := jobs.Ref{ID: i.ID}
	if !i.Held {
		ref.Host = i.Host
	}
	j := jobInfo{
		JobID: ref.String(), Name: i.Name, Host: i.Host, Command: firstRunes(i.Command, shownCommand), Cwd: i.Cwd, State: i.State, ExitCode: i.Code, Signal: i.Signal, PID: i.PID,
		Started: i.Started, TotalBytes: i.Total, Survivors: i.Survivors, LostReason: i.Error,
	}
	if !i.Ended.IsZero() {
		j.Ended = &i.Ended
	}
	if !i.Deadline.IsZero() && i.State == job.Running {
		j.Deadline = &i.Deadline
	}
	return j
}

// listed is a job as an item of a list.
func (j jobInfo) listed() jobInfo {
	j.Name, j.Command, j.Cwd = firstRunes(j.Name, listedCommand), firstRunes(j.Command, listedCommand), firstRunes(j.Cwd, listedCommand)
	return j
}

// contextBytes is how much of the output before a piece is looked at for secrets that reach into it.
const contextBytes = 8 << 10

// before reads what stands before a piece of output, as far as it is kept.
func (d *Deps) before(ctx context.Context, place jobs.Place, id string, c job.Chunk) []byte {
	from := max(c.Start-contextBytes, c.First)
	if from >= c.Start || len(c.Data) == 0 || d.Mask == nil {
		return nil
	}
	_, b, err := place.Read(ctx, id, from, int(c.Start-from), 0)
	if err != nil || b.Next != c.Start {
		return nil // gone meanwhile; the piece is masked by itself
	}
	return b.Data
}

// hidden is a piece of output without its secrets, those too that begin in what stands before it. Output lies on disk as it was
// printed: only when it is read is it known who reads.
func (d *Deps) hidden(before, data []byte) string {
	text := strings.ToValidUTF8(string(data), "\uFFFD")
	if d.Mask == nil {
		return text
	}
	return d.Mask.Part(strings.ToValidUTF8(string(before), "\uFFFD"), text, "", false)
}

// shown is the answer about a job with a piece of its output, without its secrets.
func (d *Deps) shown(ctx context.Context, run *relay.Run, place jobs.Place, i jobs.Info, c job.Chunk, asked int64) *jobOutput {
	note := d.maskSecrets(ctx, run, i)
	out := d.jobOutputOf(i, d.before(ctx, place, i.ID, c), c, asked)
	out.note = note
	return out
}

// maskSecrets has the values masked that a job was given: another server may have given them.
func (d *Deps) maskSecrets(ctx context.Context, run *relay.Run, i jobs.Info) (note string) {
	for _, name := range i.Secrets {
		if _, known := d.jobSecrets.Load(name); known {
			continue
		}
		if _, _, err := d.revealing(ctx, run, "{{secret:"+name+"}}"); err != nil {
			note = "the value of secret " + name + ", which the job was given, cannot be had here, and is not masked: " + err.Error()
			continue
		}
		d.jobSecrets.Store(name, true)
	}
	return note
}

// jobOutputOf joins a job with a piece of its output and what stands before that; asked is the offset from which on it was asked
// for, or job.Newest.
func (d *Deps) jobOutputOf(i jobs.Info, before []byte, c job.Chunk, asked int64) *jobOutput {
	out := &jobOutput{jobInfo: d.jobOf(i), Dropped: c.First}
	if asked != job.Newest {
		out.Dropped = max(c.Start-asked, 0)
	} else if c.Start > c.First {
		out.earlier = &c.First
	}
	data := c.Data
	if i.State == job.Running || c.Next < c.Total { // a character whose end is still to come is left for the next call
		data = data[:len(data)-partial(data)]
	}
	out.Data, out.Lossy = d.hidden(before, data), !utf8.Valid(data)
	out.Cursor = c.Next - int64(len(c.Data)-len(data))
	return out
}

// partial is how many bytes at the end of b are the beginning of a character.
func partial(b []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(b); n++ {
		if last := b[len(b)-n]; utf8.RuneStart(last) {
			if last >= utf8.RuneSelf && !utf8.FullRune(b[len(b)-n:]) {
				return n
			}
			return 0
		}
	}
	return 0
}

// jobResult is the answer about one job. What became of it goes into the record.
func (d *Deps) jobResult(ctx context.Context, run *relay.Run, o *jobOutput, i jobs.Info) *relay.Result {
	d.noteJob(ctx, run, i)
	record := map[string]any{"state": o.State}
	if o.ExitCode != nil {
		record["exit_code"] = *o.ExitCode
	}
	res := &relay.Result{Fields: o, Text: o.text(), Record: record}
	if o.note != "" {
		res.Notes = append(res.Notes, o.note)
	}
	return res
}

// line is a job in words.
func (j *jobInfo) line() string {
	text := j.JobID
	if j.Name != "" {
		text += "  " + files.Escape(firstRunes(j.Name, 60)) // one job, one line
	}
	text += "  [" + j.status() + "]"
	if j.Host != "" && !strings.Contains(j.JobID, "@") {
		text += "  on " + j.Host
	}
	command, _, more := strings.Cut(strings.TrimSpace(j.Command), "\n")
	if cut := firstRunes(command, 120); more || cut != command {
		command = strings.TrimSuffix(cut, "…") + "…"
	}
	return text + "  " + command
}

// status is its state in words.
func (j *jobInfo) status() string {
	text := j.State
	if j.ExitCode != nil {
		text += fmt.Sprintf(", exit %d", *j.ExitCode)
	}
	if j.Signal != "" {
		text += " (" + j.Signal + ")"
	}
	end := time.Now()
	if j.Ended != nil {
		end = *j.Ended
	}
	if took := end.Sub(j.Started).Round(time.Second); took >= 0 && j.State != job.Lost {
		text += ", " + took.String()
	}
	if j.LostReason != "" {
		text += ": " + j.LostReason
	}
	return text
}

func (o *jobOutput) text() string {
	text := "[" + o.JobID + " " + o.status() + "]\n"
	if o.Dropped > 0 {
		text += fmt.Sprintf("[%d bytes not kept]\n", o.Dropped)
	}
	if o.earlier != nil {
		text += fmt.Sprintf("[the newest output; earlier: job_output cursor=%d]\n", *o.earlier)
	}
	text += o.Data
	if !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	if len(o.Survivors) > 0 {
		text += "[SURVIVORS " + strings.Join(o.Survivors, ", ") + "]\n"
	}
	if o.Signalled != nil {
		text += fmt.Sprintf("[signalled %d processes]\n", *o.Signalled)
	}
	text += fmt.Sprintf("[cursor %d of %d", o.Cursor, o.TotalBytes)
	if o.Reason != "" && o.Reason != jobs.ReasonEnd {
		text += ", " + o.Reason
	}
	return text + "]\n"
}
