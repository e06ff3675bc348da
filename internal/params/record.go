package params

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"reflect"
	"slices"
)

// Record returns the parameters as they belong in the audit: by name, without those left at their zero value, with
// fields tagged audit:"hash" reduced to {"len","sha256"} and fields tagged audit:"omit" left out. Redaction of the rest is the
// caller's.
func Record(v any) map[string]any {
	rv := reflect.ValueOf(v)
	for rv.Kind() == reflect.Pointer {
		rv = rv.Elem()
	}
	out := map[string]any{}
	if rv.Kind() != reflect.Struct {
		return out
	}
	for _, f := range fieldsOf(rv.Type()) {
		fv := rv.FieldByIndex(f.index)
		if fv.IsZero() || f.audit == "omit" {
			continue
		}
		if f.audit == "hash" {
			out[f.name] = Digest(fv.String())
			continue
		}
		out[f.name] = fv.Interface()
	}
	return out
}

// Digest stands for a body that the audit must not hold: its length in bytes and its SHA-256.
func Digest(body string) map[string]any {
	sum := sha256.Sum256([]byte(body))
	return map[string]any{"len": len(body), "sha256": hex.EncodeToString(sum[:])}
}

// RecordRefused returns the arguments of a call that T could not be decoded from, as they belong in the audit: parameters of T as [Record]
// has them; everything else, values of a wrong type and unknown parameters, by length and hash alone, since nobody knows what it holds.
func RecordRefused[T any](raw json.RawMessage) map[string]any {
	given := map[string]json.RawMessage{}
	if json.Unmarshal(raw, &given) != nil {
		return Digest(string(raw))
	}
	fields := fieldsOf(reflect.TypeFor[T]())
	if secret, is := given["secret"]; is && string(secret) != "false" {
		return map[string]any{"secret": true} // nothing of such a call is recorded, however it was meant
	}
	out := map[string]any{}
	for name, value := range given {
		i := slices.IndexFunc(fields, func(f field) bool { return f.name == name })
		if i < 0 {
			out[clip(name)] = Digest(string(value))
			continue
		}
		f := fields[i]
		into := reflect.New(f.typ).Elem()
		switch {
		case f.audit == "omit" || isNull(value):
		case f.unmarshal(into, value) != nil:
			out[name] = Digest(string(value))
		case f.audit == "hash":
			out[name] = Digest(into.String())
		default:
			out[name] = into.Interface()
		}
	}
	return out
}
