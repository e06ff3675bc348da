//go:build race && !slow

package redact

// hostileSize is the length of the texts that are made to be slow.
const hostileSize = 16 << 10
