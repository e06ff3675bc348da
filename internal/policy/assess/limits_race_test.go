//go:build race

package assess_test

// bigSize is less under the race detector, which makes this test minutes long; go test without it reads the whole.
const bigSize = 3_000
