// Package session is terminals that survive: a keeper owns a program on a terminal, what it printed, and its recording.
//
// [Open] is the keeper's kind; [Params] go there, [Status] comes back, and the requests are [Send], [Receive], OpScreen, [Resize] and
// [Signal]. People join by the stream OpAttach. A remote session is an ssh client on the terminal: here it is a program like
// any other.
//
// Whether a program on another host asks for a secret only the terminal there knows: it is asked over the same connection.
//
// Input is never recorded, and what is recorded is masked on its way to the file. The hashes of what is recorded go into the audit log as it is written.
package session

import (
	"time"

	"relay-shell/internal/audit"
	"relay-shell/internal/pty"
	"relay-shell/internal/sshbin"
	"relay-shell/internal/sshbin/dest"
)

// Kind is the name of the kind.
const Kind = "session"

// Params describe a session to a new keeper.
type Params struct {
	// Argv is the program and its arguments, Program its file if that is not Argv[0]. Env is its whole environment.
	Program string   `json:"program,omitempty"`
	Argv    []string `json:"argv"`
	Env     []string `json:"env"`
	// Dir is the working directory.
	Dir        string `json:"dir"`
	Cols, Rows int
	// Buffer is how many bytes of output are kept.
	Buffer int `json:"buffer"`
	// Name and Command are for lists; Host is the destination, nil for this machine, and HostName how the caller called it.
	Name     string            `json:"name"`
	Command  string            `json:"command"`
	Host     *dest.Destination `json:"host,omitempty"`
	HostName string            `json:"host_name,omitempty"`
	// Riding is where the client of a session on a host rides, to ask about the terminal there.
	Riding *sshbin.Riding `json:"riding,omitempty"`
	// Idle ends a session that nobody has used and that has printed nothing for so long, Lifetime any; 0 is never.
	Idle     time.Duration `json:"idle"`
	Lifetime time.Duration `json:"lifetime"`
	// Recordings is the directory for the recording, "" for none.
	Recordings string `json:"recordings,omitempty"`
	// MaskKey is the installation's key of marks, for secrets in the recording and in answers. nil: marks of this session alone.
	MaskKey []byte `json:"mask_key,omitempty"`
	// Known are secrets in Env, which stand neither in the recording nor in answers whoever prints them.
	Known []string `json:"known,omitempty"`
	// Trail takes the hashes of the recording, nil for none.
	Trail *audit.Trail `json:"trail,omitempty"`
}

// Status is what a session tells of itself.
type Status struct {
	Name     string            `json:"name"`
	Command  string            `json:"command"`
	Host     *dest.Destination `json:"host,omitempty"`
	HostName string            `json:"host_name,omitempty"`
	PID      int               `json:"pid"`
	Cols     int               `json:"cols"`
	Rows     int               `json:"rows"`
	Alive    bool              `json:"alive"`
	ExitCode *int              `json:"exit_code,omitempty"`
	Signal   string            `json:"signal,omitempty"`
	// End is the offset behind the newest byte of output.
	End int64 `json:"end"`
	// IdleMS is how long nobody has used it and it has printed nothing.
	IdleMS int64 `json:"idle_ms"`
	// People is how many are attached.
	People int `json:"people"`
	// Alternate: a full-screen program has the screen.
	Alternate bool `json:"alternate,omitempty"`
	// AwaitingSecret: a program asks for something that is not to be seen.
	AwaitingSecret bool   `json:"awaiting_secret"`
	Recording      string `json:"recording,omitempty"`
	RecordingError string `json:"recording_error,omitempty"`
}

// The requests.
const (
	OpSend   = "send"
	OpRecv   = "recv"
	OpScreen = "screen"
	OpResize = "resize"
	OpSignal = "signal"
	OpAttach = "attach"
	OpTyped  = "typed"
)

// Send types: Data, then Enter, then Keys.
type Send struct {
	Data  string   `json:"data"`
	Enter bool     `json:"enter"`
	Keys  []string `json:"keys,omitempty"`
	// Secret refuses unless the terminal collects a line that it does not show.
	Secret bool `json:"secret,omitempty"`
	// Known are secrets in Data. Neither they nor the data of a secret stand in the recording or in answers from now on, whoever prints them.
	Known []string `json:"known,omitempty"`
	// After refuses unless this is what has been typed so far; nil takes anything. Open is what of it and of this a shell would still be
	// collecting once it has been typed.
	After *Typed `json:"after,omitempty"`
	Open  string `json:"open,omitempty"`
}

// Prompt answers OpTyped: where the session is and what has been typed at it.
type Prompt struct {
	Host  *dest.Destination `json:"host,omitempty"`
	Typed Typed             `json:"typed"`
}

// Sent answers Send: what the program prints from now on stands behind Cursor.
type Sent struct {
	Cursor int64 `json:"cursor"`
}

// Receive reads output.
type Receive struct {
	// Cursor is where to read from; nil reads on where the last such read ended.
	Cursor *int64 `json:"cursor,omitempty"`
	// Wait bounds the waiting for output, or for Until, an RE2 pattern.
	Wait  time.Duration `json:"wait"`
	Max   int           `json:"max"`
	Until string        `json:"until,omitempty"`
	// Context asks for so many bytes of what stands before and behind the data, so that secrets that are cut there can be told.
	Context int `json:"context,omitempty"`
}

// Received answers Receive.
type Received struct {
	Data    []byte `json:"data"`
	Cursor  int64  `json:"cursor"`
	Dropped int64  `json:"dropped"`
	Before  []byte `json:"before,omitempty"`
	After   []byte `json:"after,omitempty"`
	Matched bool   `json:"matched"`
	// Ended: the output is complete.
	Ended  bool   `json:"ended"`
	Status Status `json:"status"`
}

// Seen answers OpScreen.
type Seen struct {
	pty.Screen
	AwaitingSecret bool `json:"awaiting_secret"`
	// Ended: the program has, with ExitCode, which is nil where nobody knows it.
	Ended    bool `json:"ended,omitempty"`
	ExitCode *int `json:"exit_code,omitempty"`
}

// Resize changes the size.
type Resize struct{ Cols, Rows int }

// Signal sends a signal to the foreground.
type Signal struct {
	Name string `json:"name"`
}

// Attach joins a person, whose terminal comes with the request as two open files: what is typed there and what it shows. They need not be
// terminals, but must be able to be waited for (epoll(7)).
type Attach struct {
	ReadOnly bool
}

// DetachKey is the key by which a person leaves: ctrl-].
const DetachKey = 0x1d

// Frame is a message of an attached person's stream. Theirs are sizes, of which the first also says that they are ready; the keeper's is the
// last one.
type Frame struct {
	// Cols and Rows are the size of the person's terminal.
	Cols int `json:"cols,omitempty"`
	Rows int `json:"rows,omitempty"`
	// Exit: the program has ended. Left: the person has pressed the key for it, or hung up.
	Exit *int `json:"exit,omitempty"`
	Left bool `json:"left,omitempty"`
}
