package rehearse

import (
	"encoding/json"
	"strings"

	"relay-shell/internal/lazyregexp"
)

// The marks that the log sets: package redact's for a secret, package audit's at the end of a text that was cut.
const redactedMark = "‹secret:"

var cutMark = lazyregexp.New(`\.\.\.\(\+[0-9]+ bytes\)$`)

// readable makes arguments of a record such as a tool takes: a body that is there only as its length and hash becomes a stand-in.
func readable(args json.RawMessage) (plain json.RawMessage, partly bool, skipped string) {
	given := map[string]any{}
	if len(args) > 0 && json.Unmarshal(args, &given) != nil {
		return nil, false, NotPlan
	}
	for name, value := range given {
		if is, empty := digest(value); is {
			given[name] = "x"
			if empty {
				given[name] = ""
			}
			partly = true
			continue
		}
		switch why := marked(value); {
		case why != "":
			return nil, false, why
		}
	}
	plain, err := json.Marshal(given)
	if err != nil {
		return nil, false, NotPlan
	}
	return plain, partly, ""
}

// digest tells {"len": …, "sha256": …}.
func digest(value any) (is, empty bool) {
	m, ok := value.(map[string]any)
	if !ok || len(m) != 2 {
		return false, false
	}
	n, ok := m["len"].(float64)
	_, hashed := m["sha256"].(string)
	return ok && hashed, n == 0
}

// marked looks for a mark in a value, however deep.
func marked(value any) string {
	switch v := value.(type) {
	case string:
		switch {
		case strings.Contains(v, redactedMark):
			return Redacted
		case cutMark.MatchString(v):
			return Cut
		}
	case []any:
		for _, e := range v {
			if why := marked(e); why != "" {
				return why
			}
		}
	case map[string]any:
		for _, e := range v {
			if why := marked(e); why != "" {
				return why
			}
		}
	}
	return ""
}
