package inventory

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// jsonValue is a JSON value with its line. encoding/json alone would forget lines, order and duplicate keys.
type jsonValue struct {
	line    int
	kind    string // object, array, string, number, boolean, null
	text    string // of a scalar
	members []jsonMember
	items   []jsonValue
}

type jsonMember struct {
	key   string
	line  int
	value jsonValue
}

// get finds a member of an object.
func (v *jsonValue) get(key string) *jsonValue {
	for i := range v.members {
		if v.members[i].key == key {
			return &v.members[i].value
		}
	}
	return nil
}

const maxNesting = 64

// jsonReader counts lines beside the decoder.
type jsonReader struct {
	path  string
	data  []byte
	dec   *json.Decoder
	seen  int64
	lines int
}

// readJSON reads exactly one value; a key that stands twice in an object is an error.
func readJSON(path string, data []byte) (*jsonValue, error) {
	r := &jsonReader{path: path, data: data, dec: json.NewDecoder(bytes.NewReader(data)), lines: 1}
	r.dec.UseNumber()
	v, err := r.value(0)
	if err != nil {
		return nil, r.located(err)
	}
	if _, err := r.dec.Token(); err == nil || !errors.Is(err, io.EOF) {
		return nil, at(path, r.line(), "more follows after the end of the JSON value")
	}
	return v, nil
}

// located gives errors of the decoder their line.
func (r *jsonReader) located(err error) error {
	var mine *Error
	if errors.As(err, &mine) {
		return err
	}
	offset := r.dec.InputOffset()
	var bad *json.SyntaxError
	if errors.As(err, &bad) {
		offset = max(offset, min(bad.Offset, int64(len(r.data))))
	}
	line := 1 + bytes.Count(r.data[:offset], []byte("\n"))
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return at(r.path, 1+bytes.Count(bytes.TrimRight(r.data, "\n"), []byte("\n")), "the JSON ends too early")
	}
	return at(r.path, line, "is no JSON: %s", strings.TrimPrefix(err.Error(), "json: "))
}

// line is that of the last token.
func (r *jsonReader) line() int {
	now := r.dec.InputOffset()
	r.lines += bytes.Count(r.data[r.seen:now], []byte("\n"))
	r.seen = now
	return r.lines
}

func (r *jsonReader) value(depth int) (*jsonValue, error) {
	token, err := r.dec.Token()
	if err != nil {
		return nil, err
	}
	v := &jsonValue{line: r.line()}
	switch t := token.(type) {
	case string:
		v.kind, v.text = "string", t
	case json.Number:
		v.kind, v.text = "number", t.String()
	case bool:
		v.kind, v.text = "boolean", fmt.Sprint(t)
	case nil:
		v.kind = "null"
	case json.Delim:
		if depth == maxNesting {
			return nil, at(r.path, v.line, "is nested deeper than %d levels", maxNesting)
		}
		if t == '{' {
			return v, r.object(v, depth)
		}
		return v, r.array(v, depth)
	}
	return v, nil
}

func (r *jsonReader) object(v *jsonValue, depth int) error {
	v.kind = "object"
	first := map[string]int{}
	for r.dec.More() {
		token, err := r.dec.Token()
		if err != nil {
			return err
		}
		key, line := token.(string), r.line()
		if before, twice := first[key]; twice {
			return at(r.path, line, "%q stands twice, first in line %d", cut(key, 80), before)
		}
		first[key] = line
		value, err := r.value(depth + 1)
		if err != nil {
			return err
		}
		v.members = append(v.members, jsonMember{key, line, *value})
	}
	_, err := r.dec.Token()
	return err
}

func (r *jsonReader) array(v *jsonValue, depth int) error {
	v.kind = "array"
	for r.dec.More() {
		value, err := r.value(depth + 1)
		if err != nil {
			return err
		}
		v.items = append(v.items, *value)
	}
	_, err := r.dec.Token()
	return err
}
