//go:build !long

package assess_test

const generatedScripts = 2000
