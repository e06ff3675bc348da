//go:build !long

package session

// The small form of trials whose long one is: go test -tags long -timeout 1h -run 'TestLastLines|TestLongRecording' ./internal/keeper/session
const (
	lastLines     = 24       // sessions
	recordedBytes = 12 << 20 // of output
)
