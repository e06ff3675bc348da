//go:build long

package sshbin

// Sizes of the whole trials: go test -tags long -timeout 60m ./internal/sshbin/
const (
	trialLogins    = 80
	trialInner     = 100
	trialDeaths    = 200
	trialLanes     = 4
	trialKills     = 200
	trialHandovers = 200
	trialCancels   = 500
)
