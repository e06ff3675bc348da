package assess

import "strings"

// httpLoss are the words of an address that say what a request to it loses.
var httpLoss = setOf("delete destroy purge wipe erase truncate shutdown prune terminate zeroize drop flushall factoryreset decommission")

// httpAction rates a request that changes something by what its address calls: /_delete_by_query, /containers/prune,
// /Actions/ComputerSystem.Reset.
func (c *call) httpAction(urls []arg) {
	for _, a := range urls {
		address, _, _ := strings.Cut(a.s, "?")
		_, p, ok := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(address, "https://"), "http://"), "/")
		if !ok {
			continue
		}
		if strings.Contains(p, "Actions/") && strings.HasSuffix(p, ".Reset") || strings.HasSuffix(p, ".ResetToDefaults") || strings.HasSuffix(p, "SecureErase") {
			if !strings.Contains(join(c.args).s, `"On"`) {
				c.rate(Irreversible, "redfish", "stops or resets a machine")
			}
			continue
		}
		for _, part := range strings.Split(p, "/") {
			for _, t := range tokens(part) {
				if httpLoss[t] {
					c.rate(Irreversible, "http", "the address "+a.show()+" loses what is there")
				}
			}
		}
	}
}
