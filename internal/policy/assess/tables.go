package assess

import (
	"bufio"
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// The tables say what programs do with which arguments. They are data: one row for a program, a subcommand, an option or an
// operand, and examples that the tests run. tables/README.md has the notation.
//
//go:embed tables/*.tab
var tableFiles embed.FS

// example is one row of the tables that the tests run.
type example struct {
	where   string
	tier    Tier
	command string
}

var loadTables = sync.OnceValues(readTables)

// programs returns the tables. They are part of the program, so a fault in them is found by its tests.
func programs() map[string]*grammar {
	t, _ := loadTables()
	return t
}

func lookup(name string) *grammar {
	t := programs()
	if g, ok := t[name]; ok {
		return g
	}
	if g, ok := t[strings.ToLower(name)]; ok && g.is("windows") {
		return g
	}
	// Interpreters and compilers carry their version in their names: python3.12, perl5.36.0, gcc-12.
	if trimmed := strings.TrimRight(name, "0123456789.-"); trimmed != name {
		if g, ok := t[trimmed]; ok && g.is("versions") {
			return g
		}
	}
	if trimmed, ok := strings.CutSuffix(strings.ToLower(name), ".exe"); ok {
		return lookup(trimmed)
	}
	return nil
}

func readTables() (map[string]*grammar, []example) {
	t, examples, err := parseTables(tableFiles)
	if err != nil {
		panic("assess: " + err.Error()) // the tables are compiled in: a test reads them all
	}
	return t, examples
}

func parseTables(files fs.FS) (map[string]*grammar, []example, error) {
	names, err := fs.Glob(files, "tables/*.tab")
	if err != nil {
		return nil, nil, err
	}
	l := &tableLoader{programs: map[string]*grammar{}}
	for _, name := range names {
		f, err := files.Open(name)
		if err != nil {
			return nil, nil, err
		}
		sc := bufio.NewScanner(f)
		for n := 1; sc.Scan(); n++ {
			l.where = fmt.Sprintf("%s:%d", path.Base(name), n)
			if err := l.row(sc.Text()); err != nil {
				return nil, nil, fmt.Errorf("%s: %w", l.where, err)
			}
		}
		f.Close()
		l.open = nil
	}
	return l.programs, l.examples, nil
}

type tableLoader struct {
	programs map[string]*grammar
	examples []example
	open     []*grammar // the program and subcommands that rows now belong to
	where    string
}

func (l *tableLoader) row(line string) error {
	text := strings.TrimSpace(line)
	if text == "" || text[0] == '#' {
		return nil
	}
	if text[0] == '?' {
		tier, command, ok := strings.Cut(strings.TrimSpace(text[1:]), " ")
		n, err := strconv.Atoi(tier)
		if !ok || err != nil {
			return fmt.Errorf("example without a tier")
		}
		l.examples = append(l.examples, example{l.where, Tier(n), strings.ReplaceAll(command, `\n`, "\n")})
		return nil
	}
	why := ""
	if i := strings.Index(text, ` "`); i >= 0 {
		var ok bool
		if why, ok = strings.CutSuffix(text[i+2:], `"`); !ok {
			return fmt.Errorf("the reason has to end the row")
		}
		text = text[:i]
	}
	f := strings.Fields(text)
	// Two blanks a level say to which program or subcommand a row belongs.
	depth := (len(line) - len(strings.TrimLeft(line, " "))) / 2
	if depth > len(l.open) {
		return fmt.Errorf("a row without its program")
	}
	if depth > 0 {
		l.open = l.open[:depth]
	}
	switch {
	case depth == 0:
		return l.program(f, why)
	case f[0][0] == '.':
		return l.sub(f, why)
	case f[0][0] == '@':
		return l.operand(f, why)
	}
	return l.option(f, why)
}

func (l *tableLoader) program(f []string, why string) error {
	names := strings.Split(f[0], ",")
	g := &grammar{name: names[0], why: why}
	if err := g.describe(f[1:]); err != nil {
		return err
	}
	for _, name := range names {
		if _, ok := l.programs[name]; ok {
			return fmt.Errorf("%s is there twice", name)
		}
		l.programs[name] = g
	}
	g.options, g.subs = map[string]*option{}, map[string]*grammar{}
	l.open = []*grammar{g}
	return nil
}

func (l *tableLoader) sub(f []string, why string) error {
	up := l.open[len(l.open)-1]
	g := &grammar{why: why, up: up, options: map[string]*option{}, subs: map[string]*grammar{}}
	if err := g.describe(f[1:]); err != nil {
		return err
	}
	names := strings.Split(f[0][1:], ",")
	g.name = up.name + " " + names[0]
	for _, name := range names {
		if name == "*" {
			up.other = g
			continue
		}
		if _, ok := up.subs[name]; ok {
			return fmt.Errorf("%s is there twice", name)
		}
		up.subs[name] = g
	}
	l.open = append(l.open, g)
	return nil
}

// describe reads what follows a name: the tier, the roles of the operands, attributes.
func (g *grammar) describe(f []string) error {
	if len(f) == 0 {
		return fmt.Errorf("no tier")
	}
	n, err := strconv.Atoi(f[0])
	if err != nil || n < 0 || n > 3 {
		return fmt.Errorf("tier %q", f[0])
	}
	g.tier, g.attrs = Tier(n), map[string]string{}
	for i, word := range f[1:] {
		if i == 0 {
			if roles, ok := parseRoles(word); ok {
				g.roles = roles
				continue
			}
		}
		key, value, _ := strings.Cut(word, "=")
		if !slices.Contains(attributes, key) {
			return fmt.Errorf("unknown attribute %q", word)
		}
		if key == "sets" && (len(value) != 1 || value[0] < '0' || value[0] > '9') {
			return fmt.Errorf("sets wants a digit")
		}
		if key == "hook" && hooks[value] == nil {
			return fmt.Errorf("unknown hook %q", value)
		}
		g.attrs[key] = value
	}
	for _, r := range g.roles {
		g.risky = g.risky || r.kind == runsCommand
	}
	return nil
}

var attributes = []string{"hook", "stop", "strict", "single", "net", "fetch", "windows", "versions", "slash", "nohelp", "secret", "code", "sets", "helps", "gear"}

var kinds = map[string]effect{
	"data": plain, "read": readsPath, "look": looksAt, "create": creates, "write": writes, "append": appends, "modify": modifies, "rm": removes, "rmall": removesAll, "empty": empties,
	"format": formats, "perm": perms, "permall": permsAll, "dir": changesDirectory, "cmd": runsCommand, "sh": runsShell, "shjoin": runsJoined, "script": runsScript,
	"prog": runsProgram, "load": loads, "sql": sql, "host": names, "auth": signsIn,
}

func parseRoles(word string) ([]role, bool) {
	var out []role
	for _, name := range strings.Split(word, ",") {
		bare, many := strings.CutSuffix(name, "*")
		kind, ok := kinds[bare]
		if !ok {
			return nil, false
		}
		out = append(out, role{kind, many})
	}
	return out, true
}

func (l *tableLoader) option(f []string, why string) error {
	if len(l.open) == 0 {
		return fmt.Errorf("an option without its program")
	}
	g := l.open[len(l.open)-1]
	o := &option{value: ' ', why: why}
	var called []string
	for _, word := range f {
		switch {
		case strings.HasPrefix(word, "=?"), strings.HasPrefix(word, "=~"):
			o.value = word[1]
			word = word[1:]
			fallthrough
		case word[0] == '=' && len(word) > 1:
			if o.value == ' ' {
				o.value = '='
			}
			kind, ok := kinds[strings.TrimLeft(word[1:], "?~")]
			if !ok {
				return fmt.Errorf("unknown kind %q", word)
			}
			o.kind = kind
		case word == "!1":
			o.consumes = true
		case word == "secret":
			o.secret = true
		case strings.HasPrefix(word, "cap="):
			n, err := strconv.Atoi(word[4:])
			if err != nil {
				return err
			}
			o.cap, o.capped = Tier(n), true
		case len(word) == 1 && word[0] >= '0' && word[0] <= '3':
			o.tier = Tier(word[0] - '0')
		default:
			called = append(called, word)
		}
	}
	if len(called) == 0 {
		return fmt.Errorf("an option without a name")
	}
	for _, n := range called {
		g.options[n] = o
	}
	g.risky = g.risky || o.tier > Observe || o.kind > looksAt && o.kind < names
	return nil
}

func (l *tableLoader) operand(f []string, why string) error {
	secret := len(f) == 3 && f[2] == "secret"
	if len(l.open) == 0 || len(f) != 2 && !secret {
		return fmt.Errorf("an operand row is @patterns tier, perhaps with secret")
	}
	n, err := strconv.Atoi(f[1])
	if err != nil {
		return err
	}
	g := l.open[len(l.open)-1]
	g.operands = append(g.operands, operandRule{strings.Split(f[0][1:], ","), Tier(n), secret, why})
	return nil
}
