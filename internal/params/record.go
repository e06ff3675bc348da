package params

import (
	"crypto/sha256"
	"encoding/hex"
	"reflect"
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
