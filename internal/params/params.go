// Package params makes one Go struct serve as a tool's parameters: its JSON Schema, its strict decoding and its
// form in the audit record. A tool declares
//
//	type execParams struct {
//		Command string  `json:"command" required:"true" desc:"Shell command."`
//		Timeout float64 `json:"timeout" default:"60" min:"0" max:"86400" desc:"Seconds."`
//		Stdin   string  `json:"stdin" audit:"hash" desc:"Fed to the command."`
//		Name    string  `json:"name" max:"128" desc:"Label."`
//		Cwd     string  `json:"cwd" path:"true" desc:"Working directory."`
//	}
//
// The bounds of a string count its characters. A path holds no NUL and no more than the kernel takes.
//
// and gets everything else from [Schema], [Decode] and [Record]. Supported field types are string, bool, int, int64,
// float64, *bool, *int, [List], [Selection], [Share], []string and [Env]; embedded structs are flattened. What the tags can't say (values that depend on
// each other, host names) is the tool's own to check.
package params

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"
)

// field is one parameter as its struct tags describe it.
type field struct {
	name     string
	desc     string
	index    []int
	typ      reflect.Type
	required bool
	def      string
	min, max *float64
	enum     []string
	path     bool   // a file's or directory's name, as the kernel takes it
	audit    string // "", "hash" (length and digest only) or "omit"
}

var fieldCache sync.Map // reflect.Type → []field

// fieldsOf lists the parameters of a struct type in declaration order. It panics on a malformed tag: those are
// mistakes in our own source, and every tool's struct is walked by a test.
func fieldsOf(t reflect.Type) []field {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if cached, ok := fieldCache.Load(t); ok {
		return cached.([]field)
	}
	fields := walk(t, nil)
	fieldCache.Store(t, fields)
	return fields
}

func walk(t reflect.Type, prefix []int) []field {
	var fields []field
	for i := range t.NumField() {
		sf := t.Field(i)
		index := append(append([]int{}, prefix...), i)
		if sf.Anonymous {
			fields = append(fields, walk(sf.Type, index)...)
			continue
		}
		name, _, _ := strings.Cut(sf.Tag.Get("json"), ",")
		if name == "" || name == "-" {
			continue
		}
		f := field{
			name: name, desc: sf.Tag.Get("desc"), index: index, typ: sf.Type,
			required: sf.Tag.Get("required") == "true",
			def:      sf.Tag.Get("default"),
			min:      number(t, sf, "min"), max: number(t, sf, "max"),
			path:  sf.Tag.Get("path") == "true",
			audit: sf.Tag.Get("audit"),
		}
		if e := sf.Tag.Get("enum"); e != "" {
			f.enum = strings.Split(e, ",")
		}
		fields = append(fields, f)
	}
	return fields
}

func number(t reflect.Type, sf reflect.StructField, tag string) *float64 {
	s := sf.Tag.Get(tag)
	if s == "" {
		return nil
	}
	n, err := strconv.ParseFloat(s, 64)
	if err != nil {
		panic(fmt.Sprintf("%s.%s: tag %s: %v", t, sf.Name, tag, err))
	}
	return &n
}

// Error refuses a tool's arguments. Its code is the contract's invalid_argument.
type Error struct {
	// Param is the parameter at fault, "" when the arguments as a whole are.
	Param string
	// Message says what is wrong with it.
	Message string
	// Hint says what to pass instead.
	Hint string
}

// Errorf builds an [Error] for one parameter.
func Errorf(param, hint, format string, args ...any) *Error {
	return &Error{Param: param, Message: fmt.Sprintf(format, args...), Hint: hint}
}

func (e *Error) Error() string {
	if e.Param == "" {
		return e.Message
	}
	return e.Param + ": " + e.Message
}

// ErrorCode is invalid_argument.
func (e *Error) ErrorCode() string { return "invalid_argument" }

// ErrorHint says what to pass instead.
func (e *Error) ErrorHint() string { return e.Hint }
