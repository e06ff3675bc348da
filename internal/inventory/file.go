package inventory

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf8"

	"relay-shell/internal/lazyregexp"
)

// fileState is the last good version of the inventory file.
type fileState struct {
	watch
	hosts    []Host
	groups   map[string][]string
	problems []string
	good     []string // the problems of the good version alone
	loaded   time.Time
}

// read loads the file for the first time.
func (s *fileState) read(opts Options) error {
	if opts.File == "" {
		return nil
	}
	var next fileState
	data, err := next.readTrusted(opts.File)
	if err == nil {
		err = next.parse(opts, data)
	}
	next.loaded, next.good = time.Now(), next.problems
	*s = next
	return err
}

// reread loads a new version. A bad one changes nothing but the problems.
func (s *fileState) reread(opts Options) {
	var next fileState
	if err := next.read(opts); err != nil {
		s.watch = next.watch // or the same version would be read at each access
		since := s.loaded.UTC().Format(time.RFC3339)
		s.problems = append([]string{fmt.Sprintf("%s (the version read at %s stays in force)", strings.TrimPrefix(err.Error(), "inventory: "), since)}, s.good...)
		return
	}
	*s = next
}

// readTrusted refuses a file that everybody can write: it decides where commands go.
func (s *fileState) readTrusted(path string) ([]byte, error) {
	data, err := s.readFile(path)
	if err != nil {
		return nil, &Error{Where: path, Message: pathless(err), err: err}
	}
	info, err := os.Stat(path)
	if err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o002 != 0 {
		return nil, &Error{Where: path, Message: fmt.Sprintf("can be written by everybody (mode %04o)", info.Mode().Perm()), hint: "run: chmod o-w " + path}
	}
	return data, nil
}

// builder collects the hosts of one file, whatever its form.
type builder struct {
	path     string
	home     string
	problems []string
}

func (b *builder) problem(line int, format string, args ...any) {
	b.problems = append(b.problems, fmt.Sprintf("%s:%d: ", b.path, line)+fmt.Sprintf(format, args...))
}

// parse recognises the form of the file by its content and reads it.
func (s *fileState) parse(opts Options, data []byte) error {
	b := &builder{path: opts.File, home: opts.Home}
	g, err := b.graph(data)
	if err == nil {
		err = b.check(g)
	}
	if err == nil {
		s.hosts, s.groups, err = b.build(g)
	}
	if f := form(data); f == formINI || f == formYAML {
		b.unreadVars()
	}
	s.problems = b.problems
	return err
}

// unreadVars lists the directories that Ansible would read beside the file: hosts may lack their user or address here.
func (b *builder) unreadVars() {
	for _, name := range []string{"group_vars", "host_vars"} {
		dir := filepath.Join(filepath.Dir(b.path), name)
		if info, err := os.Stat(dir); err == nil && info.IsDir() {
			b.problems = append(b.problems, dir+": is not read; what `ansible-inventory --list` prints has everything, and can be the inventory file")
		}
	}
}

func (b *builder) graph(data []byte) (*graph, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(data) {
		return nil, &Error{Where: b.path, Message: "is not text in UTF-8"}
	}
	switch form(data) {
	case formProgram:
		return nil, &Error{Where: b.path, Message: "is a program, and inventory programs are not run", hint: "save what `ansible-inventory -i " + filepath.Base(b.path) + " --list` prints and name that file"}
	case formJSON:
		return b.parseJSON(data)
	case formYAML:
		return b.parseYAML(data)
	}
	return b.parseINI(data)
}

type fileForm int

const (
	formINI fileForm = iota
	formYAML
	formJSON
	formProgram
)

// yamlKey is a line that no Ansible INI file has: a name, a colon and nothing more.
var yamlKey = lazyregexp.New(`^(\w[^\s=\[\]]*|"[^"]+"|'[^']+')\s*:(\s+#.*|\s*\{.*|\s+&\w+)?$`)

// form looks at the first line that is neither empty nor a comment.
func form(data []byte) fileForm {
	if bytes.HasPrefix(data, []byte("#!")) {
		return formProgram
	}
	for line := range bytes.SplitSeq(data, []byte("\n")) {
		text := strings.TrimSpace(string(line))
		switch {
		case text == "" || text[0] == '#' || text[0] == ';':
			continue
		case text[0] == '{':
			return formJSON
		case text == "---" || strings.HasPrefix(text, "--- ") || text[0] == '%' || yamlKey.MatchString(text) || strings.HasPrefix(text, "plugin:"):
			return formYAML
		}
		return formINI
	}
	return formINI
}
