package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"relay-shell/internal/lazyregexp"
)

// toolsets makes the row of TOOLSETS: names from values, or "all" for every one that this version has.
func toolsets(name string, values, defaults []string, doc string) *Setting {
	s := &Setting{Name: name, Kind: Choices, Default: strings.Join(built(name, defaults), ","), Values: append(slices.Clone(values), "all"), Doc: doc}
	s.setList = func(c *Config, list []string) error {
		var names []string
		for _, v := range list {
			got, err := parseChoice(v, s.Values)
			if err != nil {
				return fmt.Errorf("%q: %w", cut(v, 40), err)
			}
			if got == "all" {
				names = append(names, built(name, values)...)
				continue
			}
			if missing := unbuilt[name][got]; missing != "" {
				return fmt.Errorf("%q is not in this version of relay-shell yet (%s); it has %s", got, missing, strings.Join(built(name, values), ", "))
			}
			names = append(names, got)
		}
		if len(names) == 0 {
			return errors.New("is empty: name at least one toolset")
		}
		c.Toolsets = unique(names)
		return nil
	}
	s.split = func(v string) ([]string, error) {
		return strings.FieldsFunc(v, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' }), nil
	}
	return s
}

// paths makes the row of a list of directories.
func paths(name string, field func(*Config) *[]string, doc string) *Setting {
	s := &Setting{Name: name, Kind: Paths, Doc: doc}
	s.setList = func(c *Config, list []string) error {
		for _, p := range list {
			if err := checkText(p); err != nil {
				return err
			}
			if p == "" {
				return errors.New("holds an empty path")
			}
		}
		*field(c) = unique(list)
		return nil
	}
	s.split = func(v string) ([]string, error) {
		if v == "" {
			return nil, nil
		}
		if strings.Contains(v, ",/") || strings.Contains(v, ",~") || strings.Contains(v, ", ") {
			return nil, errors.New("must be separated by colons, not commas")
		}
		return strings.Split(v, ":"), nil
	}
	return s
}

// list makes the row of a list of words, each of which check accepts or refuses.
func list(name string, check func(word string) error, field func(*Config) *[]string, doc string) *Setting {
	s := &Setting{Name: name, Kind: List, Doc: doc}
	s.setList = func(c *Config, list []string) error {
		for _, word := range list {
			if err := check(word); err != nil {
				return fmt.Errorf("%q: %w", cut(word, 60), err)
			}
		}
		*field(c) = unique(list)
		return nil
	}
	s.split = func(v string) ([]string, error) {
		return strings.FieldsFunc(v, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' }), nil
	}
	return s
}

// mirrorSpec is how a mirror of the audit is named.
var mirrorSpec = lazyregexp.New(`^(?:journald|(?:(?:cef|leef)\+)?(?:syslog|syslog(?:\+tcp)?://(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.%a-z]+\]):[0-9]{1,5}|file:/[^\x00-\x1f]+))$`)

func checkMirror(word string) error {
	if !mirrorSpec.MatchString(word) {
		return errors.New("is none of journald, syslog, syslog://HOST:PORT, syslog+tcp://HOST:PORT, file:/PATH, the latter perhaps with cef+ or leef+ before it")
	}
	return nil
}

// unique keeps the first of equal strings.
func unique(list []string) []string {
	var out []string
	for _, v := range list {
		if !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}
