package inventory

import (
	"fmt"
	"strconv"
	"strings"

	"relay-shell/internal/lazyregexp"
)

// rangeExpr is [01:10], [1:9:2], [a:f].
var rangeExpr = lazyregexp.New(`\[(\d{1,9}|[a-zA-Z]):(\d{1,9}|[a-zA-Z])(?::(\d{1,9}))?\]`)

// expandHost gives the names that a host entry of an Ansible inventory stands for, and its port, "" for none.
func expandHost(entry string) (names []string, port string, err error) {
	if hasRange(entry) {
		if i := strings.LastIndexByte(entry, ':'); i > strings.LastIndexByte(entry, ']') {
			entry, port = entry[:i], entry[i+1:]
		}
		names, err = expandRanges(entry)
	} else {
		var user, name string
		if user, name, port, err = splitDestination(entry); user != "" {
			name = entry // a user does not belong here, and the name will be refused
		}
		names = []string{name}
	}
	if err == nil && port != "" {
		_, err = parsePort(port)
	}
	return names, port, err
}

// hasRange tells ranges from addresses in brackets.
func hasRange(s string) bool { return rangeExpr.MatchString(s) && !strings.HasPrefix(s, "[::") }

// expandRanges expands every range, the last one fastest.
func expandRanges(s string) ([]string, error) {
	at := rangeExpr.FindStringSubmatchIndex(s)
	if at == nil {
		return []string{s}, nil
	}
	sub := func(n int) string {
		if at[2*n] < 0 {
			return ""
		}
		return s[at[2*n]:at[2*n+1]]
	}
	steps, err := rangeSteps(sub(1), sub(2), sub(3))
	if err != nil {
		return nil, err
	}
	tails, err := expandRanges(s[at[1]:])
	if err != nil {
		return nil, err
	}
	if len(steps)*len(tails) > maxHosts {
		return nil, fmt.Errorf("stands for more than %d hosts", maxHosts)
	}
	out := make([]string, 0, len(steps)*len(tails))
	for _, step := range steps {
		for _, tail := range tails {
			out = append(out, s[:at[0]]+step+tail)
		}
	}
	return out, nil
}

// rangeSteps lists one range, both ends included. Numbers are padded to the width of the first when that begins with 0.
func rangeSteps(first, last, step string) ([]string, error) {
	by := 1
	if step != "" {
		by, _ = strconv.Atoi(step)
	}
	if by < 1 {
		return nil, fmt.Errorf("has a range with step 0")
	}
	from, fromErr := strconv.Atoi(first)
	to, toErr := strconv.Atoi(last)
	format := func(n int) string { return string(rune(n)) }
	switch {
	case fromErr == nil && toErr == nil:
		width := 0
		if len(first) > 1 && first[0] == '0' {
			if width = len(first); width != len(last) {
				return nil, fmt.Errorf("has a range whose padded ends differ in length")
			}
		}
		format = func(n int) string { return fmt.Sprintf("%0*d", width, n) }
	case fromErr != nil && toErr != nil:
		from, to = int(first[0]), int(last[0])
		if (from >= 'a') != (to >= 'a') {
			return nil, fmt.Errorf("has a range from one case to the other")
		}
	default:
		return nil, fmt.Errorf("has a range from a letter to a number")
	}
	if from > to {
		return nil, fmt.Errorf("has a range that runs backwards")
	}
	if (to-from)/by >= maxHosts {
		return nil, fmt.Errorf("stands for more than %d hosts", maxHosts)
	}
	var out []string
	for n := from; n <= to; n += by {
		out = append(out, format(n))
	}
	return out, nil
}
