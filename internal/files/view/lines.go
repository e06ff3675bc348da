package view

import (
	"fmt"
	"strconv"
	"strings"
)

// Lines is a range of lines, numbered from 1. The zero value is none.
type Lines struct {
	// First and Last are the ends of the range; Last 0 is the end of the file.
	First, Last int
	// Tail, if not 0, means the last so many lines instead.
	Tail int
}

// ParseLines reads "10-40", "10-" (to the end), "10" (one line) or "-20" (the last twenty). An empty text is no range.
func ParseLines(text string) (Lines, error) {
	if text == "" {
		return Lines{}, nil
	}
	bad := fmt.Errorf("%q is no range of lines", text)
	first, last, isRange := strings.Cut(strings.TrimSpace(text), "-")
	number := func(s string) (int, error) {
		n, err := strconv.Atoi(strings.TrimSpace(s))
		if err != nil || n < 1 || strings.HasPrefix(strings.TrimSpace(s), "+") {
			return 0, bad
		}
		return n, nil
	}
	if isRange && strings.TrimSpace(first) == "" {
		n, err := number(last)
		return Lines{Tail: n}, err
	}
	a, err := number(first)
	switch {
	case err != nil:
		return Lines{}, err
	case !isRange:
		return Lines{First: a, Last: a}, nil
	case strings.TrimSpace(last) == "":
		return Lines{First: a}, nil
	}
	b, err := number(last)
	if err == nil && b < a {
		err = bad
	}
	if err != nil {
		return Lines{}, err
	}
	return Lines{First: a, Last: b}, nil
}
