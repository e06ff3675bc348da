//go:build long

package main

import "time"

// kills is how often a server is killed; soakAgents work for soakTime, with pauses of up to soakPause.
const (
	kills      = 200
	soakAgents = 50
	soakTime   = 30 * time.Minute
	soakPause  = 500 * time.Millisecond
)
