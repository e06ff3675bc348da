//go:build !race

package session

// mostMemory is what a keeper that records a flood may take, in bytes.
const mostMemory = 64 << 20
