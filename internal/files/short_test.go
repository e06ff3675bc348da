//go:build !long

package files

// interruptions is how often a transfer is broken off in each direction; with -tags long it is 100 times.
const interruptions = 4
