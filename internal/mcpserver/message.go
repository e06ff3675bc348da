package mcpserver

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"

	"relay-shell/internal/lazyregexp"
)

// message is one JSON-RPC message as far as it has to be understood before the SDK gets it.
type message struct {
	fields map[string]json.RawMessage
	method string
	// id is what the message's id is known by, "" for a notification; a response has the id of a request of ours.
	id   string
	call bool
}

// parseMessage reads one message. What the SDK would end the session for, or answer nothing to, is an error.
func parseMessage(raw json.RawMessage) (message, *jsonrpc.Error) {
	var m message
	if json.Unmarshal(raw, &m.fields) != nil || m.fields == nil {
		return m, invalidRequest("a JSON-RPC message is an object")
	}
	rawID, hasID := m.fields["id"]
	if hasID {
		var ok bool
		if m.id, ok = idKey(rawID); !ok {
			return m, invalidRequest("an id is a string or a whole number")
		}
		if len(rawID) > maxID {
			m.id = ""
			return m, invalidRequest(fmt.Sprintf("an id has at most %d bytes", maxID))
		}
	}
	if !utf8.Valid(raw) { // what is none would become other characters, in a path another file
		return m, invalidRequest("JSON is UTF-8")
	}
	if version := ""; json.Unmarshal(m.fields["jsonrpc"], &version) != nil || version != "2.0" {
		return m, invalidRequest(`"jsonrpc" must be "2.0"`)
	}
	rawMethod, isRequest := m.fields["method"]
	if !isRequest {
		_, result := m.fields["result"]
		_, failed := m.fields["error"]
		if !hasID || !result && !failed {
			return m, invalidRequest("a message has a method, or the id of a request and its result or error")
		}
		return m, nil
	}
	if json.Unmarshal(rawMethod, &m.method) != nil || m.method == "" || bytes.Equal(rawMethod, null) {
		return m, invalidRequest("a method is a string")
	}
	m.call = hasID
	if params := m.fields["params"]; params != nil && params[0] != '{' && !bytes.Equal(params, null) {
		return m, &jsonrpc.Error{Code: jsonrpc.CodeInvalidParams, Message: m.method + ": params must be an object"}
	} else if m.call && needParams[m.method] && (params == nil || bytes.Equal(params, null)) {
		return m, &jsonrpc.Error{Code: jsonrpc.CodeInvalidParams, Message: m.method + " needs params"}
	}
	return m, nil
}

var null = []byte("null")

// needParams are the methods that mean nothing without parameters. Without them the SDK would call the whole request invalid.
var needParams = map[string]bool{
	"initialize": true, "tools/call": true, "resources/read": true, "resources/subscribe": true, "resources/unsubscribe": true, "prompts/get": true,
	"completion/complete": true, "logging/setLevel": true,
}

func invalidRequest(why string) *jsonrpc.Error {
	return &jsonrpc.Error{Code: jsonrpc.CodeInvalidRequest, Message: "not a valid request: " + why}
}

// maxExact is the largest number up to which the SDK, which reads ids as floating point, keeps every whole number apart.
const maxExact = 1 << 53

// maxID bounds an id in bytes as it comes: it is kept while its request is in flight.
const maxID = 1 << 10

var wholeNumber = lazyregexp.New(`^-?(?:0|[1-9][0-9]*)$`)

// idKey is what an id is known by: equal ids have equal keys, a string is never equal to a number. ok is false for what can't be an id; a fraction
// has a key all the same, by which its refusal is known.
func idKey(raw json.RawMessage) (key string, ok bool) {
	if len(raw) == 0 || !utf8.Valid(raw) {
		return "", false
	}
	if raw[0] == '"' {
		var s string
		err := json.Unmarshal(raw, &s)
		return "s" + s, err == nil
	}
	if wholeNumber.Match(raw) && string(raw) != "-0" {
		return "n" + string(raw), true
	}
	// 1.0 and 1e2 are whole numbers too, and -0 is 0.
	f, err := strconv.ParseFloat(string(raw), 64)
	switch {
	case err != nil:
		return "", false
	case f < -maxExact || f > maxExact || f != float64(int64(f)):
		return "n" + string(raw), false
	}
	return "n" + strconv.FormatInt(int64(f), 10), true
}

// idPrefix begins the strings that stand for ids that the SDK would not give back as they came.
const idPrefix = "relay-shell/id:"

// disguised is the id that the SDK gets to see in place of the one with this key; ok is false where that can stay.
func disguised(key string) (id string, ok bool) {
	switch {
	case key == "" || key[0] == 's' && !strings.HasPrefix(key[1:], idPrefix):
		return "", false
	case key[0] == 'n':
		n, err := strconv.ParseInt(key[1:], 10, 64)
		if err == nil && n >= -maxExact && n <= maxExact {
			return "", false
		}
	}
	return idPrefix + key, true
}

// rawID is the JSON of the id with this key.
func rawID(key string) json.RawMessage {
	if key == "" {
		return null
	}
	if key[0] == 'n' {
		return json.RawMessage(key[1:])
	}
	return marshal(key[1:])
}

