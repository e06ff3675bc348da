package audit

import (
	"encoding/json"
	"fmt"
	"time"
)

// Version is the version of the record's form.
const Version = 1

// Phase says when a record was written.
type Phase string

const (
	// Intent is written before a call runs.
	Intent Phase = "intent"
	// Result is written after it, or alone for a call that was refused.
	Result Phase = "result"
	// Housekeeping is what the log says about itself: segments, damage, lost records, retention.
	Housekeeping Phase = "log"
)

// Actions of housekeeping records.
const (
	actionSegment   = "segment"
	actionRecovery  = "recovery"
	actionResume    = "resume"
	actionFull      = "full"
	actionRetention = "retention"
)

// ActionRecording is the action of results that are about a piece of a session's recording rather than a call: they have no intent.
const ActionRecording = "recording"

// ActionJobEnd is the action of results that are about the end of a job, which may come long after the call that it comes from: they have no
// intent of their own.
const ActionJobEnd = "job_end"

// unknownOutcome closes a call whose process died before it could.
const unknownOutcome = "unknown"

// Record is one line of the log. Append fills V, Seq, TS, Server and ArgsSHA256.
type Record struct {
	V   int
	Seq int64
	TS  time.Time
	// Phase is Intent or Result.
	Phase Phase
	// Call joins an intent with its result: a ULID.
	Call string
	Tool string
	// Tier is 0 (reads) to 3 (irreversible).
	Tier   int
	Denied bool
	// Action names what happened beside the call itself, such as a confirmation.
	Action    string
	Principal string
	// Client is the MCP client as name/version.
	Client string
	// Session is the MCP session; on stdio that of the server instance.
	Session string
	// Server is the instance that wrote the record, where that is not Session.
	Server string
	Host   *Host
	// Args are redacted by the caller. Strings over 4 KiB are cut in the log, with their length.
	Args json.RawMessage
	// ArgsSHA256 covers Args in compact form before anything was cut.
	ArgsSHA256 string
	Mode       string
	// Rules is the version of the policy's rules.
	Rules string

	// Of results only.

	Outcome string
	// ExitCode is nil where no process ended by itself.
	ExitCode *int
	// Signal is a signal's name without SIG, "" for none.
	Signal     string
	DurationMS int64
	// OutputSHA256 covers raw standard output, then raw standard error.
	OutputSHA256 string
	OutputLen    int64
	Error        *Error

	// Log is set on housekeeping records only.
	Log *Detail
}

// Host is the resolved target of a call.
type Host struct {
	Alias       string `json:"alias"`
	User        string `json:"user"`
	Hostname    string `json:"hostname"`
	Port        int    `json:"port"`
	Jump        string `json:"jump"`
	Fingerprint string `json:"fingerprint"`
}

// Error is why a call failed, in the contract's codes.
type Error struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Detail is what a housekeeping record has to say. Which fields are set depends on the record's action.
type Detail struct {
	// Reason says in words why the record was written.
	Reason string `json:"reason,omitempty"`

	// Previous is the file that a segment continues.
	Previous string `json:"previous,omitempty"`
	// Root is the root over all leaves before this record, and Edge the hashes of its complete subtrees from left to
	// right: with them a segment can be verified, and the tree continued, without the segments before it.
	Root string   `json:"root,omitempty"`
	Edge []string `json:"edge,omitempty"`
	// Key is the verifier key of the checkpoints.
	Key string `json:"key,omitempty"`
	// Rotation is "own" or "external".
	Rotation string `json:"rotation,omitempty"`

	// From and To bound the leaves concerned, To exclusive: damaged lines, or, with Missing, lines that are gone.
	From    *int64 `json:"from,omitempty"`
	To      *int64 `json:"to,omitempty"`
	Missing bool   `json:"missing,omitempty"`
	// Bytes and SHA256 describe the damaged lines, joined by newlines.
	Bytes  int64  `json:"bytes,omitempty"`
	SHA256 string `json:"sha256,omitempty"`

	// Lost counts the records that could not be written since Since.
	Lost  int64      `json:"lost,omitempty"`
	Since *time.Time `json:"since,omitempty"`

	// Files are the segments whose payloads were dropped; First is the first sequence number that is left.
	Files []string `json:"files,omitempty"`
	First *int64   `json:"first,omitempty"`
}

