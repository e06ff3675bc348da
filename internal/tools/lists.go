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