// disguise replaces ids in a message that the SDK would not keep apart. It returns nil where nothing has to be replaced.
func (m *message) disguise() json.RawMessage {
	changed := false
	if id, ok := disguised(m.id); ok && m.call {
		m.fields["id"] = marshal(id)
		changed = true
	}
	if m.method == "notifications/cancelled" {
		var params map[string]json.RawMessage
		if json.Unmarshal(m.fields["params"], &params) == nil && params != nil {
			key, ok := idKey(params["requestId"])
			if id, hidden := disguised(key); ok && hidden {
				params["requestId"] = marshal(id)
				m.fields["params"] = marshal(params)
				changed = true
			}
		}
	}
	if !changed {
		return nil
	}
	return marshal(m.fields)
}

// answerHead begins every answer that the SDK writes: it puts the members in this order.
var answerHead = []byte(`{"jsonrpc":"2.0","id":`)

// answered reads the id of an answer that the SDK writes; ok is false for requests and notifications. The body, which may be large, is not parsed.
// text is the answer with the id that the client knows.
func answered(p []byte) (key string, text []byte, ok bool) {
	rest, ok := bytes.CutPrefix(p, answerHead)
	if !ok {
		return "", p, false
	}
	dec := json.NewDecoder(bytes.NewReader(rest[:min(len(rest), 4*maxID)])) // escapes make an id longer
	var raw json.RawMessage
	if dec.Decode(&raw) != nil {
		return "", p, false
	}
	tail := rest[dec.InputOffset():]
	if bytes.HasPrefix(tail, []byte(`,"method":`)) {
		return "", p, false
	}
	if key, ok = idKey(raw); !ok {
		return "", p, true // null
	}
	plain, changed := plainError(tail)
	if real, disguised := strings.CutPrefix(key, "s"+idPrefix); disguised {
		key, changed = real, true
	}
	if changed {
		p = bytes.Join([][]byte{answerHead, rawID(key), plain}, nil)
	}
	return key, p, true
}

// undecoded is how an answer goes on after its id when the SDK could not read the parameters of a method. It repeats all of them, which may be
// many megabytes and hold secrets, and names types of Go.
var undecoded = lazyregexp.New(`^,"error":\{"code":-32602,"message":"handling '([a-zA-Z/]+)': invalid params: unmarshaling `)

// tooEarly is how the SDK answers a request before initialize, without a code.
var tooEarly = []byte(`,"error":{"code":0,"message":"method `)

// plainError puts such an answer's rest in words for the caller.
func plainError(tail []byte) (plain []byte, changed bool) {
	if rest, is := bytes.CutPrefix(tail, tooEarly); is {
		return append(fmt.Appendf(nil, `,"error":{"code":%d,"message":"method `, jsonrpc.CodeInvalidRequest), rest...), true
	}
	m := undecoded.FindSubmatch(tail[:min(len(tail), 256)])
	if m == nil {
		return tail, false
	}
	message := "invalid params: " + string(m[1]) + " takes them in another form: one is missing, or of a type or kind that it does not know"
	return append(append([]byte(`,"error":`), marshal(&jsonrpc.Error{Code: jsonrpc.CodeInvalidParams, Message: message})...), '}'), true
}

// answers takes apart what the SDK writes at once: an answer, or a batch of them.
func answers(p []byte) (keys []string, text []byte) {
	if p = bytes.TrimSpace(p); len(p) == 0 || p[0] != '[' {
		key, text, ok := answered(p)
		if ok {
			keys = append(keys, key)
		}
		return keys, text
	}
	var batch []json.RawMessage
	if json.Unmarshal(p, &batch) != nil {
		return nil, p
	}
	for i, one := range batch {
		key, text, ok := answered(one)
		if batch[i] = text; ok {
			keys = append(keys, key)
		}
	}
	return keys, marshal(batch)
}

var errLineTooLong = errors.New("line too long")

// readableID finds the id in what was kept of a line that is too long: among the members at its beginning, or as the last one.
func readableID(head, tail []byte) string {
	dec := json.NewDecoder(bytes.NewReader(head))
	if t, err := dec.Token(); err == nil && t == json.Delim('{') {
		for {
			name, err := dec.Token()
			if err != nil {
				break
			}
			var value json.RawMessage
			if dec.Decode(&value) != nil {
				break
			}
			if name == "id" {
				key, _ := idKey(value)
				return key
			}
		}
	}
	if m := lastID.FindSubmatch(tail); m != nil {
		key, _ := idKey(m[1])
		return key
	}
	return ""
}

// lastID is an id that is the last member of the line's object. In a string its quotes would have backslashes, and within another object one more
// brace would follow.
var lastID = lazyregexp.New(`[,{]\s*"id"\s*:\s*(-?[0-9]+|"[^"\\]*")\s*\}\s*$`)

func tooLong() *jsonrpc.Error {
	return &jsonrpc.Error{Code: jsonrpc.CodeInvalidRequest, Message: fmt.Sprintf("message over %d bytes; send large content in parts", maxLine)}
}
