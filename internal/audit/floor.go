package audit

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"relay-shell/internal/lazyregexp"
)

// Floor is a tree head that somebody holds outside of the log.
type Floor struct {
	Size int64
	Root tlog.Hash
}

// ParseFloor reads size:root, as relay-shell audit verify --floor takes it.
func ParseFloor(text string) (Floor, error) {
	size, root, ok := strings.Cut(text, ":")
	n, err := strconv.ParseInt(size, 10, 64)
	if !ok || err != nil || n < 0 {
		return Floor{}, fmt.Errorf("floor %q is not of the form size:root", text)
	}
	h, err := tlog.ParseHash(root)
	if err != nil {
		return Floor{}, fmt.Errorf("floor %q: the root is not a hash in base64", text)
	}
	return Floor{Size: n, Root: h}, nil
}

var (
	// floorLine is a floor alone on its line.
	floorLine = lazyregexp.New(`(?m)^(\d{1,18}:[A-Za-z0-9+/]{43}=)\r?$`)
	// floorLogged is a floor as syslog has it.
	floorLogged = lazyregexp.New(`\borigin=(\S+) floor=(\d{1,18}:[A-Za-z0-9+/]{43}=)`)
	// floorMeta is the head in _meta of a result, as the client's transcript has it. What a host prints can't look so: in JSON its quotes have
	// backslashes.
	floorMeta = lazyregexp.New(`"relay-shell/audit":\s*\{\s*"seq":\s*-?\d{1,18},\s*"size":\s*(\d{1,18}),\s*"root":\s*"([A-Za-z0-9+/]{43}=)"`)
)

// ParseFloors reads every head of one log out of what somebody has kept: signed notes, lines of syslog, results in a client's transcript, and
// lines of size:root. What names another origin is passed over; "" takes all. Signatures are not looked at: a note signed with another key than
// the log has now is what a rewritten log is found by.
func ParseFloors(data []byte, origin string) []Floor {
	var floors []Floor
	add := func(text string) {
		if f, err := ParseFloor(text); err == nil {
			floors = append(floors, f)
		}
	}
	for _, n := range splitNotes(data) {
		if f, ok := noteFloor(n, origin); ok {
			floors = append(floors, f)
		}
	}
	for _, m := range floorLogged.FindAllSubmatch(data, -1) {
		if origin == "" || string(m[1]) == origin {
			add(string(m[2]))
		}
	}
	for _, m := range floorLine.FindAllSubmatch(data, -1) {
		add(string(m[1]))
	}
	for _, m := range floorMeta.FindAllSubmatch(data, -1) {
		add(string(m[1]) + ":" + string(m[2]))
	}
	return floors
}

// noteLines is how many lines before a signature are looked at: a head has three and a few extensions.
const noteLines = 16

// noteFloor reads the head of a note, which may have other lines before it.
func noteFloor(signed []byte, origin string) (Floor, bool) {
	text, _, ok := bytes.Cut(signed, []byte("\n\n"+sigPrefix))
	if !ok {
		return Floor{}, false
	}
	from := len(text)
	for range noteLines { // from the end, so that what a crash left of another note is not taken for it
		from = bytes.LastIndexByte(text[:from], '\n')
		c, err := parseCheckpoint(string(text[from+1:]) + "\n")
		if err == nil && (origin == "" || c.Origin == origin) {
			return Floor{c.Size, c.Root}, true
		}
		if from < 0 {
			break
		}
	}
	return Floor{}, false
}
