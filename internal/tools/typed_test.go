package tools

import (
	"slices"
	"strings"
	"testing"

	"relay-shell/internal/keeper/session"
	"relay-shell/internal/policy"
)

// sent is one session_send.
type sent struct {
	data  string
	enter bool
	keys  string
}

// judge types all and returns the worst tier of each send.
func judge(sends ...sent) []policy.Tier {
	var at session.Typed
	var tiers []policy.Tier
	for _, s := range sends {
		t := typedAt(at, s.data, s.enter, []byte(s.keys))
		subject := t.subject("session_send")
		tiers = append(tiers, policy.Assess(subject).Tier)
		text := s.data
		if s.enter {
			text += "\r"
		}
		at, _ = at.Type([]byte(text + s.keys))
		at.Before = t.open
	}
	return tiers
}

// TestPieces: a command is judged as what it will be, however it is typed.
func TestPieces(t *testing.T) {
	for _, sends := range [][]sent{
		{{data: "rm -rf /srv", enter: true}},
		{{data: "rm -r"}, {data: "f /srv", enter: true}},
		{{data: "r"}, {data: "m"}, {data: " -rf /"}, {data: "srv"}, {keys: "\r"}},
		{{data: "rm -rf /srv"}, {keys: "\r"}},
		{{data: `rm -r\`, enter: true}, {data: "f /srv", enter: true}},
		{{data: `rm \`, enter: true}, {data: `-r\`, enter: true}, {data: "f /srv", enter: true}},
		{{data: "it's", enter: true}, {data: `rm -r\`, enter: true}, {data: "f /srv", enter: true}},
		{{data: "it's", enter: true}, {data: "rm -rf /srv #'", enter: true}},
		{{data: "echo '"}, {data: "' ; rm -rf /srv", enter: true}},
		{{data: "echo "}, {data: "rm -rf /srv", enter: true}},                  // something else may have read the echo
		{{data: "echo x"}, {keys: "\x15"}, {data: "rm -rf /srv", enter: true}}, // C-u
		{{data: "echo "}, {keys: "\x03"}, {data: "rm -rf /srv", enter: true}},
		{{data: "rmx", keys: "\x7f"}, {data: " -rf /srv", enter: true}},
		{{data: "rm -rf /srv", keys: "\x03"}},
		{{data: "sh <<E", enter: true}, {data: "rm -rf /srv", enter: true}, {data: "E", enter: true}},
		{{data: "rm -r\nf", enter: false}, {data: "\nrm -rf /srv", enter: true}},
		{{keys: "rm -rf /srv\r"}},
	} {
		if tiers := judge(sends...); slices.Max(tiers) < policy.Irreversible {
			t.Errorf("%+v: %v", sends, tiers)
		}
	}
	for _, sends := range [][]sent{
		{{data: "ls"}, {keys: "\x1b[A"}, {keys: "\r"}},   // Up
		{{keys: "\x12"}, {data: "x", enter: true}},       // C-r
		{{data: "l", keys: "\t"}, {keys: "\r"}},          // completion
		{{keys: "\x1b[A\x0f"}},                           // C-o
		{{keys: "\x1b[A"}, {keys: "\x15"}, {keys: "\r"}}, // C-u kills only before the cursor
	} {
		if tiers := judge(sends...); slices.Max(tiers) < policy.Stateful {
			t.Errorf("%+v: %v", sends, tiers)
		}
	}
	for _, sends := range [][]sent{
		{{data: "ls", enter: true}, {data: "pwd", enter: true}},
		{{data: "ls -l"}, {keys: "\r"}},
		{{keys: "\x1b[A"}, {keys: "\x03"}, {data: "ls", enter: true}},
		{{data: "for f in a b", enter: true}, {data: "do echo $f", enter: true}, {data: "done", enter: true}, {data: "ls", enter: true}},
		{{keys: "\x1b[B"}, {keys: "q"}},
	} {
		if tiers := judge(sends...); tiers[len(tiers)-1] > policy.Reversible {
			t.Errorf("%+v: %v", sends, tiers)
		}
	}
}

func FuzzTyped(f *testing.F) {
	f.Add("rm -r", "f /srv", "\r", true)
	f.Add("echo '\x1b[200~\n", "\x03rm", "\x15", false)
	f.Fuzz(func(t *testing.T, first, second, keys string, enter bool) {
		var at session.Typed
		for _, data := range []string{first, second} {
			typed := typedAt(at, data, enter, []byte(keys))
			next, blind := at.Type([]byte(data))
			if blind && !typed.blind {
				t.Errorf("%q: not said to be blind", data)
			}
			at, _ = next.Type([]byte(keys))
			at.Before = typed.open
		}
	})
}

// TestSessionLine: a name or command is one line of a list, whatever is in it.
func TestSessionLine(t *testing.T) {
	i := &sessionInfo{SessionID: "s-aaaaaaaa", Name: "a\ns-bbbbbbbb  b", Command: strings.Repeat("x\n", 1000), State: "alive"}
	if line := i.line(); strings.Contains(line, "\n") || len(line) > 400 {
		t.Errorf("%q", line)
	}
}
