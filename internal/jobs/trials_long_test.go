//go:build long

package jobs

// trialKills is how many masters are killed in the whole trial: go test -tags long -timeout 60m -run MastersKilled ./internal/jobs/
const trialKills = 200
