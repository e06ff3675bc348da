//go:build race

package session

// mostMemory is more under the race detector, which keeps books of its own on all memory.
const mostMemory = 256 << 20
