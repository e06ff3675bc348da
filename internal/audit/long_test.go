//go:build long

package audit

import "time"

const (
	crashSeeds   = 5000
	killPoints   = 1000
	bitFlips     = 20_000
	tornStep     = 1
	rotations    = 1000
	besideRuns   = 100
	straceFaults = 1 << 20

	eightKills = 60
	eightEvery = time.Second
	maxWait    = time.Second
)
