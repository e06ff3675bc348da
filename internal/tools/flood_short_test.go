//go:build !long

package tools

// flood is how many bytes a command prints.
const flood = 64 << 20
