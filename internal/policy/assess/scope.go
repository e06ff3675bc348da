package assess

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// value is what a variable holds: one element, or those of an array.
type value struct {
	elems  []str
	keys   []string // of the elements, where they were given; "" is the position
	array  bool
	refers string // the variable that a declare -n stands for
}

func (v value) first() str {
	switch {
	case len(v.elems) == 0:
		return lit("")
	case len(v.keys) > 0 && v.keys[0] != "": // the element 0, if there is one
		e, _ := v.at("0")
		return e
	}
	return v.elems[0]
}

func (v value) equal(w value) bool {
	return v.array == w.array && v.refers == w.refers && slices.Equal(v.elems, w.elems) && slices.Equal(v.keys, w.keys)
}

// at is the element with a key or at a position.
func (v value) at(key string) (str, bool) {
	for i := len(v.keys) - 1; i >= 0; i-- {
		if v.keys[i] == key && i < len(v.elems) {
			return v.elems[i], true
		}
	}
	n, err := strconv.Atoi(key)
	if err != nil || len(v.keys) > 0 {
		return str{}, false
	}
	if n < 0 {
		n += len(v.elems)
	}
	if n < 0 || n >= len(v.elems) {
		return str{}, false
	}
	return v.elems[n], true
}

// maxAlternatives bounds how many values a variable may have before it counts as unknown.
const maxAlternatives = 6

// maxReferences bounds how many references to references are followed.
const maxReferences = 5

// scope is the state of one shell: what an assignment, cd or function definition changes. A variable has several values
// after branches that assigned it differently.
type scope struct {
	vars    map[string][]value
	funcs   map[string]function
	aliases map[string]str
	params  []arg
	hasArgs bool  // params are known
	dir     str   // working directory; "" is where the caller works
	paths   bool  // PATH was changed so that a name may mean another program
	stdin   str   // what a command reads that has no redirection
	fed     bool  // stdin comes from somewhere, rather than being empty
	fds     taint // of descriptors that exec opened
	loops   int   // nesting of loops around this place
	remote  bool  // on another machine
	extglob bool  // shopt -s extglob was on a line before

	letters  map[string]rune // variables whose values are all upper (u) or lower (l) case
	integers bool            // some variable has the integer attribute: assignments to it are evaluated
}

func newScope() *scope {
	return &scope{vars: map[string][]value{}, funcs: map[string]function{}, aliases: map[string]str{}}
}

// fork copies a scope, as a subshell does.
func (s *scope) fork() *scope {
	c := *s
	c.vars = maps.Clone(s.vars)
	c.funcs = maps.Clone(s.funcs)
	c.aliases = maps.Clone(s.aliases)
	c.letters = maps.Clone(s.letters)
	return &c
}

// join makes s what it may be after either of two branches.
func (s *scope) join(a, b *scope) {
	vars := make(map[string][]value, len(a.vars))
	for name, alts := range a.vars {
		vars[name] = union(alts, b.alternatives(name))
	}
	for name, alts := range b.vars {
		if _, ok := a.vars[name]; !ok {
			vars[name] = union(a.alternatives(name), alts)
		}
	}
	funcs := maps.Clone(a.funcs)
	maps.Copy(funcs, b.funcs)
	aliases := maps.Clone(a.aliases)
	maps.Copy(aliases, b.aliases)
	dir := a.dir
	if a.dir != b.dir {
		dir = unknown
	}
	params, has := a.params, a.hasArgs
	if !slices.Equal(a.params, b.params) {
		params, has = nil, false
	}
	s.vars, s.funcs, s.aliases, s.dir, s.params, s.hasArgs = vars, funcs, aliases, dir, params, has
	s.letters = maps.Clone(a.letters)
	for name, f := range b.letters {
		s.declaredAs(name, f)
	}
	s.extglob = a.extglob || b.extglob
	s.paths, s.fds, s.integers = a.paths || b.paths, a.fds|b.fds, a.integers || b.integers
}

func (s *scope) alternatives(name string) []value {
	if alts, ok := s.vars[name]; ok {
		return alts
	}
	return []value{{elems: []str{unknown}}}
}

func union(a, b []value) []value {
	out := slices.Clone(a)
	for _, v := range b {
		if !slices.ContainsFunc(out, v.equal) {
			out = append(out, v)
		}
	}
	if len(out) > maxAlternatives {
		return []value{{elems: []str{unknown}, array: true}}
	}
	return out
}

func (s *scope) set(name string, v value) { s.vars[name] = []value{v} }

func (s *scope) setText(name string, v str) { s.set(name, value{elems: []str{v}}) }

// get returns the value of a variable; of several, the first. Whoever needs all of them asks for each alternative in turn,
// see machine.simple.
func (s *scope) get(name string) (value, bool) {
	for range maxReferences {
		alts, ok := s.vars[name]
		if !ok || len(alts) == 0 {
			break
		}
		if alts[0].refers == "" {
			return alts[0], true
		}
		name = alts[0].refers
	}
	if v, ok := s.preset(name); ok {
		return value{elems: []str{v}}, true
	}
	return value{}, false
}

// preset is what the shell sets by itself, or what nearly every environment holds.
func (s *scope) preset(name string) (str, bool) {
	switch name {
	case "IFS":
		return lit(" \t\n"), true
	case "HOME":
		return lit(home), true
	case "BASH", "SHELL":
		return lit("/bin/bash"), true
	case "0", "ZSH_NAME":
		return lit("sh"), true
	case "PWD":
		if s.dir.s != "" {
			return s.dir, true
		}
		return lit("."), true
	case "TMPDIR":
		return lit("/tmp"), true
	case "PATH":
		return lit("/usr/bin:/bin"), true
	case "SUDO":
		return lit("sudo"), true
	case "USER", "LOGNAME", "HOSTNAME", "UID", "EUID", "RANDOM", "PPID", "SECONDS", "LINENO", "BASHPID", "EPOCHSECONDS", "HOSTTYPE", "OSTYPE", "MACHTYPE", "COLUMNS", "LINES":
		return str{s: "u" + unk}, true // something, and no option
	}
	return str{}, false
}

// declared notes the attributes of a variable that change what is assigned to it.
func (s *scope) declared(name, flags string) {
	for _, f := range "lu" {
		if strings.ContainsRune(flags, f) {
			s.declaredAs(name, f)
		}
	}
}

func (s *scope) declaredAs(name string, letters rune) {
	if s.letters == nil {
		s.letters = map[string]rune{}
	}
	s.letters[name] = letters
}
