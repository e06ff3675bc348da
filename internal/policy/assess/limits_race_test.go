//go:build race

package assess

// bigSize is less under the race detector, which makes everything ten times slower.
const bigSize = 30_000
