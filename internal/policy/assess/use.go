package assess

import (
	"slices"
	"strings"
)

// use is a call read with its program's grammar.
type use struct {
	g        *grammar // of the subcommand
	options  []given
	operands []arg
	unlisted []string // options that the grammar does not have
	strange  []arg    // what may be their values
	words    []string // subcommands chosen
	wild     bool     // a word that is not known may be an option
	consumed bool     // an option took the place of the first operand
	other    bool     // the last subcommand is not listed by its name
}

type given struct {
	*option
	name string
	arg  arg // the value
	has  bool
}

// called is the program with its subcommands as they are written: a row stands for many.
func (u *use) called(program string) string {
	return show(strings.Join(append([]string{base(program)}, u.words...), " "))
}

// countsOnly reports whether grep is asked for names, numbers or its exit status, and shows nothing of what it reads.
func (u *use) countsOnly() bool {
	return u.g.attr("hook") == "grep" && u.has("-l", "-L", "-c", "-q", "--files-with-matches", "--files-without-match", "--count", "--quiet", "--silent")
}

// option returns the last option of one of the names: where one is given twice, the last counts.
func (u *use) option(names ...string) (given, bool) {
	for _, o := range slices.Backward(u.options) {
		for _, n := range names {
			if o.name == n {
				return o, true
			}
		}
	}
	return given{}, false
}

func (u *use) has(names ...string) bool {
	_, ok := u.option(names...)
	return ok
}

// operand returns the nth operand, or an empty word.
func (u *use) operand(n int) arg {
	if n < len(u.operands) {
		return u.operands[n]
	}
	return arg{}
}

// read sorts the arguments of a call into options, subcommands and operands, as getopt_long(3) does: options may stand
// anywhere unless the grammar says that they end at the first operand.
func (g *grammar) read(args []arg) *use {
	u := &use{g: g}
	ended := false
	for i := 0; i < len(args); i++ {
		a := args[i]
		switch {
		case ended && a.s == "--" && len(u.operands) == 1 && u.joins(): // ssh HOST -- COMMAND
		case ended:
			u.take(a)
		case a.s == "--":
			ended = true
		case u.keyword(a), u.slash(a):
		case strings.HasPrefix(a.s, "-") && len(a.s) > 1:
			if i+1 < len(args) {
				if u.dash(a, &args[i+1]) {
					i++
				}
			} else {
				u.dash(a, nil)
			}
		case strings.HasPrefix(a.s, "+") && u.g.find(a.s) != nil:
			if u.g.find(a.s).value == '=' && i+1 < len(args) {
				i++
				u.add(a.s, args[i], true)
				continue
			}
			u.add(a.s, arg{}, false)
		default:
			if a.multi && a.tainted(fromData) && !a.tainted(fromFiles) { // names of files are as they are where a pattern stands
				u.wild = true
			}
			if u.descend(a) {
				continue
			}
			u.operands = append(u.operands, a)
			ended = u.stops()
		}
	}
	return u
}

// stops reports whether options end at the first operand.
func (u *use) stops() bool {
	if u.g.is("stop") {
		return true
	}
	for _, r := range u.g.roles {
		if r.kind == runsCommand || r.kind == runsJoined {
			return true
		}
	}
	return false
}

// joins reports whether the words behind a host are joined to shell text.
func (u *use) joins() bool {
	return len(u.g.roles) == 2 && u.g.roles[0].kind == names && u.g.roles[1].kind == runsJoined
}

func (u *use) take(a arg) {
	if len(u.operands) == 0 && u.descend(a) {
		return
	}
	u.operands = append(u.operands, a)
}

// descend chooses a subcommand.
func (u *use) descend(a arg) bool {
	if len(u.operands) > 0 || len(u.g.subs) == 0 && u.g.other == nil {
		return false
	}
	sub, ok := u.g.subs[a.s]
	if !ok && u.g.has("windows") {
		sub, ok = u.g.subs[strings.ToLower(a.s)]
	}
	if u.other = !ok; u.other {
		sub = u.g.other
	}
	if sub == nil {
		return false
	}
	u.words = append(u.words, a.s)
	u.g = sub
	return true
}

