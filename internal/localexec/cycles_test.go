//go:build !long

package localexec

// cycles is how often TestCycles spawns and kills; the long form is 10,000: go test -tags long -run TestCycles -timeout 1h.
const cycles = 60
