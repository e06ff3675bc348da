//go:build long

package assess_test

const generatedScripts = 1_000_000
