package secrets

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/pelletier/go-toml/v2"
)

// maxFile bounds the file, in bytes.
const maxFile = 1 << 20

// entry says where a value is, in exactly one of the fields before hosts.
type entry struct {
	literal *string
	env     string
	pass    string
	file    string
	command []string
	hosts   []string // where the value may go; empty for anywhere
}

// load reads and checks the operator's file.
func (s *Store) load() (map[string]entry, error) {
	if s.opts.File == "" {
		return nil, nil
	}
	text, err := readPrivate(s.opts.File)
	if err != nil {
		return nil, err
	}
	entries, err := parse(s.opts.File, text)
	if err != nil {
		return nil, &Error{code: invalidArgument, message: "reading " + s.opts.File, cause: err,
			hint: "the operator has to mend it: NAME=VALUE lines, or TOML"}
	}
	return entries, nil
}

// readPrivate reads a regular file that belongs to this process's user and that nobody else has any access to. It asks the
// open file, not the name, so that nothing can be put in its place between the question and the reading.
func readPrivate(path string) (string, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0) // not to wait for the writer of a pipe
	if err != nil {
		code := permissionDenied
		if errors.Is(err, fs.ErrNotExist) {
			code = notFound
		}
		return "", &Error{code: code, message: "opening the secrets file", cause: err, hint: "the operator has to provide it"}
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", &Error{code: internal, message: "asking for the mode of " + path, cause: err}
	}
	if fault := privacy(info, os.Geteuid()); fault != "" {
		return "", &Error{code: permissionDenied, message: path + " " + fault,
			hint: "the operator has to make it private: chown to this user, chmod 600"}
	}
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return "", &Error{code: internal, message: "reading " + path, cause: err}
	}
	if len(b) > maxFile {
		return "", &Error{code: tooLarge, message: path + " is larger than 1 MiB", hint: "a secret that large belongs in a file of its own"}
	}
	return string(b), nil
}

// privacy says what keeps a file from being private to uid, "" if it is.
func privacy(info fs.FileInfo, uid int) string {
	if !info.Mode().IsRegular() {
		return "is no regular file"
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok && int(st.Uid) != uid {
		return fmt.Sprintf("belongs to uid %d, not to %d", st.Uid, uid)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return fmt.Sprintf("has mode %04o: others than its owner have access", mode)
	}
	return ""
}

// parse reads the file's text. Errors name lines and names, never values.
func parse(path, text string) (map[string]entry, error) {
	text = strings.TrimPrefix(text, "\ufeff")
	if filepath.Ext(path) == ".toml" || looksTOML(text) {
		return parseTOML(text)
	}
	return parseLines(text)
}

// looksTOML tells whether a file without a telling name has something that only TOML has: a table.
func looksTOML(text string) bool {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			return true
		}
		if _, value, ok := strings.Cut(line, "="); ok && !strings.HasPrefix(line, "#") {
			value = strings.TrimSpace(value)
			if strings.HasPrefix(value, "{") && strings.Contains(value, "=") {
				return true
			}
		}
	}
	return false
}

// parseLines reads NAME=VALUE lines, where export may stand before the name and quotes around the value: single ones keep
// everything, double ones know \n, \t, \", \\ and \$.
func parseLines(text string) (map[string]entry, error) {
	entries := map[string]entry{}
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		name = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(name), "export "))
		if !ok || !validName(name) {
			return nil, fmt.Errorf("line %d is not NAME=VALUE", number)
		}
		if _, twice := entries[name]; twice {
			return nil, fmt.Errorf("line %d: %s is set twice", number, name)
		}
		value, err := unquote(strings.TrimSpace(value))
		if err != nil {
			return nil, fmt.Errorf("line %d: the value of %s %w", number, name, err)
		}
		entries[name] = entry{literal: &value}
	}
	return entries, nil
}

var (
	errUnclosed = errors.New("has a quote that is not closed")
	errTrailing = errors.New("goes on after its closing quote")
)

