package change

import (
	"bytes"
	"fmt"
	"strings"
)

// Replacement is an exact replacement in a text.
type Replacement struct {
	Old, New string
	// Count is how many times Old has to be there, each of which is replaced; 0 = 1.
	Count int
}

// MismatchError says that a text does not hold what was to be replaced as many times as expected.
type MismatchError struct {
	Found, Want int
	// Lines are the numbers (from 1) of the lines on which matches begin, the first few.
	Lines []int
	// Near are places that resemble what was looked for, when nothing was found.
	Near []Near
}

// Near is a place that nearly matches.
type Near struct {
	Line int    // number of its first line, from 1
	Text string // the line as it is, without its end
	Why  string // what is different
}

func (e *MismatchError) Error() string {
	if e.Found == 0 {
		return fmt.Sprintf("old is not in the file (expected %s)", times(e.Want))
	}
	return fmt.Sprintf("old is in the file %s, not %s", times(e.Found), times(e.Want))
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// ErrorCode is invalid_argument: the caller's idea of the file is wrong.
func (e *MismatchError) ErrorCode() string { return "invalid_argument" }

// ErrorHint says how to go on.
func (e *MismatchError) ErrorHint() string {
	switch {
	case e.Found > e.Want && e.Found > 0:
		return fmt.Sprintf("add lines around it until it is unique, or pass count=%d to replace all", e.Found)
	case e.Found > 0:
		return fmt.Sprintf("pass count=%d", e.Found)
	case len(e.Near) > 0:
		return "copy old exactly as file_read shows it; the lines that come near are listed"
	}
	return "read the file with file_read and copy old exactly from it"
}

// lists of the places in errors are this long at most.
const maxPlaces = 5

// Apply replaces. In a text whose lines all end in CRLF, line feeds in Old and New stand for CRLF, because nobody means to mix
// them: crlf reports that it was so.
func (r Replacement) Apply(text []byte) (changed []byte, crlf bool, err error) {
	want := max(r.Count, 1)
	old, replacement := []byte(r.Old), []byte(r.New)
	if allCRLF(text) {
		toOld, toNew := withCRLF(old), withCRLF(replacement)
		crlf = len(toOld) != len(old) || len(toNew) != len(replacement)
		old, replacement = toOld, toNew
	}
	found := bytes.Count(text, old)
	if found != want {
		return nil, false, mismatch(text, old, found, want)
	}
	return bytes.ReplaceAll(text, old, replacement), crlf, nil
}

// allCRLF says whether every line of a text of at least one line ends in CRLF.
func allCRLF(text []byte) bool {
	n := bytes.Count(text, []byte("\n"))
	return n > 0 && n == bytes.Count(text, []byte("\r\n"))
}

// withCRLF turns the line feeds that have no carriage return before them.
func withCRLF(text []byte) []byte {
	return bytes.ReplaceAll(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")), []byte("\n"), []byte("\r\n"))
}

func mismatch(text, old []byte, found, want int) error {
	e := &MismatchError{Found: found, Want: want}
	line, rest := 1, text
	for i := bytes.Index(rest, old); i >= 0 && found > 0 && len(e.Lines) < maxPlaces; i = bytes.Index(rest, old) {
		line += bytes.Count(rest[:i], []byte("\n"))
		e.Lines = append(e.Lines, line)
		line += bytes.Count(rest[i:i+len(old)], []byte("\n"))
		rest = rest[i+len(old):]
	}
	if found == 0 {
		e.Near = near(string(text), string(old))
	}
	return e
}

// near looks for lines that would match if blanks, the case of letters or a few letters were others. What it compares is the
// first line of old that is not blank.
func near(text, old string) []Near {
	var sought string
	for _, l := range strings.Split(old, "\n") {
		if sought = squeezed(l); sought != "" {
			break
		}
	}
	if sought == "" {
		return nil
	}
	several := strings.Contains(strings.TrimRight(old, "\r\n"), "\n")
	var found []Near
	best, bestScore := Near{}, 0.0
	number := 0
	for l := range strings.SplitSeq(text, "\n") {
		number++
		line := squeezed(l)
		why := ""
		switch {
		case line == "":
			continue
		case strings.Contains(line, sought) && several:
			why = "its first line is here, but not with the lines, blanks or line ends that follow in old"
		case strings.Contains(line, sought):
			why = "only blanks or line ends are different"
		case len(line) < maxCompared && strings.Contains(strings.ToLower(line), strings.ToLower(sought)):
			why = "upper and lower case are different"
		default:
			if s := similarity(line, sought); s > bestScore {
				best, bestScore = Near{Line: number, Text: strings.TrimSuffix(l, "\r"), Why: "it is only alike"}, s
			}
			continue
		}
		if found = append(found, Near{Line: number, Text: strings.TrimSuffix(l, "\r"), Why: why}); len(found) == maxPlaces {
			break
		}
	}
	if len(found) == 0 && bestScore >= 0.6 {
		found = append(found, best)
	}
	return found
}

// squeezed is a line with each run of blanks as one space and none at its ends.
func squeezed(line string) string { return strings.Join(strings.Fields(line), " ") }

// maxCompared bounds the length in bytes of the lines that are compared letter by letter.
const maxCompared = 1000

// similarity is the share of pairs of neighbouring bytes that two lines have in common (Dice), 0 to 1.
func similarity(a, b string) float64 {
	if len(a) < 2 || len(b) < 2 || len(a) > maxCompared || len(b) > maxCompared || len(a) > 3*len(b) || len(b) > 3*len(a) {
		return 0
	}
	pairs := map[[2]byte]int{}
	for i := range len(a) - 1 {
		pairs[[2]byte{a[i], a[i+1]}]++
	}
	common := 0
	for i := range len(b) - 1 {
		p := [2]byte{b[i], b[i+1]}
		if pairs[p] > 0 {
			pairs[p]--
			common++
		}
	}
	return 2 * float64(common) / float64(len(a)+len(b)-2)
}
