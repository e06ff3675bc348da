//go:build long

package jobs

// trialKills is how many servers are killed in the whole trial: go test -tags long -timeout 60m -run Survival ./internal/jobs/
const trialKills = 200
