package params

import (
	"encoding/json"
	"testing"
)

func TestShare(t *testing.T) {
	for _, test := range []struct {
		raw  string
		n    int
		want int // -1: refused
	}{
		{`0`, 40, 0}, {`""`, 40, 0}, {`5`, 40, 5}, {`5.0`, 40, 5}, {`"5"`, 40, 5}, {`"25%"`, 40, 10}, {`" 25% "`, 40, 10}, {`"1%"`, 40, 1},
		{`"100%"`, 40, 40}, {`"33%"`, 10, 3}, {`"33%"`, 0, 1}, {`"0%"`, 40, -1}, {`"101%"`, 40, -1}, {`-1`, 40, -1}, {`"half"`, 40, -1}, {`"%"`, 40, -1},
		{`1.5`, 40, -1}, {`true`, 40, -1}, {`[1]`, 40, -1}, {`"99999999999"`, 40, -1},
	} {
		var s Share
		got := -1
		if err := json.Unmarshal([]byte(test.raw), &s); err == nil {
			if got, err = s.Of(test.n); err != nil {
				t.Errorf("%s: accepted, then %v", test.raw, err)
			}
		}
		if got != test.want {
			t.Errorf("%s of %d = %d, want %d", test.raw, test.n, got, test.want)
		}
	}
}

func FuzzShare(f *testing.F) {
	for _, seed := range []string{`0`, `"25%"`, `5.0`, `"x"`, `{}`, `" 7 "`} {
		f.Add([]byte(seed), 40)
	}
	f.Fuzz(func(t *testing.T, raw []byte, n int) {
		var s Share
		if n < 0 || n > 1<<20 || json.Unmarshal(raw, &s) != nil {
			return
		}
		if got, err := s.Of(n); err != nil || got < 0 {
			t.Errorf("%q was accepted and is %d, %v", raw, got, err)
		}
	})
}

func TestSelection(t *testing.T) {
	type p struct {
		Hosts Selection `json:"hosts" desc:"Hosts."`
		Batch Share     `json:"batch" desc:"Share."`
	}
	var got p
	if err := Decode([]byte(`{"hosts":["a","@b !c"],"batch":"10%"}`), &got); err != nil || got.Hosts != "a,@b !c" || got.Batch != "10%" {
		t.Errorf("%+v, %v", got, err)
	}
	if err := Decode([]byte(`{"hosts":" a, b","batch":3}`), &got); err != nil || got.Hosts != " a, b" || got.Batch != "3" {
		t.Errorf("%+v, %v", got, err)
	}
	for _, bad := range []string{`{"hosts":3}`, `{"hosts":[""]}`, `{"hosts":["a"," "]}`, `{"hosts":{}}`, `{"batch":"many"}`, `{"batch":[]}`} {
		var e *Error
		if err := Decode([]byte(bad), &p{}); err == nil {
			t.Errorf("%s was accepted", bad)
		} else if e, _ = err.(*Error); e == nil || e.Param == "" || e.Hint == "" {
			t.Errorf("%s: %#v", bad, err)
		}
	}
}
