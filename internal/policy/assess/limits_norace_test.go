//go:build !race

package assess_test

// bigSize is how many bytes of anything have to be read, or refused, in time.
const bigSize = 300_000
