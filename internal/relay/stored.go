package relay

import (
	"fmt"
	"maps"
)

// toldKeys is how many stored host keys a result names; the record has all of them.
const toldKeys = 5

// tellStored has the result and its record name the keys of new hosts that were stored on the way: who the host is was taken on trust.
func (w *walk) tellStored(res *Result) {
	var keys []string
	for _, t := range w.target {
		if s, is := t.(interface{ StoredKeys() []string }); is {
			keys = append(keys, s.StoredKeys()...)
		}
	}
	if len(keys) == 0 {
		return
	}
	record := maps.Clone(res.Record)
	if record == nil {
		record = map[string]any{}
	}
	record["stored_host_keys"] = keys
	res.Record = record
	for i, key := range keys {
		if i == toldKeys {
			res.Notes = append(res.Notes, fmt.Sprintf("and %d host keys more; audit_tail has them", len(keys)-i))
			break
		}
		res.Notes = append(res.Notes, "first contact: stored the host key "+key+" unseen; a person can compare it with the host's own")
	}
}
