package secrets

import (
	"cmp"
	"context"
	"maps"
	"os"
	"path"
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

// Place is where a value is to go.
type Place struct {
	// Host is the alias that the call gave, "" for this machine.
	Host   string
	Groups []string
}

// admits tells whether the operator lets the entry's value go to p. A host is compared by the name that the call gave, so that a name
// which merely resolves to the same machine gets nothing.
func (e entry) admits(p Place) bool {
	if len(e.hosts) == 0 {
		return true
	}
	for _, pattern := range e.hosts {
		if group, ok := strings.CutPrefix(pattern, "@"); ok {
			if p.Host != "" && slices.ContainsFunc(p.Groups, func(g string) bool { hit, _ := path.Match(group, g); return hit }) {
				return true
			}
			continue
		}
		if p.Host == "" {
			if pattern == Local {
				return true
			}
			continue
		}
		if hit, _ := path.Match(pattern, p.Host); hit {
			return true
		}
	}
	return false
}

// Local is this machine among an entry's hosts.
const Local = "local"

// Resolve replaces every {{secret:NAME}} of text by its value, for a command at a place. It returns the values it used, each once, so that the caller
// can have them masked; text without a placeholder is returned as it is, and the file not read. A value is not searched for
// placeholders. Errors implement ErrorCode and ErrorHint, and hold names, never values; with an error no part of the text
// has been resolved.
func (s *Store) Resolve(ctx context.Context, text string, at Place) (resolved string, values []string, err error) {
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
			if value, err = s.value(ctx, entries, name, at); err != nil {
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

// Admits is the error that [Store.Resolve] gives for a name that is not known or not for that place. Nothing is asked for its value.
func (s *Store) Admits(name string, at Place) error {
	entries, err := s.load()
	if err == nil {
		_, err = s.entry(entries, name, at)
	}
	return err
}

// entry is what the file says about a name, for a command at a place.
func (s *Store) entry(entries map[string]entry, name string, at Place) (entry, error) {
	e, ok := entries[name]
	if !ok {
		return e, s.unknown(entries, name)
	}
	if !e.admits(at) {
		where := cmp.Or(at.Host, "this machine")
		return e, &Error{code: permissionDenied, message: "secret " + name + " is not for " + where, hint: "the operator's file names the hosts it may go to, by alias or @group; call the host by that alias"}
	}
	return e, nil
}

// value is the value of a name, for a command at a place.
func (s *Store) value(ctx context.Context, entries map[string]entry, name string, at Place) (string, error) {
	e, err := s.entry(entries, name, at)
	if err != nil {
		return "", err
	}
	value, failed := s.read(ctx, e)
	if failed != nil {
		failed.message = "secret " + name + ": " + failed.message
		return "", failed
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
