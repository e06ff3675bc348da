//go:build long

package session

const (
	lastLines     = 500
	recordedBytes = 1 << 30
)
