//go:build long

package audit

const (
	crashSeeds = 5000
	killPoints = 1000
)
