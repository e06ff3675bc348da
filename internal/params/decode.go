package params

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"sort"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"relay-shell/internal/nearest"
)

// Decode fills the struct that into points to from a tool call's arguments. Unknown names, missing required
// parameters, wrong types, null and values out of bounds are refused with an [*Error] that names the parameter: the schema allows null
// nowhere but in the values of an Env. Absent arguments are an empty object.
func Decode(raw json.RawMessage, into any) error {
	v := reflect.ValueOf(into).Elem()
	fields := fieldsOf(v.Type())
	given := map[string]json.RawMessage{}
	if trimmed := bytes.TrimSpace(raw); len(trimmed) > 0 && !bytes.Equal(trimmed, []byte("null")) {
		if err := json.Unmarshal(trimmed, &given); err != nil {
			return &Error{Message: "arguments must be a JSON object", Hint: "pass the parameters as an object: " + names(fields)}
		}
	}
	if err := refuseUnknown(given, fields); err != nil {
		return err
	}
	for _, f := range fields {
		value, ok := given[f.name]
		if ok && isNull(value) {
			return &Error{Param: f.name, Message: "is null", Hint: "leave " + f.name + " out, or pass: " + f.desc}
		}
		if !ok {
			if f.required {
				return &Error{Param: f.name, Message: "is required", Hint: "pass " + f.name + ": " + f.desc}
			}
			if f.def == "" {
				continue
			}
			value = f.defaultJSON()
		}
		if halfPair(value) {
			return &Error{Param: f.name, Message: "holds half of a surrogate pair, which is no character", Hint: "send text as UTF-8; bytes that are none go in base64 where the tool offers it"}
		}
		if err := f.set(v.FieldByIndex(f.index), value); err != nil {
			return err
		}
	}
	return nil
}

func isNull(value json.RawMessage) bool { return bytes.Equal(bytes.TrimSpace(value), []byte("null")) }

// halfPair finds an escape in JSON that stands for half of a UTF-16 pair, which some clients make of bytes that are no text. Go would read U+FFFD:
// another command, another file.
func halfPair(raw []byte) bool {
	for at := bytes.IndexByte(raw, '\\'); at >= 0 && at+1 < len(raw); {
		next := 2
		if r := escaped(raw[at:]); utf16.IsSurrogate(r) {
			if utf16.DecodeRune(r, escaped(raw[at+6:])) == utf8.RuneError {
				return true
			}
			next = 12
		}
		rest := bytes.IndexByte(raw[at+next:], '\\')
		if rest < 0 {
			return false
		}
		at += next + rest
	}
	return false
}

// escaped is the value of \uXXXX at the beginning of raw, -1 if there is none.
func escaped(raw []byte) rune {
	if len(raw) < 6 || raw[0] != '\\' || raw[1] != 'u' {
		return -1
	}
	n, err := strconv.ParseUint(string(raw[2:6]), 16, 32)
	if err != nil {
		return -1
	}
	return rune(n)
}

func refuseUnknown(given map[string]json.RawMessage, fields []field) error {
	var unknown []string
	for name := range given {
		if !slices.ContainsFunc(fields, func(f field) bool { return f.name == name }) {
			unknown = append(unknown, name)
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	sort.Strings(unknown)
	hint := "known parameters: " + names(fields)
	if len(fields) == 0 {
		hint = "this tool takes no parameters"
	} else if near := nearest.Name(unknown[0], fieldNames(fields)); near != "" {
		hint = fmt.Sprintf("did you mean %q? %s", near, hint)
	}
	return &Error{Param: clip(unknown[0]), Message: "unknown parameter", Hint: hint}
}

func (f field) set(v reflect.Value, raw json.RawMessage) error {
	if err := f.unmarshal(v, raw); err != nil {
		return err
	}
	for v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return nil
		}
		v = v.Elem()
	}
	switch v.Kind() {
	case reflect.String:
		return f.checkString(v.String())
	case reflect.Int, reflect.Int64:
		return f.checkBounds(float64(v.Int()))
	case reflect.Float64:
		return f.checkBounds(v.Float())
	}
	return nil
}

