//go:build !long

package assess_test

// The ordinary run is the same every time.
const (
	generatedScripts = 2000
	generatedSeed    = uint64(3)
)
