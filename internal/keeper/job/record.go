package job

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"time"

	"github.com/oklog/ulid/v2"

	"relay-shell/internal/audit"
)

// EndTool is what the records of jobs' ends have as their tool. Each is about one job: its id, and the call that it comes from, are among
// its arguments.
const EndTool = "job:end"

// EndRecord is the record of a job's end, by whoever has seen it first.
func EndRecord(m Meta, e End, principal, client string) audit.Record {
	about := map[string]string{"job_id": m.ID, "call": m.Call}
	if m.Name != "" {
		about["name"] = m.Name
	}
	args, _ := json.Marshal(about) // strings never fail
	r := audit.Record{
		Phase: audit.Result, Call: ulid.MustNew(ulid.Now(), rand.Reader).String(), Tool: EndTool, Action: audit.ActionJobEnd, Principal: principal, Client: client,
		Args: args, Outcome: outcomes[e.State], ExitCode: e.Code, Signal: e.Signal, OutputLen: e.Total,
	}
	if m.Host != "" {
		r.Host = &audit.Host{Alias: m.Host}
	}
	if took := e.At.Sub(m.Started); took > 0 && !e.At.IsZero() {
		r.DurationMS = took.Milliseconds()
	}
	if e.State == Lost {
		r.Error = &audit.Error{Code: "connection_lost", Message: e.Error}
	}
	return r
}

// outcomes are the states of ended jobs as outcomes of calls.
var outcomes = map[string]string{Ended: "ok", TimedOut: "timeout", Killed: "cancelled", Lost: "error"}

const (
	// recordRetry is how soon a log that could not be written is tried again, recordMost for how long.
	recordRetry = 5 * time.Second
	recordMost  = time.Minute
	// recordEach bounds one try.
	recordEach = 3 * time.Second
)

// recordEnd writes the end into the audit log. A log that cannot be written for long lacks it; the job's own files have it all the same.
func (j *Job) recordEnd(m Meta, e End) {
	t := j.params.Trail
	if t == nil {
		return
	}
	record := EndRecord(m, e, t.Principal, t.Client)
	for deadline := time.Now().Add(recordMost); appendTo(*t, record) != nil && time.Now().Before(deadline); {
		time.Sleep(recordRetry)
	}
}

func appendTo(t audit.Trail, r audit.Record) error {
	log, err := t.Open()
	if err != nil {
		return err
	}
	defer log.Close() // what was appended is in the file
	ctx, cancel := context.WithTimeout(context.Background(), recordEach)
	defer cancel()
	_, err = log.Append(ctx, r, false)
	return err
}
