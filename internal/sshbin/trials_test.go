//go:build !long

package sshbin

// Sizes of the trials in an ordinary run.
const (
	trialLogins    = 24 // to one sshd at once
	trialInner     = 16 // hosts through one bastion
	trialDeaths    = 4  // masters killed under a command, in each mode
	trialLanes     = 2  // side by side
	trialKills     = 2  // engines killed with commands under way
	trialHandovers = 12 // commands handed over while they print
	trialCancels   = 10 // commands cancelled as they start
)
