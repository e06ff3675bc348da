// Package job is background commands that survive the server: a keeper holds one command, writes what it prints to a bounded
// store on disk, ends it in time and leaves there how it ended. What is on disk is enough to read a job, while it runs and
// afterwards; the keeper is needed to end it.
//
// [Open] is the keeper's kind; [Params] go there. A job is either started by its keeper, or adopted: a server that ran the command
// hands its files over by the request OpAdopt. [Find] and [Read] work on the directory of a job, without a keeper.
//
// What it cannot do: when the keeper itself is killed, its command's output has nowhere to go, and how it ended stays unknown.
package job

import (
	"time"

	"relay-shell/internal/audit"
)

// Kind is the name of the kind.
const Kind = "job"

// Params describe a job to a new keeper.
type Params struct {
	// Dir is the directory of all jobs; the job gets one of its own there.
	Dir string `json:"dir"`
	// Limit bounds the kept output in bytes.
	Limit int64 `json:"limit"`
	// Meta is what is told of the job.
	Meta Meta `json:"meta"`
	// Argv, Env and Cwd are the command that the keeper starts; without Argv it waits for OpAdopt.
	Argv []string `json:"argv,omitempty"`
	Env  []string `json:"env,omitempty"`
	Cwd  string   `json:"cwd,omitempty"`
	// Stdin is the command's standard input.
	Stdin string `json:"stdin,omitempty"`
	// Mark is the id that the command's processes carry.
	Mark string `json:"mark"`
	// Trail takes the record of the end, nil for none.
	Trail *audit.Trail `json:"trail,omitempty"`
}

// Meta is what is known of a job from its start on.
type Meta struct {
	ID      string `json:"id"`
	Name    string `json:"name,omitempty"`
	Command string `json:"command"`
	// Host is where it runs as the caller called it, "" for this machine.
	Host    string    `json:"host,omitempty"`
	Cwd     string    `json:"cwd,omitempty"`
	Started time.Time `json:"started"`
	// PID leads the session of the command; 0 where that is not known.
	PID int `json:"pid,omitempty"`
	// Deadline is when it is ended, zero for never; Timeout how long that is from its start.
	Deadline time.Time     `json:"deadline,omitzero"`
	Timeout  time.Duration `json:"timeout,omitempty"`
	// Mark is the id that the command's processes on this machine carry, "" for those on a host.
	Mark string `json:"mark,omitempty"`
	// Call is the call that it comes from, as in the audit.
	Call string `json:"call,omitempty"`
	// Secrets are the names of the secrets in its environment: whoever reads its output masks their values.
	Secrets []string `json:"secrets,omitempty"`
}

// The states.
const (
	// Running: the command runs.
	Running = "running"
	// Ended: it ended by itself.
	Ended = "ended"
	// TimedOut: it was ended because its time was up.
	TimedOut = "timeout"
	// Killed: somebody ended it.
	Killed = "killed"
	// Lost: nobody knows how it ended, or whether.
	Lost = "lost"
)

// End is how a job ended.
type End struct {
	State     string    `json:"state"`
	Code      *int      `json:"exit_code"`
	Signal    string    `json:"signal,omitempty"`
	Survivors []string  `json:"survivors,omitempty"`
	At        time.Time `json:"at"`
	// Total counts all bytes that it printed, kept or not.
	Total int64 `json:"total"`
	// Error is why nothing better is known.
	Error string `json:"error,omitempty"`
}

// The requests.
const (
	// OpAdopt gives the keeper a running command, as [Adopt] and files.
	OpAdopt = "adopt"
	// OpAwait is answered when the command has come that the keeper waits for. When its asker hangs up before, there is none to come.
	OpAwait = "await"
	// OpKill ends the command, or sends it a signal, as [Kill]; the answer is [Killing].
	OpKill = "kill"
)

// Kill ends the tree of the command: with TERM and then KILL for the name TERM, at once for KILL. Any other signal is only sent.
type Kill struct {
	Signal string `json:"signal"`
}

// Killing answers Kill.
type Killing struct {
	// Sent is to how many processes a signal was sent that does not end a job.
	Sent int `json:"sent"`
	// End is set when the job was ended.
	End *End `json:"end,omitempty"`
}

// Adopt hands a running command over. Its files come in this order: of a local command standard output, standard error if that is
// a stream of its own, and the status; of a remote one the session's connection, standard output, standard error likewise, and where its
// processes carry a mark the leash's input and connection.
type Adopt struct {
	Meta Meta `json:"meta"`
	// Files is how many files come.
	Files int `json:"files"`
	// Stderr: there is one.
	Stderr bool `json:"stderr"`
	// Remote is set for a command on a host.
	Remote *Remote `json:"remote,omitempty"`
	// Mark is the id that the command's processes carry.
	Mark string `json:"mark"`
}
