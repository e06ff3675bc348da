//go:build !long

package pty

// sessions is how many TestLastLine runs; the long form is 500 and more: go test -tags long -run TestLastLine.
const sessions = 60
