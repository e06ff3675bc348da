package params

import (
	"encoding/json"
	"fmt"
	"sort"
	"strconv"
	"strings"

	"relay-shell/internal/lazyregexp"
)

// List is a list of words that a model may also write as one string separated by commas or blanks.
type List []string

// UnmarshalJSON takes an array of strings or one string.
func (l *List) UnmarshalJSON(b []byte) error {
	var words []string
	if json.Unmarshal(b, &words) == nil {
		*l = words
		return nil
	}
	var s string
	if json.Unmarshal(b, &s) != nil {
		return &Error{Message: "must be a list of strings or one string separated by commas or blanks", Hint: `for example ["a","b"] or "a, b"`}
	}
	*l = strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' || r == '\n' })
	return nil
}

// Selection is a list of hosts, groups and patterns kept as the text it was given as; a JSON array of words is joined by commas. What
// the words mean is the inventory's to say.
type Selection string

// UnmarshalJSON takes an array of strings or one string.
func (s *Selection) UnmarshalJSON(b []byte) error {
	var words []string
	if json.Unmarshal(b, &words) == nil {
		for _, word := range words {
			if strings.TrimSpace(word) == "" { // alone it would mean the whole inventory
				return &Error{Message: "holds an empty name", Hint: "leave it out; an empty list is the whole inventory"}
			}
		}
		*s = Selection(strings.Join(words, ","))
		return nil
	}
	var text string
	if json.Unmarshal(b, &text) != nil {
		return &Error{Message: "must be a list of strings or one string separated by commas or blanks", Hint: `for example ["web1","@db"] or "web1, @db"`}
	}
	*s = Selection(text)
	return nil
}

// Share is a number of things, or a part of them in percent: 5, "5" or "25%". Zero and "" are none.
type Share string

// UnmarshalJSON takes a whole number or a string.
func (s *Share) UnmarshalJSON(b []byte) error {
	text := strings.TrimSpace(string(b))
	if strings.HasPrefix(text, `"`) {
		if err := json.Unmarshal(b, &text); err != nil {
			return err
		}
	}
	text = strings.TrimSpace(text)
	if _, err := Share(text).Of(1); err != nil {
		return err
	}
	*s = Share(text)
	return nil
}

// Of is the share of n things, at least 1 unless it is none: percentages are rounded down.
func (s Share) Of(n int) (int, error) {
	digits, percent := strings.CutSuffix(string(s), "%")
	if digits == "" && !percent {
		return 0, nil
	}
	value, err := strconv.ParseUint(strings.TrimSuffix(digits, ".0"), 10, 31)
	if err != nil || percent && (value < 1 || value > 100) {
		return 0, &Error{Message: fmt.Sprintf("%s is neither a number of hosts nor a percentage", clip(string(s))), Hint: `for example 5 or "25%"`}
	}
	if !percent {
		return int(value), nil
	}
	return max(1, int(value)*n/100), nil
}

// Env overlays a command's environment. A nil value removes the variable.
type Env map[string]*string

var envName = lazyregexp.New(`^[A-Za-z_][A-Za-z0-9_]*$`)

// UnmarshalJSON takes an object whose values are strings, numbers, booleans or null; names are those of POSIX
// (XBD 8.1: letters, digits and underscore, no leading digit). Anything else is refused, also a value with a NUL.
func (e *Env) UnmarshalJSON(b []byte) error {
	const hint = `for example {"LANG":"C","DEBUG":null}`
	var raw map[string]json.RawMessage
	if json.Unmarshal(b, &raw) != nil {
		return &Error{Message: "must be an object of name to value", Hint: hint}
	}
	env := Env{}
	for name, value := range raw {
		if !envName.MatchString(name) {
			return &Error{Message: fmt.Sprintf("%q is not the name of an environment variable", clip(name)), Hint: "letters, digits and underscore, not starting with a digit"}
		}
		text, err := envValue(value)
		if err != nil {
			return &Error{Message: fmt.Sprintf("value of %s must be a string, number, boolean or null", name), Hint: hint}
		}
		if text != nil && strings.ContainsRune(*text, 0) {
			return &Error{Message: fmt.Sprintf("value of %s holds a NUL byte", name), Hint: "no process environment can carry NUL"}
		}
		env[name] = text
	}
	*e = env
	return nil
}

func envValue(raw json.RawMessage) (*string, error) {
	var s *string
	if json.Unmarshal(raw, &s) == nil {
		return s, nil
	}
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		return nil, err
	}
	switch v.(type) {
	case float64, bool:
		text := strings.TrimSpace(string(raw))
		return &text, nil
	}
	return nil, fmt.Errorf("not a scalar")
}

// Names lists the variables in order.
func (e Env) Names() []string {
	out := make([]string, 0, len(e))
	for name := range e {
		out = append(out, name)
	}
	sort.Strings(out)
	return out
}

// Merge lays the JSON object text (relay-shell 0.3's env_json) over e. An empty text changes nothing.
func (e Env) Merge(text string) (Env, error) {
	if strings.TrimSpace(text) == "" {
		return e, nil
	}
	var over Env
	if err := over.UnmarshalJSON([]byte(text)); err != nil {
		perr := err.(*Error)
		return nil, &Error{Param: "env_json", Message: perr.Message, Hint: perr.Hint}
	}
	out := Env{}
	for k, v := range e {
		out[k] = v
	}
	for k, v := range over {
		out[k] = v
	}
	return out, nil
}
