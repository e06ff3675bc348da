package pty

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A key that is sent as a letter or a number in a control sequence, as xterm does ("PC-style function keys").
type functionKey struct {
	letter byte // CSI letter, or SS3 letter for F1 to F4 and in application cursor mode
	number int  // CSI number ~
	cursor bool // affected by application cursor mode
}

var functionKeys = map[string]functionKey{
	"up": {letter: 'A', cursor: true}, "down": {letter: 'B', cursor: true}, "right": {letter: 'C', cursor: true}, "left": {letter: 'D', cursor: true},
	"home": {letter: 'H', cursor: true}, "end": {letter: 'F', cursor: true},
	"insert": {number: 2}, "delete": {number: 3}, "pageup": {number: 5}, "pagedown": {number: 6},
	"f1": {letter: 'P'}, "f2": {letter: 'Q'}, "f3": {letter: 'R'}, "f4": {letter: 'S'},
	"f5": {number: 15}, "f6": {number: 17}, "f7": {number: 18}, "f8": {number: 19}, "f9": {number: 20}, "f10": {number: 21},
	"f11": {number: 23}, "f12": {number: 24}, "f13": {number: 25}, "f14": {number: 26}, "f15": {number: 28}, "f16": {number: 29},
	"f17": {number: 31}, "f18": {number: 32}, "f19": {number: 33}, "f20": {number: 34},
}

// plainKeys are sent as one byte.
var plainKeys = map[string]string{"enter": "\r", "tab": "\t", "escape": "\x1b", "space": " ", "backspace": "\x7f"}

// keyAliases are other names, those of tmux and of keyboards.
var keyAliases = map[string]string{
	"return": "enter", "cr": "enter", "esc": "escape", "bspace": "backspace", "bs": "backspace", "del": "delete", "dc": "delete", "ins": "insert",
	"ic": "insert", "pgup": "pageup", "ppage": "pageup", "prior": "pageup", "pgdn": "pagedown", "npage": "pagedown", "next": "pagedown",
	"arrowup": "up", "arrowdown": "down", "arrowleft": "left", "arrowright": "right", "spc": "space", "backtab": "s-tab", "btab": "s-tab",
}

// modifiers, as they are added up in control sequences.
const (
	shift = 1 << iota
	alt
	ctrl
)

// Keys turns the names of keys into what a terminal in these modes sends: single characters; Enter, Tab, Escape, Space,
// Backspace, Insert, Delete, Home, End, PageUp, PageDown, Up, Down, Left, Right, F1 to F20; each with C-, M- and S- before it
// (or Ctrl+, Alt+, Shift+; ^C is C-c). Case matters for single characters alone.
func Keys(names []string, m Modes) ([]byte, error) {
	var out []byte
	for _, name := range names {
		b, err := key(name, m)
		if err != nil {
			return nil, err
		}
		out = append(out, b...)
	}
	return out, nil
}

func key(name string, m Modes) ([]byte, error) {
	base, mods := modified(name)
	if utf8.RuneCountInString(base) == 1 {
		return character(name, base, mods)
	}
	base = strings.ToLower(base)
	if a, ok := keyAliases[base]; ok {
		base = a
		if base == "s-tab" {
			base, mods = "tab", mods|shift
		}
	}
	if f, ok := functionKeys[base]; ok {
		return f.sequence(mods, m), nil
	}
	if s, ok := plainKeys[base]; ok {
		return special(name, base, s, mods)
	}
	return nil, unknownKey(name)
}

// modified takes the modifiers off a name.
func modified(name string) (base string, mods int) {
	base = name
	for {
		mod, rest := modifier(base)
		if mod == 0 {
			break
		}
		mods |= mod
		base = rest
	}
	return base, mods
}

