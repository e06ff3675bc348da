//go:build !long

package audit

import "time"

// The ordinary test run is short; go test -tags long ./internal/audit runs everything in full.
const (
	crashSeeds   = 100
	killPoints   = 20
	bitFlips     = 300
	tornStep     = 40
	rotations    = 60
	besideRuns   = 3
	straceFaults = 30

	eightKills = 5
	eightEvery = 100 * time.Millisecond
	// maxWait is how long an append may take: wide here, where other tests share the machine.
	maxWait = 10 * time.Second
)
