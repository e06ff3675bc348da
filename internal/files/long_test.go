//go:build long

package files

// interruptions is how often a transfer is broken off in each direction.
const interruptions = 100