func (f field) unmarshal(v reflect.Value, raw json.RawMessage) error {
	target := v
	for target.Kind() == reflect.Pointer {
		target.Set(reflect.New(target.Type().Elem()))
		target = target.Elem()
	}
	if k := target.Kind(); k == reflect.Int || k == reflect.Int64 {
		var n float64 // 60.0 is an integer to JSON Schema
		if err := json.Unmarshal(raw, &n); err != nil || n != math.Trunc(n) || math.Abs(n) > 1<<53 {
			return f.wrongType(raw)
		}
		target.SetInt(int64(n))
		return nil
	}
	if err := json.Unmarshal(raw, target.Addr().Interface()); err != nil {
		if e, ok := err.(*Error); ok {
			return &Error{Param: f.name, Message: e.Message, Hint: e.Hint}
		}
		return f.wrongType(raw)
	}
	return nil
}

func (f field) wrongType(raw json.RawMessage) error {
	s := typeSchema(f.typ)
	want := s.Type
	if want == "" {
		want = strings.Join(s.Types, " or ")
	}
	got := kindOf(raw)
	if f.audit != "" {
		got, _, _ = strings.Cut(got, " ") // errors are recorded, this value is not
	}
	return &Error{Param: f.name, Message: fmt.Sprintf("must be of type %s, got %s", want, got), Hint: f.name + ": " + f.desc}
}

func (f field) checkString(s string) error {
	if !utf8.ValidString(s) {
		return &Error{Param: f.name, Message: "is not valid UTF-8", Hint: "send text as UTF-8; use base64 where the tool offers it"}
	}
	if len(f.enum) > 0 && s != "" && !slices.Contains(f.enum, s) {
		return &Error{Param: f.name, Message: fmt.Sprintf("%q is not one of the allowed values", clip(s)), Hint: "allowed: " + strings.Join(f.enum, ", ")}
	}
	if n := utf8.RuneCountInString(s); f.max != nil && n > int(*f.max) {
		return &Error{Param: f.name, Message: fmt.Sprintf("has %d characters", n), Hint: f.name + " holds " + f.bounds() + " characters"}
	}
	if f.path {
		return f.checkPath(s)
	}
	return nil
}

// maxPath is the longest path that Linux takes, in bytes (PATH_MAX counts the NUL behind it).
const maxPath = 4095

func (f field) checkPath(s string) error {
	switch {
	case strings.ContainsRune(s, 0):
		return &Error{Param: f.name, Message: "holds a NUL byte", Hint: "no path has one"}
	case len(s) > maxPath:
		return &Error{Param: f.name, Message: fmt.Sprintf("has %d bytes", len(s)), Hint: fmt.Sprintf("a path has at most %d", maxPath)}
	}
	return nil
}

func (f field) checkBounds(n float64) error {
	if f.min != nil && n < *f.min || f.max != nil && n > *f.max {
		return &Error{Param: f.name, Message: plain(n) + " is out of bounds", Hint: f.name + " must be " + f.bounds()}
	}
	return nil
}

func (f field) bounds() string {
	switch {
	case f.min != nil && f.max != nil:
		return "between " + plain(*f.min) + " and " + plain(*f.max)
	case f.min != nil:
		return "at least " + plain(*f.min)
	default:
		return "at most " + plain(*f.max)
	}
}

// plain writes a number as a person would: 1048576, not 1.048576e+06.
func plain(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }

func kindOf(raw json.RawMessage) string {
	var v any
	if json.Unmarshal(raw, &v) != nil {
		return "invalid JSON"
	}
	switch v := v.(type) {
	case string:
		return fmt.Sprintf("string %q", clip(v))
	case float64:
		return fmt.Sprintf("number %v", v)
	case bool:
		return fmt.Sprintf("boolean %v", v)
	case []any:
		return "array"
	case map[string]any:
		return "object"
	}
	return "null"
}

func fieldNames(fields []field) []string {
	out := make([]string, len(fields))
	for i, f := range fields {
		out[i] = f.name
	}
	return out
}

func names(fields []field) string { return strings.Join(fieldNames(fields), ", ") }

func clip(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return s
}
