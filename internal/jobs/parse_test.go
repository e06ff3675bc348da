package jobs

import (
	"strings"
	"testing"

	"relay-shell/internal/keeper"
	"relay-shell/internal/keeper/job"
)

func TestParseRef(t *testing.T) {
	for s, want := range map[string]Ref{
		"j-abcdefgh": {ID: "j-abcdefgh"}, "j-abcdefgh@web1": {"j-abcdefgh", "web1"}, "j-abcdefgh@root@web1": {"j-abcdefgh", "root@web1"}, "j-abcdefgh@ssh://u@h:22": {"j-abcdefgh", "ssh://u@h:22"},
	} {
		if got, err := ParseRef(s); err != nil || got != want || got.String() != s {
			t.Errorf("%q: %+v, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "j-", "j-abcdefg", "j-abcdefghi", "s-abcdefgh", "j-abcdefgh@", "j-ABCDEFGH", "../abcdefgh", "j-../../x", "j-abc/efgh", "j-abcdefg\n", "@web1", "j-abcdef\x00h"} {
		if got, err := ParseRef(s); err == nil {
			t.Errorf("%q is %+v", s, got)
		}
	}
}

func FuzzParseRef(f *testing.F) {
	f.Add("j-abcdefgh@web1")
	f.Add("j-../../../etc")
	f.Fuzz(func(t *testing.T, s string) {
		r, err := ParseRef(s)
		if err == nil && (!keeper.ValidID(job.Kind, r.ID) || strings.ContainsAny(r.ID, "/.\x00") || r.String() != s) {
			t.Errorf("%q is %+v", s, r)
		}
	})
}

// FuzzAnswer reads whatever a hostile host says.
func FuzzAnswer(f *testing.F) {
	f.Add([]byte("J j-abcdefgh ended 3 1700000000 0 12 4711 0\n{\"id\":\"j-abcdefgh\",\"command\":\"true\"}\nJ= 12\nhello world\n"))
	f.Add([]byte("J! too_many 64\n"))
	f.Add([]byte("J j-abcdefgh running - 1700000000 0 0 4711 0\n{}\nJ- 1 2 ?\n"))
	f.Add([]byte("J= 99999999999999\nx"))
	f.Fuzz(func(t *testing.T, out []byte) {
		zero := 0
		a := parse(out, &zero, "")
		if len(a.data) > len(out) || a.size < -1 {
			t.Errorf("%d bytes of data, %d announced", len(a.data), a.size)
		}
		list, err := a.infos("web1")
		for _, i := range list {
			if err == nil && (!keeper.ValidID(job.Kind, i.ID) || i.First < 0 || i.Total < i.First || i.PID < 0) {
				t.Errorf("%+v", i)
			}
		}
	})
}
