//go:build long

package assess_test

import (
	"os"
	"strconv"
	"time"
)

// The long run is cut into slices: GENERATED_SEED names one, GENERATED_SCRIPTS how many scripts it has.
var (
	generatedScripts = number("GENERATED_SCRIPTS", 1_000_000)
	generatedSeed    = uint64(number("GENERATED_SEED", int(time.Now().UnixNano())))
)

func number(name string, otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return otherwise
}
