//go:build long

package tools

import "testing"

// TestHundredHosts has a hundred hosts print 200 kB each: go test -tags long -run TestHundredHosts ./internal/tools
func TestHundredHosts(t *testing.T) {
	muchOutput(t, newRoad(t, farm(t, 100), ""), 100, 2000)
}