// body is all of a record but what is known only under the lock.
type body struct {
	Phase      Phase           `json:"phase"`
	Call       string          `json:"call"`
	Tool       string          `json:"tool"`
	Tier       int             `json:"tier"`
	Denied     bool            `json:"denied"`
	Action     string          `json:"action,omitempty"`
	Principal  string          `json:"principal"`
	Client     string          `json:"client"`
	Session    string          `json:"session"`
	Server     string          `json:"server,omitempty"`
	Host       *Host           `json:"host"`
	Args       json.RawMessage `json:"args"`
	ArgsSHA256 string          `json:"args_sha256"`
	Mode       string          `json:"mode"`
	Rules      string          `json:"rules"`
	*Ending
	Log *Detail `json:"log,omitempty"`
}

// Ending is what a result has and an intent has not.
type Ending struct {
	Outcome      string  `json:"outcome"`
	ExitCode     *int    `json:"exit_code"`
	Signal       *string `json:"signal"`
	DurationMS   int64   `json:"duration_ms"`
	OutputSHA256 *string `json:"output_sha256"`
	OutputLen    int64   `json:"output_len"`
	Error        *Error  `json:"error,omitempty"`
}

// timeForm is RFC 3339 with all nine digits, so that times of one width sort as text.
const timeForm = "2006-01-02T15:04:05.000000000Z07:00"

func (r *Record) body() *body {
	b := &body{
		Phase: r.Phase, Call: r.Call, Tool: r.Tool, Tier: r.Tier, Denied: r.Denied, Action: r.Action,
		Principal: r.Principal, Client: r.Client, Session: r.Session, Server: r.Server, Host: r.Host,
		Args: r.Args, ArgsSHA256: r.ArgsSHA256, Mode: r.Mode, Rules: r.Rules, Log: r.Log,
	}
	if r.Phase == Result {
		b.Ending = &Ending{
			Outcome: r.Outcome, ExitCode: r.ExitCode, Signal: orNull(r.Signal), DurationMS: r.DurationMS,
			OutputSHA256: orNull(r.OutputSHA256), OutputLen: r.OutputLen, Error: r.Error,
		}
	}
	return b
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func orEmpty(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// MarshalJSON gives a record the form that it has in the log.
func (r Record) MarshalJSON() ([]byte, error) {
	if r.Args == nil {
		r.Args = json.RawMessage("{}")
	}
	return marshal(struct {
		V   int    `json:"v"`
		Seq int64  `json:"seq"`
		TS  string `json:"ts"`
		*body
	}{r.V, r.Seq, r.TS.UTC().Format(timeForm), r.body()})
}

// UnmarshalJSON reads a line of the log. Fields that this version does not know are passed over.
func (r *Record) UnmarshalJSON(line []byte) error {
	var w struct {
		V   int       `json:"v"`
		Seq int64     `json:"seq"`
		TS  time.Time `json:"ts"`
		bodyIn
	}
	if err := json.Unmarshal(line, &w); err != nil {
		return err
	}
	if w.V != Version {
		return fmt.Errorf("record version %d; this program reads version %d", w.V, Version)
	}
	*r = Record{
		V: w.V, Seq: w.Seq, TS: w.TS, Phase: w.Phase, Call: w.Call, Tool: w.Tool, Tier: w.Tier, Denied: w.Denied, Action: w.Action,
		Principal: w.Principal, Client: w.Client, Session: w.Session, Server: w.Server, Host: w.Host,
		Args: w.Args, ArgsSHA256: w.ArgsSHA256, Mode: w.Mode, Rules: w.Rules, Log: w.Log,
	}
	if e := w.Ending; e != nil {
		r.Outcome, r.ExitCode, r.Signal, r.DurationMS = e.Outcome, e.ExitCode, orEmpty(e.Signal), e.DurationMS
		r.OutputSHA256, r.OutputLen, r.Error = orEmpty(e.OutputSHA256), e.OutputLen, e.Error
	}
	return nil
}

// bodyIn is body for reading: encoding/json fills embedded structs only where they are not pointers to unexported types.
type bodyIn body
