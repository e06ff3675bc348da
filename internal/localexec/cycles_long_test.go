//go:build long

package localexec

const cycles = 10000
