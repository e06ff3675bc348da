package view

import (
	"errors"
	"regexp"
	"strings"

	"mvdan.cc/sh/v3/pattern"
)

// Glob is a pattern of file names: *, ?, [a-z], {a,b} and **, which stands for any number of directories. A pattern without a
// slash is compared with the last part of a path, one with a slash with the path below the root of a search. The zero value matches
// everything.
type Glob struct {
	any   []*regexp.Regexp
	whole bool
}

// maxAlternatives bounds what braces may stand for.
const maxAlternatives = 64

// ParseGlob reads a pattern.
func ParseGlob(text string) (Glob, error) {
	if text == "" {
		return Glob{}, nil
	}
	g := Glob{whole: strings.Contains(text, "/")}
	all, err := braces(strings.TrimPrefix(text, "./"))
	if err != nil {
		return Glob{}, err
	}
	for _, one := range all {
		expr, err := pattern.Regexp(one, pattern.Filenames|pattern.EntireString|pattern.GlobLeadingDot)
		if err != nil {
			return Glob{}, err
		}
		re, err := regexp.Compile(expr)
		if err != nil {
			return Glob{}, err
		}
		g.any = append(g.any, re)
	}
	return g, nil
}

// Match says whether the pattern matches a path relative to the root of a search.
func (g Glob) Match(relative string) bool {
	if g.any == nil {
		return true
	}
	if !g.whole {
		relative = relative[strings.LastIndexByte(relative, '/')+1:]
	}
	for _, re := range g.any {
		if re.MatchString(relative) {
			return true
		}
	}
	return false
}

// braces spells {a,b} out; they do not nest.
func braces(text string) ([]string, error) {
	all := []string{""}
	for text != "" {
		before, rest, found := strings.Cut(text, "{")
		inside, after, closed := strings.Cut(rest, "}")
		if !found || !closed || !strings.Contains(inside, ",") {
			before, inside, after = text, "", ""
		}
		var next []string
		for _, prefix := range all {
			for alternative := range strings.SplitSeq(inside, ",") {
				next = append(next, prefix+before+alternative)
			}
		}
		if all, text = next, after; len(all) > maxAlternatives {
			return nil, errors.New("its braces stand for too many patterns")
		}
	}
	return all, nil
}
