//go:build !long

package main

// kills is how often a server is killed.
const kills = 20
