package keeper

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"time"
)

// maxLine bounds one message in bytes: the largest holds a whole buffer of terminal output in base64.
const maxLine = 48 << 20

// request is one line from a server, response the keeper's line for it.
type request struct {
	V    int             `json:"v"`
	Op   string          `json:"op"`
	Args json.RawMessage `json:"args,omitempty"`
}

type response struct {
	V      int             `json:"v"`
	Result json.RawMessage `json:"result,omitempty"`
	Error  *Error          `json:"error,omitempty"`
}

// The requests that every version of the protocol knows.
const (
	opInfo  = "info"
	opClose = "close"
)

// Info is what a keeper tells of itself.
type Info struct {
	V       int       `json:"v"`
	ID      string    `json:"id"`
	Kind    string    `json:"kind"`
	PID     int       `json:"pid"`
	Started time.Time `json:"started"`
	// Build is the version of the program that it runs.
	Build string `json:"build"`
	// Starting: what it holds is not open yet.
	Starting bool `json:"starting,omitempty"`
	// Silent: the keeper lives and does not answer in time. Only ID, Kind and PID are known then.
	Silent bool `json:"-"`
	// Detail is what the thing tells of itself.
	Detail json.RawMessage `json:"detail,omitempty"`
}

// Foreign says that the keeper speaks another version of the protocol: it can be listed and closed, and nothing else.
func (i Info) Foreign() bool { return !i.Silent && i.V != Version }

// order is the first and only thing a new keeper reads.
type order struct {
	V     int             `json:"v"`
	Kind  string          `json:"kind"`
	ID    string          `json:"id"`
	Dir   string          `json:"dir"`
	Build string          `json:"build"`
	Spec  json.RawMessage `json:"spec"`
}

// notice tells the server how the start goes: listening, then ready or an error.
type notice struct {
	Listening bool   `json:"listening,omitempty"`
	Ready     bool   `json:"ready,omitempty"`
	Error     *Error `json:"error,omitempty"`
}

// lines reads messages.
type lines struct{ r *bufio.Reader }

func newLines(r io.Reader) *lines { return &lines{bufio.NewReader(r)} }

var errLong = errors.New("message too long")

// next reads one message into v.
func (l *lines) next(v any) error {
	var line []byte
	for {
		part, err := l.r.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) > maxLine:
			return errLong
		case err == bufio.ErrBufferFull:
			continue
		case err != nil:
			return err
		}
		return json.Unmarshal(line, v)
	}
}

// send writes one message.
func send(w io.Writer, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = w.Write(append(b, '\n'))
	return err
}

// Identifiers are a letter for the kind, a dash and eight of base 32, so that they fit a socket's name and a model's memory.
const (
	idLetters = "abcdefghijklmnopqrstuvwxyz234567"
	idLength  = 8
)

// ValidID reports whether the text may be the id of a keeper of this kind ("" for any). No other text reaches a file name.
func ValidID(kind, id string) bool {
	letter, rest, ok := strings.Cut(id, "-")
	if !ok || len(letter) != 1 || len(rest) != idLength || letter[0] < 'a' || letter[0] > 'z' || kind != "" && letter != kind[:1] {
		return false
	}
	for i := range len(rest) {
		if !strings.Contains(idLetters, rest[i:i+1]) {
			return false
		}
	}
	return true
}
