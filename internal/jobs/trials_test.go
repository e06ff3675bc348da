//go:build !long

package jobs

// trialKills is how many masters are killed in an ordinary run.
const trialKills = 20
