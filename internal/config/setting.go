package config

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"relay-shell/internal/lazyregexp"
)

// Prefix begins the name of every environment variable of relay-shell.
const Prefix = "RELAY_SHELL_"

// Kind is the type of a setting's value.
type Kind string

const (
	Text     Kind = "text"
	Integer  Kind = "integer"
	Boolean  Kind = "boolean"
	Duration Kind = "duration" // whole seconds, or 30s, 15m, 7d, 1h30m
	Size     Kind = "size"     // bytes, or 64KiB, 1GiB, 10MB
	Choice   Kind = "choice"
	Choices  Kind = "choices" // comma or space separated; an array of strings in the file
	Pattern  Kind = "pattern" // a regular expression in RE2 syntax
	Path     Kind = "path"
	Paths    Kind = "paths"   // separated by colons; an array of strings in the file
	List     Kind = "list"    // separated by commas; an array of strings in the file
	Retired  Kind = "retired" // of relay-shell 0.3; accepted and not used
)

// Setting describes one setting.
type Setting struct {
	// Name is the environment variable without Prefix; in the file it is written in lower case.
	Name string
	Kind Kind
	// Default as an operator would write it. That of a path may name variables, as its text explains.
	Default string
	// Values are the allowed ones of a choice.
	Values []string
	// Min and Max bound numbers, durations (seconds) and sizes (bytes); both inclusive.
	Min, Max int64
	// Section groups settings in the reference.
	Section string
	// Doc is one sentence or two for the reference.
	Doc string

	// set parses text and stores it. Lists have split and setList in its place.
	set     func(c *Config, text string) error
	split   func(text string) ([]string, error)
	setList func(c *Config, list []string) error
	// computed defaults depend on the machine; finish fills them in.
	computed bool
}

// Env is the name of the setting's environment variable.
func (s *Setting) Env() string { return Prefix + s.Name }

// Key is the setting's name in the file.
func (s *Setting) Key() string { return strings.ToLower(s.Name) }

// isKeyword tells a word that is no path: ssh's -F takes "none" for "no configuration file" (ssh(1)).
func (s *Setting) isKeyword(word string) bool { return s.Name == "SSH_CONFIG" && word == "none" }

// Bounds says in words what values are allowed, "" when any of the kind is.
func (s *Setting) Bounds() string {
	switch s.Kind {
	case Choice, Choices:
		var shown []string
		for _, v := range s.Values {
			if v != "" {
				shown = append(shown, v)
			}
		}
		return strings.Join(shown, ", ")
	case Boolean:
		return "true, false"
	case Integer:
		return fmt.Sprintf("%d to %d", s.Min, s.Max)
	case Duration:
		return formatDuration(s.Min) + " to " + formatDuration(s.Max)
	case Size:
		return formatSize(s.Min) + " to " + formatSize(s.Max)
	case Pattern:
		return "RE2 syntax"
	}
	return ""
}

// The functions below make the rows of the table. The field they are given is the only link between a name and the
// Config, so that a row cannot store into the wrong type.

func text(name, def string, field func(*Config) *string, doc string) *Setting {
	return &Setting{Name: name, Kind: Text, Default: def, Doc: doc, set: func(c *Config, v string) error {
		if err := checkText(v); err != nil {
			return err
		}
		*field(c) = v
		return nil
	}}
}

func secretName(name string, field func(*Config) *string, doc string) *Setting {
	s := text(name, "", field, doc)
	check := s.set
	s.set = func(c *Config, v string) error {
		if v != "" && !secretNames.MatchString(v) {
			return errors.New("must be the name of a secret: letters, digits and ._-")
		}
		return check(c, v)
	}
	return s
}

var secretNames = lazyregexp.New(`^[A-Za-z_][A-Za-z0-9._-]{0,63}$`)

func integer(name string, def, low, high int64, field func(*Config) *int, doc string) *Setting {
	return &Setting{Name: name, Kind: Integer, Default: strconv.FormatInt(def, 10), Min: low, Max: high, Doc: doc, set: func(c *Config, v string) error {
		n, err := parseInteger(v)
		if err == nil {
			err = bounded(n, low, high, func(n int64) string { return strconv.FormatInt(n, 10) })
		}
		*field(c) = int(n)
		return err
	}}
}

func boolean(name string, def bool, field func(*Config) *bool, doc string) *Setting {
	return &Setting{Name: name, Kind: Boolean, Default: strconv.FormatBool(def), Doc: doc, set: func(c *Config, v string) (err error) {
		*field(c), err = parseBoolean(v)
		return err
	}}
}

// duration takes def and the bounds in the form that an operator writes.
func duration(name, def, low, high string, field func(*Config) *time.Duration, doc string) *Setting {
	minimum, maximum := seconds(low), seconds(high)
	return &Setting{Name: name, Kind: Duration, Default: def, Min: minimum, Max: maximum, Doc: doc, set: func(c *Config, v string) error {
		d, err := parseDuration(v)
		if err == nil && (d < time.Duration(minimum)*time.Second || d > time.Duration(maximum)*time.Second) {
			err = fmt.Errorf("must be %s to %s", formatDuration(minimum), formatDuration(maximum))
		}
		*field(c) = d
		return err
	}}
}

func size(name, def, low, high string, field func(*Config) *int64, doc string) *Setting {
	minimum, maximum := mustSize(low), mustSize(high)
	return &Setting{Name: name, Kind: Size, Default: def, Min: minimum, Max: maximum, Doc: doc, set: func(c *Config, v string) error {
		n, err := parseSize(v)
		if err == nil {
			err = bounded(n, minimum, maximum, formatSize)
		}
		*field(c) = n
		return err
	}}
}

// choice takes the allowed values in the order of the reference; the default is one of them.
func choice[T ~string](name string, def T, values []T, field func(*Config) *T, doc string) *Setting {
	s := &Setting{Name: name, Kind: Choice, Default: string(def), Doc: doc}
	for _, v := range values {
		s.Values = append(s.Values, string(v))
	}
	s.set = func(c *Config, v string) error {
		got, err := parseChoice(v, s.Values)
		*field(c) = T(got)
		return err
	}
	return s
}

func pattern(name string, field func(*Config) *string, doc string) *Setting {
	return &Setting{Name: name, Kind: Pattern, Doc: doc, set: func(c *Config, v string) error {
		*field(c) = v
		return checkPattern(v)
	}}
}

// path takes the default in words when it depends on the machine.
func path(name, def string, field func(*Config) *string, doc string) *Setting {
	return &Setting{Name: name, Kind: Path, Default: def, Doc: doc, computed: true, set: func(c *Config, v string) error {
		*field(c) = v
		return checkText(v)
	}}
}

func retired(name, doc string) *Setting {
	return &Setting{Name: name, Kind: Retired, Doc: doc, set: func(*Config, string) error { return nil }}
}

func bounded(n, low, high int64, format func(int64) string) error {
	if n < low || n > high {
		return fmt.Errorf("must be %s to %s", format(low), format(high))
	}
	return nil
}

// seconds reads a bound of the table; a bad one is a fault of the program.
func seconds(s string) int64 {
	d, err := parseDuration(s)
	if err != nil || d%time.Second != 0 {
		panic("config: bad bound " + s)
	}
	return int64(d / time.Second)
}

func mustSize(s string) int64 {
	n, err := parseSize(s)
	if err != nil || n == math.MaxInt64 {
		panic("config: bad bound " + s)
	}
	return n
}
