package secrets

import (
	"context"
	"maps"
	"os"
	"slices"
	"strings"
	"time"
)

// Options configure a [Store]. The zero value has no secrets.
type Options struct {
	// File is the operator's file; "" for none.
	File string
	// LookupEnv reads an environment variable; nil means [os.LookupEnv].
	LookupEnv func(string) (string, bool)
	// Environ is the environment of the commands that give values; nil means this process's.
	Environ []string
	// Timeout bounds one command; 0 means 30 s.
	Timeout time.Duration
}

// Store resolves secrets by name. It reads the file anew for each call, so that the operator can change it at any time. It is
// safe for concurrent use.
type Store struct{ opts Options }

// New returns a store. Nothing is read before the first call.
func New(o Options) *Store {
	if o.LookupEnv == nil {
		o.LookupEnv = os.LookupEnv
	}
	if o.Timeout == 0 {
		o.Timeout = 30 * time.Second
	}
	return &Store{opts: o}
}

// Check reads the file and reports what is wrong with it; nil without a file. Commands are not run.
func (s *Store) Check() error {
	_, err := s.load()
	return err
}

// Names are the names that can be resolved, in order.
func (s *Store) Names() ([]string, error) {
	entries, err := s.load()
	if err != nil {
		return nil, err
	}
	return slices.Sorted(maps.Keys(entries)), nil
}

// Resolve replaces every {{secret:NAME}} of text by its value. It returns the values it used, each once, so that the caller
// can have them masked; text without a placeholder is returned as it is, and the file not read. A value is not searched for
// placeholders. Errors implement ErrorCode and ErrorHint, and hold names, never values; with an error no part of the text
// has been resolved.
func (s *Store) Resolve(ctx context.Context, text string) (resolved string, values []string, err error) {
	if !Uses(text) {
		return text, nil, nil
	}
	entries, err := s.load()
	if err != nil {
		return "", nil, err
	}
	var b strings.Builder
	known := map[string]string{}
	for {
		start, end, name, found := next(text)
		if !found {
			break
		}
		if name == "" {
			return "", nil, &Error{code: invalidArgument, message: "a placeholder is malformed: " + shortened(text[start:end]),
				hint: "write {{secret:NAME}}, NAME of letters, digits, underscores, dots and dashes"}
		}
		value, ok := known[name]
		if !ok {
			if value, err = s.value(ctx, entries, name); err != nil {
				return "", nil, err
			}
			known[name] = value
			values = append(values, value)
		}
		b.WriteString(text[:start])
		b.WriteString(value)
		text = text[end:]
	}
	b.WriteString(text)
	return b.String(), unique(values), nil
}

// value is the value of a name.
func (s *Store) value(ctx context.Context, entries map[string]entry, name string) (string, error) {
	e, ok := entries[name]
	if !ok {
		return "", s.unknown(entries, name)
	}
	value, err := s.read(ctx, e)
	if err != nil {
		err.message = "secret " + name + ": " + err.message
		return "", err
	}
	switch {
	case value == "":
		return "", &Error{code: notFound, message: "secret " + name + " is empty", hint: "the operator has to set it"}
	case len(value) > maxValue:
		return "", &Error{code: tooLarge, message: "secret " + name + " is longer than 64 KiB", hint: "use a file"}
	case strings.IndexByte(value, 0) >= 0:
		return "", &Error{code: invalidArgument, message: "secret " + name + " holds a NUL byte", hint: "the operator has to set it to text"}
	}
	return value, nil
}

// maxValue bounds a value, in bytes.
const maxValue = 64 << 10

// unknown is the error for a name that the file does not have.
func (s *Store) unknown(entries map[string]entry, name string) *Error {
	if s.opts.File == "" {
		return &Error{code: notFound, message: "there is no secret " + name + ": no secrets are configured",
			hint: "the operator can name secrets in a file, set by RELAY_SHELL_SECRETS_FILE"}
	}
	names := slices.Sorted(maps.Keys(entries))
	hint := "the operator's file has none"
	if len(names) > 0 {
		hint = "known names: " + strings.Join(names, ", ")
	}
	return &Error{code: notFound, message: "there is no secret " + name, hint: hint}
}

func unique(values []string) []string {
	out := slices.Clone(values)
	slices.Sort(out)
	return slices.Compact(out)
}

// shortened is s for an error message. What follows a malformed placeholder may be anything, so little of it is shown.
func shortened(s string) string {
	const most = 40
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}
