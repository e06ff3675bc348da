//go:build !long

package audit

// The ordinary test run is short; go test -tags long ./internal/audit runs everything in full.
const (
	crashSeeds = 100
	killPoints = 20
)
