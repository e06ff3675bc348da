//go:build long

package pty

const sessions = 2000
