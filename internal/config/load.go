package config

import (
	"errors"
	"fmt"
	"maps"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"relay-shell/internal/nearest"
)

// Source is the outside world that settings come from. Nothing else is consulted but the files named here.
type Source struct {
	// Environ is the environment in the form of os.Environ.
	Environ []string
	// File is the settings file named on the command line; it wins over RELAY_SHELL_CONFIG, which wins over the default
	// place. A file that was named must exist.
	File string
	// Home is the user's home directory. "" = that of the passwd database: MCP clients start servers with little environment.
	Home string
	// Dir is the working directory, against which relative paths are read. Paths in the file are relative to the file.
	Dir string
	// UID is the user that the program runs as.
	UID int
}

// fileSetting is the one name that makes sense in the environment only.
const fileSetting = Prefix + "CONFIG"

// Load reads the settings. A failure is an *Error with everything that is wrong.
func Load(src Source) (*Config, error) {
	if src.Home == "" {
		if u, err := user.LookupId(strconv.Itoa(src.UID)); err == nil {
			src.Home = u.HomeDir
		}
	}
	l := &loader{src: src, env: environment(src.Environ), cfg: &Config{origins: map[string]string{}, uid: src.UID}}
	l.setDefaults()
	l.readFile()
	l.readEnvironment()
	l.finish()
	if len(l.problems) > 0 {
		return nil, &Error{Problems: l.problems}
	}
	return l.cfg, nil
}

type loader struct {
	src      Source
	env      map[string]string
	cfg      *Config
	problems []Problem
}

func (l *loader) problem(where, format string, args ...any) {
	l.problems = append(l.problems, Problem{Where: where, Message: fmt.Sprintf(format, args...)})
}

// environment keeps the first of equal names, as getenv does.
func environment(environ []string) map[string]string {
	env := make(map[string]string, len(environ))
	for _, e := range environ {
		name, value, ok := strings.Cut(e, "=")
		if _, twice := env[name]; ok && !twice {
			env[name] = value
		}
	}
	return env
}

func (l *loader) readEnvironment() {
	for _, name := range slices.Sorted(maps.Keys(l.env)) {
		upper := strings.ToUpper(name)
		if !strings.HasPrefix(upper, Prefix) || name == fileSetting {
			continue
		}
		s := byName[strings.TrimPrefix(name, Prefix)]
		if s == nil || name != upper {
			l.problem(name, "unknown setting%s", suggestion(upper, envNames()))
			continue
		}
		l.store(s, name, l.src.Dir, value{text: l.env[name]})
	}
}

// value is what stands in the environment (text) or in the file (text, or list for an array).
type value struct {
	text   string
	list   []string
	isList bool
}

func (v value) String() string {
	if v.isList {
		return strings.Join(v.list, ",")
	}
	return v.text
}

// store sets one setting; where names the place and dir is what relative paths start from.
func (l *loader) store(s *Setting, where, dir string, v value) {
	if err := l.set(s, dir, v); err != nil {
		l.problem(where, "%s %v", quoted(s.Name, v.String()), err)
		return
	}
	l.cfg.origins[s.Name] = where
}

func (l *loader) set(s *Setting, dir string, v value) (err error) {
	if s.setList != nil {
		return l.setList(s, dir, v)
	}
	if v.isList {
		return fmt.Errorf("must be one %s, not an array", s.Kind)
	}
	word := v.text
	switch s.Kind {
	case Path:
		if word != "" && !s.isKeyword(word) {
			word, err = l.absolute(word, dir)
		}
	case Boolean:
		var on bool
		on, err = parseBoolean(strings.TrimSpace(word))
		word = strconv.FormatBool(on)
	case Integer, Duration, Size, Choice:
		word = strings.TrimSpace(word)
	}
	if err != nil {
		return err
	}
	if why := later(s, word); why != "" {
		return fmt.Errorf("is not in this version of relay-shell yet (%s)", why)
	}
	return s.set(l.cfg, word)
}

func (l *loader) setList(s *Setting, dir string, v value) (err error) {
	list := slices.Clone(v.list)
	if !v.isList {
		if list, err = s.split(v.text); err != nil {
			return err
		}
	}
	if s.Kind == Paths {
		for i, p := range list {
			if p == "" {
				return errors.New("holds an empty path")
			}
			if list[i], err = l.absolute(p, dir); err != nil {
				return err
			}
		}
	}
	return s.setList(l.cfg, list)
}

// setDefaults stores the defaults that do not depend on the machine.
func (l *loader) setDefaults() {
	for _, s := range table {
		if s.computed || s.Kind == Retired {
			continue
		}
		if err := l.set(s, "", value{text: s.Default}); err != nil {
			panic(fmt.Sprintf("config: default of %s: %v", s.Name, err)) // a fault of the table, which the tests load
		}
	}
}

// absolute makes a path independent of the working directory. Variables are not expanded, and a value that looks as if
// they should be is refused rather than taken as a strange file name.
func (l *loader) absolute(p, dir string) (string, error) {
	switch {
	case strings.HasPrefix(p, "$"):
		return p, errors.New("names a variable; variables are not expanded in settings")
	case p == "~" || strings.HasPrefix(p, "~/"):
		if l.src.Home == "" {
			return p, errors.New("needs a home directory, and there is none")
		}
		return filepath.Join(l.src.Home, p[1:]), nil
	case strings.HasPrefix(p, "~"):
		return p, errors.New("names another user's home; give the path itself")
	case filepath.IsAbs(p):
		return filepath.Clean(p), nil
	case dir == "":
		return p, errors.New("must be an absolute path")
	}
	return filepath.Join(dir, p), nil
}

func envNames() []string {
	names := []string{fileSetting}
	for _, s := range table {
		names = append(names, s.Env())
	}
	return names
}

// suggestion is " (did you mean X?)" or nothing. Unknown names are compared without the common prefix, which would make
// everything look alike.
func suggestion(name string, names []string) string {
	bare := strings.TrimPrefix(name, Prefix)
	for _, n := range names {
		if strings.EqualFold(n, name) {
			return " (did you mean " + n + "?)"
		}
	}
	stripped := make([]string, len(names))
	for i, n := range names {
		stripped[i] = strings.TrimPrefix(n, Prefix)
	}
	near := nearest.Name(bare, stripped)
	if near == "" {
		return "; docs/configuration.md lists all of them"
	}
	return " (did you mean " + names[slices.Index(stripped, near)] + "?)"
}
