package tools

import (
	"encoding/json"
	"sort"
)

// fitting returns as many leading items as fit in budget bytes of JSON: lists are paged, never cut in the middle.
func fitting[T any](items []T, budget int) []T {
	used := 0
	for i, item := range items {
		b, _ := json.Marshal(item)
		used += len(b) + 1
		if used > budget {
			return items[:i]
		}
	}
	if items == nil {
		return []T{}
	}
	return items
}

const (
	// shownCommand is how much of a job's or session's command an answer shows, in characters: it may be megabytes.
	shownCommand = 2000
	// listedCommand is how much of it, or of a label, each item of a list shows, so that one does not push the others out.
	listedCommand = 200
)

// firstRunes is a text of at most n characters, and an ellipsis where it was longer.
func firstRunes(s string, n int) string {
	at := 0
	for i := range s {
		if at++; at > n {
			return s[:i] + "…"
		}
	}
	return s
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// sizeOf is the length of a value's JSON.
func sizeOf(v any) int {
	b, _ := json.Marshal(v)
	return len(b)
}
