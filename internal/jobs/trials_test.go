//go:build !long

package jobs

// trialKills is how many servers are killed in an ordinary run.
const trialKills = 20
