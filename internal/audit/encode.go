package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"
)

// maxString is the longest string in a record, in bytes; longer ones are cut and say how much is missing.
const maxString = 4 << 10

// maxBody bounds one record. A call with more arguments than that (thousands of hosts, say) is recorded with their hash and length.
const maxBody = 1 << 20

// encode brings a record into its form in the log, all but what is known only under the lock: v, seq and ts. A hash of the arguments that
// is there already stands, since those of an intent read back may be cut.
func encode(r *Record) ([]byte, error) {
	if len(r.Args) == 0 {
		r.Args = json.RawMessage("{}")
	}
	var full bytes.Buffer
	if err := json.Compact(&full, r.Args); err != nil {
		return nil, fmt.Errorf("args are not JSON: %w", err)
	}
	if r.ArgsSHA256 == "" {
		sum := sha256.Sum256(full.Bytes())
		r.ArgsSHA256 = hex.EncodeToString(sum[:])
	}
	r.Args = full.Bytes()
	if len(r.Args) > maxString {
		args, err := cutArgs(r.Args)
		if err != nil {
			return nil, err
		}
		r.Args = args
	}
	cutFields(r)
	b, err := marshal(r.body())
	if err != nil {
		return nil, err
	}
	if len(b) > maxBody {
		r.Args = json.RawMessage(fmt.Sprintf(`{"too_large":%d}`, len(full.Bytes())))
		return marshal(r.body())
	}
	return b, nil
}

// line puts the head before an encoded record. It ends in a newline.
func line(seq int64, ts time.Time, encoded []byte) []byte {
	b := make([]byte, 0, len(encoded)+80)
	b = append(b, seqPrefix...)
	b = strconv.AppendInt(b, seq, 10)
	b = append(b, `,"ts":"`...)
	b = ts.UTC().AppendFormat(b, timeForm)
	b = append(b, `",`...)
	b = append(b, encoded[1:]...)
	return append(b, '\n')
}

// seqPrefix is how every record begins.
var seqPrefix = []byte(`{"v":` + strconv.Itoa(Version) + `,"seq":`)

// parseSeq reads the sequence number of a line. ok is false for what is not one whole record.
func parseSeq(line []byte) (seq int64, ok bool) {
	seq, ok = numberOf(line)
	return seq, ok && json.Valid(line)
}

// numberOf is parseSeq without a look at the rest of the line.
func numberOf(line []byte) (seq int64, ok bool) {
	rest, ok := bytes.CutPrefix(line, seqPrefix)
	if !ok {
		return 0, false
	}
	i := 0
	for ; i < len(rest) && i < 18 && rest[i] >= '0' && rest[i] <= '9'; i++ {
		seq = seq*10 + int64(rest[i]-'0')
	}
	if i == 0 || i == len(rest) || rest[i] != ',' || (i > 1 && rest[0] == '0') {
		return 0, false
	}
	return seq, true
}

// timeOf reads the time of a line that parseSeq has accepted, zero where there is none.
func timeOf(line []byte) time.Time {
	_, rest, ok := bytes.Cut(line[:min(len(line), 100)], []byte(`,"ts":"`))
	if !ok {
		return time.Time{}
	}
	text, _, _ := bytes.Cut(rest, []byte{'"'})
	t, err := time.Parse(time.RFC3339Nano, string(text))
	if err != nil {
		return time.Time{}
	}
	return t
}

// cutFields bounds the strings outside of the arguments. Pointers are replaced, not written through: they are the caller's.
func cutFields(r *Record) {
	for _, s := range []*string{&r.Call, &r.Tool, &r.Action, &r.Principal, &r.Client, &r.Session, &r.Mode, &r.Rules, &r.Outcome, &r.Signal} {
		*s = cut(*s)
	}
	if r.Host != nil {
		h := *r.Host
		h.Alias, h.User, h.Hostname, h.Jump, h.Fingerprint = cut(h.Alias), cut(h.User), cut(h.Hostname), cut(h.Jump), cut(h.Fingerprint)
		r.Host = &h
	}
	if r.Error != nil {
		r.Error = &Error{Code: cut(r.Error.Code), Message: cut(r.Error.Message)}
	}
}

// cut shortens a string to maxString bytes, never within a character, and says how much is missing.
func cut(s string) string {
	if len(s) <= maxString {
		return s
	}
	keep := maxString
	for keep > maxString-utf8.UTFMax && !utf8.RuneStart(s[keep]) {
		keep--
	}
	return fmt.Sprintf("%s...(+%d bytes)", s[:keep], len(s)-keep)
}

// cutArgs cuts every long string in a JSON value. Numbers keep their spelling.
func cutArgs(args json.RawMessage) (json.RawMessage, error) {
	dec := json.NewDecoder(bytes.NewReader(args))
	dec.UseNumber()
	var value any
	if err := dec.Decode(&value); err != nil {
		return nil, fmt.Errorf("args are not JSON: %w", err)
	}
	return marshal(cutValue(value))
}

func cutValue(value any) any {
	switch v := value.(type) {
	case string:
		return cut(v)
	case []any:
		for i := range v {
			v[i] = cutValue(v[i])
		}
	case map[string]any:
		short := make(map[string]any, len(v))
		for k, e := range v {
			short[cut(k)] = cutValue(e)
		}
		return short
	}
	return value
}

// marshal encodes as JSON without the escapes meant for HTML, and with escapes for what a terminal would obey: logs are read with tail.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return escapeUnseen(bytes.TrimSuffix(b.Bytes(), []byte("\n"))), nil
}

// escapeUnseen writes DEL, C1 controls, bidi controls and zero-width characters as \u escapes. In JSON they occur only within
// strings, where the escape means the same.
func escapeUnseen(b []byte) []byte {
	plain := true
	for _, c := range b {
		if c >= 0x7f {
			plain = false
			break
		}
	}
	if plain {
		return b
	}
	out := make([]byte, 0, len(b)+16)
	for i := 0; i < len(b); {
		c, n := utf8.DecodeRune(b[i:])
		if unseen(c) {
			out = fmt.Appendf(out, `\u%04x`, c)
		} else {
			out = append(out, b[i:i+n]...)
		}
		i += n
	}
	return out
}

func unseen(c rune) bool {
	switch {
	case c >= 0x7f && c <= 0x9f, c == 0xad, c == 0x61c, c == 0xfeff,
		c >= 0x200b && c <= 0x200f, c >= 0x2028 && c <= 0x202e, c >= 0x2060 && c <= 0x206f:
		return true
	}
	return false
}
