package pty

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
)

// Header is the first line of a recording (asciicast v3, docs.asciinema.org).
type Header struct {
	Version int        `json:"version"`
	Term    HeaderTerm `json:"term"`
	// Timestamp is the start in seconds since 1970.
	Timestamp int64             `json:"timestamp,omitempty"`
	Command   string            `json:"command,omitempty"`
	Title     string            `json:"title,omitempty"`
	Env       map[string]string `json:"env,omitempty"`
}

// HeaderTerm is the terminal of a recording.
type HeaderTerm struct {
	Cols int    `json:"cols"`
	Rows int    `json:"rows"`
	Type string `json:"type,omitempty"`
}

// The codes of events.
const (
	EventOutput = "o"
	EventInput  = "i"
	EventResize = "r" // data is "COLSxROWS"
	EventMarker = "m"
	EventExit   = "x" // data is the exit status
)

// Event is one event of a recording.
type Event struct {
	// At is the time since the start.
	At   time.Duration
	Code string
	Data string
}

const (
	// maxEvent is the longest line of a recording in bytes.
	maxEvent = 4 << 20
	// maxCastTime is the longest recording that is believed.
	maxCastTime = 10 * 365 * 24 * time.Hour
)

// ErrTorn ends the reading of a recording whose last line is not whole: its writer was killed. What came before is good.
var ErrTorn = errors.New("the recording ends within an event: it was not finished")

// CastReader reads recordings, asciicast v3 and v2.
type CastReader struct {
	r      *bufio.Reader
	header Header
	line   int
	now    time.Duration
}

// NewCastReader reads the header.
func NewCastReader(r io.Reader) (*CastReader, error) {
	c := &CastReader{r: bufio.NewReaderSize(r, 64<<10)}
	line, whole, err := c.next()
	if err != nil {
		if err == io.EOF {
			err = ErrTorn
		}
		return nil, err
	}
	var old struct {
		Width  int `json:"width"`
		Height int `json:"height"`
	}
	if err := json.Unmarshal(line, &c.header); err != nil {
		if !whole {
			return nil, ErrTorn
		}
		return nil, c.bad("its header is not JSON")
	}
	switch c.header.Version {
	case 3:
	case 2:
		if err := json.Unmarshal(line, &old); err != nil {
			return nil, c.bad("its header is not JSON")
		}
		c.header.Term.Cols, c.header.Term.Rows = old.Width, old.Height
	default:
		return nil, c.bad(fmt.Sprintf("it has version %d; 2 and 3 can be shown", c.header.Version))
	}
	return c, nil
}

// Header is the recording's header.
func (c *CastReader) Header() Header { return c.header }

// Next reads an event; io.EOF at the end, ErrTorn at the end of an unfinished recording.
func (c *CastReader) Next() (Event, error) {
	for {
		line, whole, err := c.next()
		if err != nil {
			return Event{}, err
		}
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		e, err := c.parse(line)
		if err != nil && !whole {
			return Event{}, ErrTorn
		}
		return e, err
	}
}

func (c *CastReader) parse(line []byte) (Event, error) {
	var raw []json.RawMessage
	if err := json.Unmarshal(line, &raw); err != nil || len(raw) < 3 {
		return Event{}, c.bad("it is not an event")
	}
	seconds, err := strconv.ParseFloat(string(raw[0]), 64)
	if err != nil || math.IsNaN(seconds) || seconds < 0 || seconds > maxCastTime.Seconds() {
		return Event{}, c.bad("its time is not one")
	}
	var e Event
	if json.Unmarshal(raw[1], &e.Code) != nil || json.Unmarshal(raw[2], &e.Data) != nil {
		return Event{}, c.bad("it is not an event")
	}
	at := time.Duration(seconds * float64(time.Second))
	if c.header.Version == 3 {
		at += c.now
	}
	if at > maxCastTime {
		return Event{}, c.bad("its time is not one")
	}
	c.now = max(c.now, at) // a clock that was set back in a v2 recording
	e.At = c.now
	return e, nil
}

// next reads a line, and says whether its end was there.
func (c *CastReader) next() (line []byte, whole bool, err error) {
	c.line++
	for {
		part, err := c.r.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) > maxEvent:
			return nil, false, c.bad("it is too long")
		case err == nil:
			return line[:len(line)-1], true, nil
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err == io.EOF && len(line) > 0:
			return line, false, nil
		}
		return nil, false, err
	}
}

func (c *CastReader) bad(what string) error {
	return refuse("invalid_argument", "name a recording of relay-shell or another asciicast file (v2 or v3)", "line %d of the recording can't be read: %s", c.line, what)
}

// ParseSize reads the data of a resize event.
func ParseSize(s string) (cols, rows int, ok bool) {
	c, r, found := strings.Cut(s, "x")
	if !found {
		return 0, 0, false
	}
	cols, err := strconv.Atoi(c)
	if err != nil {
		return 0, 0, false
	}
	rows, err = strconv.Atoi(r)
	return cols, rows, err == nil && checkSize(cols, rows) == nil
}