// unquote takes the quotes from a value.
func unquote(v string) (string, error) {
	if v == "" || v[0] != '"' && v[0] != '\'' {
		return v, nil
	}
	quote := v[0]
	var b strings.Builder
	for i := 1; i < len(v); i++ {
		switch c := v[i]; {
		case c == quote:
			if rest := strings.TrimSpace(v[i+1:]); rest != "" && rest[0] != '#' {
				return "", errTrailing
			}
			return b.String(), nil
		case c == '\\' && quote == '"' && i+1 < len(v):
			i++
			switch v[i] {
			case 'n':
				b.WriteByte('\n')
			case 't':
				b.WriteByte('\t')
			case '"', '\\', '$':
				b.WriteByte(v[i])
			default:
				b.WriteByte('\\')
				b.WriteByte(v[i])
			}
		default:
			b.WriteByte(c)
		}
	}
	return "", errUnclosed
}

// parseTOML reads names with values, or with tables that say where the value is.
func parseTOML(text string) (map[string]entry, error) {
	var raw map[string]any
	if err := toml.Unmarshal([]byte(text), &raw); err != nil {
		// The parser's own words may quote the line, and with it a value.
		var at *toml.DecodeError
		if errors.As(err, &at) {
			line, _ := at.Position()
			return nil, fmt.Errorf("line %d is not TOML", line)
		}
		return nil, errors.New("the file is not TOML")
	}
	entries := map[string]entry{}
	for name, v := range raw {
		if !validName(name) {
			return nil, fmt.Errorf("%s is no name: letters, digits, underscores, dots and dashes", strconv.Quote(name))
		}
		e, err := tomlEntry(v)
		if err != nil {
			return nil, fmt.Errorf("%s %w", name, err)
		}
		entries[name] = e
	}
	return entries, nil
}

// tomlEntry reads what stands at a name.
func tomlEntry(v any) (entry, error) {
	switch v := v.(type) {
	case string:
		return entry{literal: &v}, nil
	case int64:
		text := strconv.FormatInt(v, 10)
		return entry{literal: &text}, nil
	case map[string]any:
		return tomlSource(v)
	}
	return entry{}, errors.New("is neither a string nor a table with one of env, pass, file, command, value")
}

// tomlSource reads a table that says where a value is and, perhaps, where it may go.
func tomlSource(table map[string]any) (entry, error) {
	var e entry
	sources := len(table)
	if v, bound := table["hosts"]; bound {
		sources--
		var err error
		if e.hosts, err = words(v); err != nil || len(e.hosts) == 0 {
			return e, errors.New(`needs a list for hosts: "alias", "db*", "@group", "local"`)
		}
		for _, h := range e.hosts {
			if _, err := path.Match(strings.TrimPrefix(h, "@"), ""); err != nil || strings.Trim(h, "@ ") == "" {
				return e, fmt.Errorf("has %s among hosts, which is no pattern", strconv.Quote(h))
			}
		}
	}
	if sources != 1 {
		return e, errors.New("needs exactly one of env, pass, file, command, value")
	}
	for key, v := range table {
		if key == "hosts" {
			continue
		}
		text, isText := v.(string)
		switch {
		case key == "command":
			var err error
			if e.command, err = words(v); err != nil || len(e.command) == 0 || e.command[0] == "" {
				return e, errors.New("needs a command that is a list of words, the program first")
			}
		case !isText || text == "":
			return e, fmt.Errorf("needs a string for %s", key)
		case key == "env":
			e.env = text
		case key == "pass":
			if strings.HasPrefix(text, "-") {
				return e, errors.New("needs a name for pass that does not begin with a dash")
			}
			e.pass = text
		case key == "file":
			e.file = text
		case key == "value":
			e.literal = &text
		default:
			return e, fmt.Errorf("has %s, which is none of env, pass, file, command, value, hosts", strconv.Quote(key))
		}
	}
	return e, nil
}

// words is a list of strings.
func words(v any) ([]string, error) {
	list, ok := v.([]any)
	if !ok {
		return nil, errors.New("no list")
	}
	var out []string
	for _, word := range list {
		w, ok := word.(string)
		if !ok {
			return nil, errors.New("not a list of strings")
		}
		out = append(out, w)
	}
	return out, nil
}
