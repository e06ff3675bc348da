package assess_test

import (
	"strings"
	"testing"

	"relay-shell/internal/policy/assess"
)

// TestPadding puts what is of tier 3 behind more words than are kept of a command.
func TestPadding(t *testing.T) {
	t.Parallel()
	for _, n := range []int{10, 900, 1100, 4000, 5000, 20000} {
		for _, text := range []string{
			"echo " + strings.Repeat("a ", n) + "$(rm -rf /srv/*)",
			"echo " + strings.Repeat("a ", n) + "`rm -rf /srv/*`",
			"echo " + strings.Repeat("a ", n) + "<(rm -rf /srv/*)",
			"echo " + strings.Repeat("a ", n) + `"x${y:-$(rm -rf /srv/*)}"`,
			"echo " + strings.Repeat("$z ", n) + "$(rm -rf /srv/*)",
			"echo " + strings.Repeat("{a,b} ", n/2) + "$(rm -rf /srv/*)",
			"x=(" + strings.Repeat("a ", n) + "$(rm -rf /srv/*))",
			"for i in " + strings.Repeat("a ", n) + "$(rm -rf /srv/*); do :; done",
			"case x in " + strings.Repeat("a|", n) + "$(rm -rf /srv/*)) ;; esac",
			"[[ " + strings.Repeat("-n a && ", n) + "-n $(rm -rf /srv/*) ]]",
			"rm -rf " + strings.Repeat("./a ", n) + "/srv/*",
		} {
			if r := assess.Assess(assess.Input{Text: text}); r.Tier != assess.Irreversible {
				t.Errorf("%d times padded: tier %d for %.20s … %s", n, r.Tier, text, text[len(text)-30:])
			}
		}
		if r := assess.Assess(assess.Input{Text: "sort " + strings.Repeat("a ", n) + "-o /etc/passwd"}); r.Tier < assess.Stateful {
			t.Errorf("%d times padded: tier %d for sort -o", n, r.Tier)
		}
	}
}