// keyword takes name=value operands such as dd's.
func (u *use) keyword(a arg) bool {
	name, v, ok := strings.Cut(a.s, "=")
	if !ok || strings.HasPrefix(name, "-") || u.g.find(name+"=") == nil {
		return false
	}
	if strings.HasPrefix(v, "~/") {
		v = home + v[1:]
	}
	u.add(name+"=", arg{str: str{v, a.t}, glob: a.glob}, true)
	return true
}

// slash takes /s and the like of Windows programs.
func (u *use) slash(a arg) bool {
	if !strings.HasPrefix(a.s, "/") || !u.g.has("slash") {
		return false
	}
	name, v, has := strings.Cut(strings.ToLower(a.s), ":")
	if u.g.find(name) == nil {
		return len(name) <= 3
	}
	u.add(name, arg{str: str{v, a.t}}, has)
	return true
}

// dash takes an option; it reports whether it took the next word too.
func (u *use) dash(a arg, next *arg) bool {
	if at := strings.Index(a.s, unk); at >= 0 && at <= 2 && u.g.risky && !u.value(a, at) {
		u.wild = true
	}
	if u.g.has("windows") {
		a.s = strings.ToLower(a.s)
	}
	name, v, attached := strings.Cut(a.s, "=")
	if strings.HasPrefix(a.s, "--") || len(name) > 2 && u.g.find(name) != nil || u.g.has("single") && u.single(name) {
		o := u.g.find(name)
		if o == nil {
			name, o = u.g.abbreviated(name)
		}
		if o == nil {
			u.unlisted = append(u.unlisted, name)
			if attached {
				u.strange = append(u.strange, arg{str: str{v, a.t}})
			} else if next != nil {
				u.strange = append(u.strange, *next)
			}
			return false
		}
		switch {
		case attached:
			u.put(o, name, arg{str: str{v, a.t}, glob: a.glob}, true)
		case o.value == '=' && next != nil:
			u.put(o, name, *next, true)
			return true
		default:
			u.put(o, name, arg{}, false)
		}
		return false
	}
	return u.bundle(a, next)
}

// value reports whether what is not known in a word is the value of a short option that is known: -p"$PASSWORD".
func (u *use) value(a arg, at int) bool {
	if at != 2 || a.multi || a.s[1] == '-' {
		return false
	}
	o := u.g.find(a.s[:2])
	return o != nil && (o.value == '=' || o.value == '?') && (o.kind == plain || o.kind == signsIn || o.kind == names)
}

func (u *use) single(name string) bool {
	return u.g.find(name) != nil || len(name) > 2 && u.g.find(name[:2]) == nil
}

// bundle takes short options written together, the last of which may have its value attached.
func (u *use) bundle(a arg, next *arg) bool {
	s := a.s[1:]
	for i, r := range s {
		name := "-" + string(r)
		o := u.g.find(name)
		rest := s[i+len(string(r)):]
		if o == nil {
			u.unlisted = append(u.unlisted, name)
			if rest != "" {
				u.strange = append(u.strange, arg{str: str{rest, a.t}})
			} else if next != nil {
				u.strange = append(u.strange, *next)
			}
			continue
		}
		switch {
		case o.value == ' ' || o.value == '~' && rest != "" && u.g.known(rest):
			u.put(o, name, arg{}, false)
		case rest != "":
			u.put(o, name, arg{str: str{strings.TrimPrefix(rest, "="), a.t}, glob: a.glob}, true)
			return false
		case o.value == '=' && next != nil:
			u.put(o, name, *next, true)
			return true
		default:
			u.put(o, name, arg{}, false)
			return false
		}
	}
	return false
}

func (u *use) add(name string, v arg, has bool) { u.put(u.g.find(name), name, v, has) }

func (u *use) put(o *option, name string, v arg, has bool) {
	u.options = append(u.options, given{o, name, v, has})
	u.consumed = u.consumed || o.consumes
}

// known reports whether a text is a bundle of listed options, so that it is no value of the one before it.
func (g *grammar) known(bundle string) bool {
	for _, r := range bundle {
		if g.find("-"+string(r)) == nil {
			return false
		}
	}
	return true
}
