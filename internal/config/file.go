package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"

	"relay-shell/internal/nearest"
)

// maxFile bounds the settings file; the longest sensible one has a few kilobytes.
const maxFile = 1 << 20

// readFile finds, checks and reads the settings file.
func (l *loader) readFile() {
	path, must := l.filePath()
	if path == "" {
		return
	}
	data, err := readTrusted(path, l.src.UID)
	if errors.Is(err, os.ErrNotExist) && !must {
		return
	}
	if err != nil {
		l.problem(path, "%v", err)
		return
	}
	l.cfg.file = path
	l.parseFile(path, data)
}

// filePath is the file to read and whether it must exist.
func (l *loader) filePath() (path string, must bool) {
	for _, named := range []struct{ path, by string }{{l.src.File, "--config"}, {l.env[fileSetting], fileSetting}} {
		if named.path == "" {
			continue
		}
		abs, err := l.absolute(named.path, l.src.Dir)
		if err != nil {
			l.problem(named.by, "%q %v", cut(named.path, 120), err)
			return "", false
		}
		return abs, true
	}
	// XDG Base Directory Specification: a relative path in the variable is to be ignored.
	if dir := l.env["XDG_CONFIG_HOME"]; filepath.IsAbs(dir) {
		return filepath.Join(dir, "relay-shell", "config.toml"), false
	}
	if l.src.Home == "" {
		return "", false
	}
	return filepath.Join(l.src.Home, ".config", "relay-shell", "config.toml"), false
}

// readTrusted reads a file that nobody but root and the user can have written: who can write it can loosen the policy. The
// rule is that of ssh(1) for its own configuration. /dev/null is an empty file.
func readTrusted(path string, uid int) ([]byte, error) {
	if path == os.DevNull {
		return nil, nil
	}
	// O_NONBLOCK: opening a named pipe must not hang the start.
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, reason(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, reason(err)
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("is not a regular file")
	}
	if owner, ok := ownerOf(info); ok && owner != 0 && owner != uid {
		return nil, fmt.Errorf("belongs to uid %d, who could change the settings; it must belong to uid %d or root", owner, uid)
	}
	if info.Mode().Perm()&0o022 != 0 {
		return nil, fmt.Errorf("can be written by others (mode %04o); run: chmod go-w %s", info.Mode().Perm(), path)
	}
	if dir, err := os.Stat(filepath.Dir(path)); err == nil && dir.Mode().Perm()&0o002 != 0 && dir.Mode()&os.ModeSticky == 0 {
		return nil, fmt.Errorf("lies in a directory that everybody can write to; run: chmod o-w %s", filepath.Dir(path))
	}
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, reason(err)
	}
	if len(data) > maxFile {
		return nil, fmt.Errorf("is larger than %s", formatSize(maxFile))
	}
	return data, nil
}

// reason drops the path from an error of package os, because a Problem names it already. The cause can still be asked for.
func reason(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

func ownerOf(info os.FileInfo) (uid int, ok bool) {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, false
	}
	return int(st.Uid), true
}

// parseFile stores the settings of the file at path.
func (l *loader) parseFile(path string, data []byte) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	var values map[string]any
	if err := toml.Unmarshal(data, &values); err != nil {
		var at *toml.DecodeError
		if errors.As(err, &at) {
			row, _ := at.Position()
			path += ":" + strconv.Itoa(row)
		}
		l.problem(path, "%s", strings.TrimPrefix(err.Error(), "toml: "))
		return
	}
	for _, k := range topLevelKeys(data) {
		where := fmt.Sprintf("%s:%d", path, k.line)
		s := byName[strings.ToUpper(k.name)]
		if s == nil || k.name != s.Key() {
			l.problem(where, "unknown setting %q%s", cut(k.name, 60), fileSuggestion(k.name))
			continue
		}
		v, err := textOf(values[k.name])
		if err != nil {
			l.problem(where, "%s %v", k.name, err)
			continue
		}
		before := len(l.problems)
		l.store(s, where, filepath.Dir(path), v)
		if len(l.problems) > before {
			p := &l.problems[before]
			p.Message = k.name + ": " + p.Message
		}
	}
}

func fileSuggestion(name string) string {
	if strings.EqualFold(strings.TrimPrefix(strings.ToUpper(name), Prefix), "CONFIG") {
		return "; the file cannot name another file"
	}
	if s := byName[strings.TrimPrefix(strings.ToUpper(name), Prefix)]; s != nil {
		return " (in the file it is written " + s.Key() + ")"
	}
	keys := make([]string, len(table))
	for i, s := range table {
		keys[i] = s.Key()
	}
	if near := nearest.Name(name, keys); near != "" {
		return " (did you mean " + near + "?)"
	}
	return "; docs/configuration.md lists all of them"
}

// keyLine is the first use of a top-level key.
type keyLine struct {
	name string
	line int
}

// topLevelKeys finds where each top-level key and table of a valid document begins. Only its lines are taken from the
// parser: values come from toml.Unmarshal.
func topLevelKeys(data []byte) []keyLine {
	var keys []keyLine
	seen := map[string]bool{}
	var p unstable.Parser
	p.Reset(data)
	inTable := false
	for p.NextExpression() {
		e := p.Expression()
		switch e.Kind {
		case unstable.Table, unstable.ArrayTable:
			inTable = true
		case unstable.KeyValue:
			if inTable {
				continue
			}
		default:
			continue
		}
		it := e.Key()
		if !it.Next() {
			continue
		}
		name := string(it.Node().Data)
		if seen[name] {
			continue
		}
		seen[name] = true
		keys = append(keys, keyLine{name, p.Shape(it.Node().Raw).Start.Line})
	}
	return keys
}

// textOf gives a TOML value the form that it would have in the environment.
func textOf(v any) (value, error) {
	switch v := v.(type) {
	case string:
		return value{text: v}, nil
	case int64:
		return value{text: strconv.FormatInt(v, 10)}, nil
	case bool:
		return value{text: strconv.FormatBool(v)}, nil
	case float64:
		return value{text: strconv.FormatFloat(v, 'g', -1, 64)}, nil
	case []any:
		out := value{isList: true}
		for _, e := range v {
			s, ok := e.(string)
			if !ok {
				return value{}, errors.New("must be an array of strings")
			}
			out.list = append(out.list, s)
		}
		return out, nil
	case map[string]any:
		return value{}, errors.New("must be a value, not a table")
	}
	return value{}, fmt.Errorf("must not be a date or time")
}
