package inventory

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const (
	// maxDepth is READCONF_MAX_DEPTH of readconf.c.
	maxDepth = 16
	// maxReads ends what a few files that include one another many times would make of maxDepth.
	maxReads = 4096
)

// sshState is what was last read of ssh_config.
type sshState struct {
	watch
	path     string
	hosts    []Host
	problems []string
}

// read lists the literal aliases of the operator's and the system's configuration.
func (s *sshState) read(opts Options) {
	r := &sshReader{home: opts.Home, aliases: map[string]string{}, literal: map[string][]int{}}
	path := opts.sshPath()
	if path != "" {
		r.file(path, filepath.Join(opts.Home, ".ssh"), nil, opts.SSHConfig == "")
	}
	if opts.SSHConfig == "" {
		r.file(opts.SystemConfig, filepath.Dir(opts.SystemConfig), nil, true)
	}
	*s = sshState{watch: r.watch, path: path, hosts: r.hosts(), problems: r.problems}
}

// sshReader follows the files in the order that ssh reads them.
type sshReader struct {
	watch
	home     string
	open     []string // the files being read, from the outermost
	reads    int
	order    []string          // aliases as first seen
	aliases  map[string]string // and where
	blocks   []*block
	literal  map[string][]int // blocks by the literal names of their Host line
	general  []int            // blocks that may hold for any name
	problems []string
}

// condition is the Host or Match line in force, and those around the Include that led here: all must hold.
type condition struct {
	patterns []string // of Host; nil for Match
	always   bool     // Match all
	outer    *condition
}

// holds is sure about Host lines. For Match, whose criteria only ssh can judge, the answer is the one given.
func (c *condition) holds(name string, match bool) bool {
	for ; c != nil; c = c.outer {
		switch {
		case c.always:
		case c.patterns == nil:
			if !match {
				return false
			}
		case !matchPatterns(name, c.patterns):
			return false
		}
	}
	return true
}

// block is the settings below one Host or Match line.
type block struct {
	when   *condition
	values map[string]string
}

// shown are the keywords whose values are listed. Of several values ssh takes the first.
var shown = []string{"hostname", "user", "port", "proxyjump"}

func (r *sshReader) problem(path string, line int, format string, args ...any) {
	r.problems = append(r.problems, fmt.Sprintf("%s:%d: ", path, line)+fmt.Sprintf(format, args...))
}

// file reads one file. Relative names of Include are below dir; outer is what must hold for the file to count; a missing
// file is no problem when it is optional.
func (r *sshReader) file(path, dir string, outer *condition, optional bool) {
	r.reads++
	data, err := r.readFile(path)
	if err != nil {
		if !optional || !errors.Is(err, fs.ErrNotExist) {
			r.problems = append(r.problems, path+": "+pathless(err))
		}
		return
	}
	r.open = append(r.open, path)
	defer func() { r.open = r.open[:len(r.open)-1] }()
	when := outer
	current := r.block(when)
	number := 0
	for line := range strings.SplitSeq(string(data), "\n") {
		number++
		keyword, args, err := splitLine(line)
		if err != nil {
			r.problem(path, number, "%v, and ssh refuses the file", err)
			continue
		}
		switch keyword {
		case "":
		case "host":
			when = &condition{patterns: append([]string{}, args...), outer: outer}
			current = r.block(when)
			r.alias(path, number, args, when)
		case "match":
			when = &condition{always: len(args) == 1 && strings.EqualFold(args[0], "all"), outer: outer}
			current = r.block(when)
		case "include":
			for _, arg := range args {
				r.include(path, number, arg, dir, when)
			}
			current = r.block(when) // what follows comes after what was included
		default:
			if _, given := current.values[keyword]; !given && len(args) > 0 && slices.Contains(shown, keyword) {
				current.values[keyword] = args[0]
			}
		}
	}
}

// block begins a block. It is found again by the literal names of its own Host line.
func (r *sshReader) block(when *condition) *block {
	b := &block{when: when, values: map[string]string{}}
	n := len(r.blocks)
	r.blocks = append(r.blocks, b)
	if when == nil || when.patterns == nil || slices.ContainsFunc(when.patterns, func(p string) bool { return !literal(p) && !strings.HasPrefix(p, "!") }) {
		r.general = append(r.general, n)
		return b
	}
	for _, p := range when.patterns {
		if literal(p) {
			r.literal[p] = append(r.literal[p], n)
		}
	}
	return b
}

// alias lists the literal names of a Host line that can be in force for them.
func (r *sshReader) alias(path string, line int, patterns []string, when *condition) {
	for _, name := range patterns {
		if !literal(name) || r.aliases[name] != "" {
			continue
		}
		if !when.outer.holds(name, true) {
			r.problem(path, line, "alias %q never applies: the Include that leads here stands below a Host line for other hosts", cut(name, 80))
			continue
		}
		if !when.holds(name, true) {
			continue
		}
		if err := checkHost(name); err != nil {
			r.problem(path, line, "alias %q is left out: it %v", cut(name, 80), err)
			continue
		}
		r.aliases[name] = path + ":" + strconv.Itoa(line)
		r.order = append(r.order, name)
	}
}

// include reads the files that one argument of Include names.
func (r *sshReader) include(path string, line int, arg, dir string, when *condition) {
	if strings.Contains(arg, "${") || strings.Contains(arg, "%") {
		r.problem(path, line, "Include %q is not followed here: it depends on the environment", cut(arg, 120))
		return
	}
	switch {
	case strings.HasPrefix(arg, "~/") && r.home != "":
		arg = filepath.Join(r.home, arg[2:])
	case strings.HasPrefix(arg, "~"):
		r.problem(path, line, "Include %q is not followed here", cut(arg, 120))
		return
	case !filepath.IsAbs(arg):
		arg = filepath.Join(dir, arg)
	}
	found := glob(arg)
	if r.globs == nil {
		r.globs = map[string][]string{}
	}
	r.globs[arg] = found
	for _, name := range found {
		switch {
		case slices.Contains(r.open, name):
			r.problem(path, line, "%s includes itself", name)
		case len(r.open) > maxDepth:
			r.problem(path, line, "Include is nested deeper than %d files", maxDepth)
		case r.reads >= maxReads:
			r.problem(path, line, "%s is not read: more than %d files are included", name, maxReads)
		default:
			r.file(name, dir, when, true)
		}
	}
}

// hosts gives each alias the values that its Host blocks set, in ssh's order.
func (r *sshReader) hosts() []Host {
	out := make([]Host, 0, len(r.order))
	for _, name := range r.order {
		h := Host{Alias: name, Source: FromSSHConfig, Origin: r.aliases[name]}
		values := map[string]string{}
		own, general := r.literal[name], r.general
		for len(own)+len(general) > 0 {
			var n int
			if len(general) == 0 || len(own) > 0 && own[0] < general[0] {
				n, own = own[0], own[1:]
			} else {
				n, general = general[0], general[1:]
			}
			b := r.blocks[n]
			if len(b.values) == 0 || !b.when.holds(name, false) {
				continue
			}
			for k, v := range b.values {
				if _, given := values[k]; !given {
					values[k] = v
				}
			}
		}
		h.Hostname = strings.ReplaceAll(strings.ReplaceAll(values["hostname"], "%%", "%"), "%h", name)
		h.User = values["user"]
		h.Port, _ = parsePort(values["port"])
		if h.Jump = values["proxyjump"]; strings.EqualFold(h.Jump, "none") {
			h.Jump = ""
		}
		out = append(out, h)
	}
	return out
}

// pathless is the error's reason without the path, which the message has already.
func pathless(err error) string {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}
