package mcpserver

import (
	"bytes"
	"encoding/json"

	"relay-shell/internal/redact"
	"relay-shell/internal/relay"
)

// mask takes secrets out of everything in a result that a client gets to see, whichever tool it is from (REDACT_OUTPUT). Tools whose output is
// cut or kept mask it before that: of half a token nobody can tell what it was.
func mask(r *redact.Redactor, res *relay.Result) {
	if r == nil {
		return
	}
	res.Text = r.String(res.Text)
	for i, note := range res.Notes {
		res.Notes[i] = r.String(note)
	}
	if e := res.Err; e != nil {
		res.Err = &relay.Error{Code: e.Code, Message: r.String(e.Message), Hint: r.String(e.Hint)}
	}
	if c := res.Command; c != nil {
		c.Stdout, c.Stderr = r.String(c.Stdout), r.String(c.Stderr)
		for i, s := range c.Survivors {
			c.Survivors[i] = r.String(s)
		}
	}
	if res.Fields != nil {
		if fields := marshal(res.Fields); len(fields) > len("{}") {
			if masked := maskStrings(r, fields); !bytes.Equal(masked, fields) {
				res.Fields = json.RawMessage(masked)
			}
		}
	}
}

// maskStrings masks each string value of a JSON text by itself. Names, numbers and the order of all stay.
func maskStrings(r *redact.Redactor, text []byte) []byte {
	var out []byte // nil until something is masked
	done := 0
	for i := 0; i < len(text); i++ {
		if text[i] != '"' {
			continue
		}
		end := stringEnd(text, i)
		var value string
		if end < len(text) && text[end] == ':' || json.Unmarshal(text[i:end], &value) != nil {
			i = end - 1
			continue
		}
		if masked := r.String(value); masked != value {
			out = append(append(out, text[done:i]...), marshal(masked)...)
			done = end
		}
		i = end - 1
	}
	if out == nil {
		return text
	}
	return append(out, text[done:]...)
}

// stringEnd is behind the closing quote of the JSON string that begins at i.
func stringEnd(text []byte, i int) int {
	for j := i + 1; j < len(text); j++ {
		switch text[j] {
		case '\\':
			j++
		case '"':
			return j + 1
		}
	}
	return len(text)
}