func modifier(name string) (mod int, rest string) {
	if len(name) > 1 && name[0] == '^' {
		return ctrl, name[1:]
	}
	for _, p := range []struct {
		prefix string
		mod    int
	}{{"c-", ctrl}, {"m-", alt}, {"a-", alt}, {"s-", shift}, {"ctrl+", ctrl}, {"control+", ctrl}, {"ctrl-", ctrl}, {"alt+", alt}, {"meta+", alt}, {"alt-", alt}, {"shift+", shift}, {"shift-", shift}} {
		if len(name) > len(p.prefix) && strings.EqualFold(name[:len(p.prefix)], p.prefix) {
			return p.mod, name[len(p.prefix):]
		}
	}
	return 0, name
}

// character is a single character with modifiers.
func character(name, c string, mods int) ([]byte, error) {
	b := []byte(c)
	if mods&shift != 0 {
		b = []byte(strings.ToUpper(c))
	}
	if mods&ctrl != 0 {
		code, ok := controlCode(c)
		if !ok {
			return nil, refuse("invalid_argument", "control characters are C-a to C-z, C-@, C-[, C-\\, C-], C-^, C-_ and C-?", "no terminal sends anything for %q", name)
		}
		b = []byte{code}
	}
	if mods&alt != 0 {
		b = append([]byte{0x1b}, b...)
	}
	return b, nil
}

// controlCode is what a key sends with Ctrl held (ECMA-48, C0).
func controlCode(c string) (byte, bool) {
	if len(c) != 1 {
		return 0, false
	}
	switch k := c[0]; {
	case k >= 'a' && k <= 'z':
		return k - 'a' + 1, true
	case k >= '@' && k <= '_':
		return k - '@', true
	case k == ' ' || k == '2':
		return 0, true
	case k == '/' || k == '-':
		return 0x1f, true
	case k == '?':
		return 0x7f, true
	}
	return 0, false
}

// special is Enter, Tab, Escape, Space or Backspace with modifiers.
func special(name, base, s string, mods int) ([]byte, error) {
	switch {
	case base == "tab" && mods&shift != 0:
		s, mods = "\x1b[Z", mods&^shift
	case base == "space" && mods&ctrl != 0:
		s, mods = "\x00", mods&^ctrl
	case base == "backspace" && mods&ctrl != 0:
		s, mods = "\x08", mods&^ctrl
	}
	if mods&ctrl != 0 {
		return nil, refuse("invalid_argument", "send the key without Ctrl", "no terminal sends anything of its own for %q", name)
	}
	if mods&alt != 0 {
		s = "\x1b" + s
	}
	return []byte(s), nil
}

func (f functionKey) sequence(mods int, m Modes) []byte {
	switch {
	case f.number > 0 && mods > 0:
		return fmt.Appendf(nil, "\x1b[%d;%d~", f.number, mods+1)
	case f.number > 0:
		return fmt.Appendf(nil, "\x1b[%d~", f.number)
	case mods > 0:
		return fmt.Appendf(nil, "\x1b[1;%d%c", mods+1, f.letter)
	case f.cursor && !m.ApplicationCursor:
		return []byte{0x1b, '[', f.letter}
	}
	return []byte{0x1b, 'O', f.letter}
}

// KeyNames lists the names that Keys takes beside single characters.
func KeyNames() []string {
	var names []string
	for n := range plainKeys {
		names = append(names, strings.ToUpper(n[:1])+n[1:])
	}
	for n := range functionKeys {
		switch n {
		case "pageup":
			n = "PageUp"
		case "pagedown":
			n = "PageDown"
		default:
			n = strings.ToUpper(n[:1]) + n[1:]
		}
		names = append(names, n)
	}
	slices.SortFunc(names, func(a, b string) int {
		fa, ea := strconv.Atoi(strings.TrimPrefix(a, "F"))
		fb, eb := strconv.Atoi(strings.TrimPrefix(b, "F"))
		if ea == nil && eb == nil {
			return fa - fb
		}
		return strings.Compare(a, b)
	})
	return names
}

func unknownKey(name string) error {
	return refuse("invalid_argument", "a single character, or one of "+strings.Join(KeyNames(), ", ")+", with C-, M- or S- before it", "%q is not a key", name)
}
