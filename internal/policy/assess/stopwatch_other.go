//go:build !linux

package assess

import "time"

// threadTime is not told: time on the wall counts.
func threadTime() (time.Duration, bool) { return 0, false }
