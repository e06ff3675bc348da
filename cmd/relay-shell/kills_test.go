//go:build !long

package main

import "time"

// kills is how often a server is killed; soakAgents work for soakTime, with pauses of up to soakPause.
const (
	kills      = 20
	soakAgents = 12
	soakTime   = 20 * time.Second
	soakPause  = 300 * time.Millisecond
)
