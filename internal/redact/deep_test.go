package redact

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
)

func parse(s string) (any, bool) {
	var v any
	return v, json.Unmarshal([]byte(s), &v) == nil
}

func equal(a, b any) bool { return reflect.DeepEqual(a, b) }

// sameShape tells whether b has the containers of a, with as many members.
func sameShape(a, b any) bool {
	switch a := a.(type) {
	case map[string]any:
		m, ok := b.(map[string]any)
		return ok && len(m) == len(a)
	case []any:
		l, ok := b.([]any)
		if !ok || len(l) != len(a) {
			return false
		}
		for i := range a {
			if !sameShape(a[i], l[i]) {
				return false
			}
		}
		return true
	case nil, bool:
		return reflect.DeepEqual(a, b)
	case string:
		_, ok := b.(string)
		return ok
	}
	return true
}

func TestValue(t *testing.T) {
	r := New(Options{})
	m := newMaker(11)
	p, token := m.password(), "ghp_"+m.from(base62, 36)
	for in, want := range map[string]string{
		`{"password":"P"}`:                        `{"password":"‹›"}`,
		`{"password":"two words"}`:                `{"password":"‹›"}`,
		`{"DB_PASS":"P","host":"db1"}`:            `{"DB_PASS":"‹›","host":"db1"}`,
		`{"env":{"API_TOKEN":"P","PATH":"/bin"}}`: `{"env":{"API_TOKEN":"‹›","PATH":"/bin"}}`,
		`{"T":"x"}`:                                                 `{"‹›":"x"}`,
		`{"command":"mysql -pP -e x"}`:                              `{"command":"mysql -p‹› -e x"}`,
		`{"passwords":["P","P"]}`:                                   `{"passwords":["‹›","‹›"]}`,
		`{"secrets":{"db":"P"}}`:                                    `{"secrets":{"db":"‹›"}}`,
		`{"credentials":{"username":"bob","password":"P"}}`:         `{"credentials":{"password":"‹›","username":"bob"}}`,
		`{"cmd":["mysql","-u","root","-pP","shop"]}`:                `{"cmd":["mysql","-u","root","-p‹›","shop"]}`,
		`{"cmd":["sshpass","-p","P","ssh","h"]}`:                    `{"cmd":["sshpass","-p","‹›","ssh","h"]}`,
		`{"cmd":["redis-server","--requirepass","P"]}`:              `{"cmd":["redis-server","--requirepass","‹›"]}`,
		`["curl","-u","bob:P","https://x"]`:                         `["curl","-u","bob:‹›","https://x"]`,
		`{"pin_password":1234567}`:                                  `{"pin_password":"‹›"}`,
		`{"password":null,"token":true,"secret":""}`:                `{"password":null,"secret":"","token":true}`,
		`{"password":"$DB_PASS"}`:                                   `{"password":"$DB_PASS"}`,
		`{"session_id":"sh-0123456789ab","timeout":60}`:             `{"session_id":"sh-0123456789ab","timeout":60}`,
		`{"key_path":"/root/.ssh/id","keys":["C-c","Up"]}`:          `{"key_path":"/root/.ssh/id","keys":["C-c","Up"]}`,
		`{"hosts":["a","b"],"secret":false}`:                        `{"hosts":["a","b"],"secret":false}`,
		`{"name":"DB_PASSWORD","value":"P"}`:                        `{"name":"DB_PASSWORD","value":"‹›"}`,
		`[{"Key":"API_TOKEN","Value":"P"},{"Key":"a","Value":"b"}]`: `[{"Key":"API_TOKEN","Value":"‹›"},{"Key":"a","Value":"b"}]`,
	} {
		in := strings.NewReplacer(`"P"`, `"`+p+`"`, `-pP`, `-p`+p, `:P`, `:`+p, `"T"`, `"`+token+`"`).Replace(in)
		v, ok := parse(in)
		if !ok {
			t.Fatalf("%s is no JSON", in)
		}
		b, _ := json.Marshal(r.Value(v))
		if got := unmarked(string(b)); got != want {
			t.Errorf("%s\n  became %s\n  want   %s", in, got, want)
		}
	}
}

func TestValueKinds(t *testing.T) {
	r := New(Options{})
	p := newMaker(12).password()
	type inner struct {
		Password string `json:"password"`
		Host     string `json:"host"`
	}
	for _, v := range []any{
		map[string]string{"password": p},
		[]string{"--password", p},
		[]byte("password=" + p),
		json.RawMessage(`{"password":"` + p + `"}`),
		inner{p, "h"}, &inner{p, "h"}, []inner{{p, "h"}},
		errors.New("login failed: password=" + p),
		map[string]any{"a": map[string]string{"DB_PASSWORD": p}},
	} {
		b, err := json.Marshal(r.Value(v))
		if err != nil {
			t.Errorf("%T: %v", v, err)
		}
		if raw, ok := r.Value(v).([]byte); ok {
			b = raw
		}
		if strings.Contains(string(b), p) || !HasMark(string(b)) {
			t.Errorf("%T became %s", v, b)
		}
	}
	deep := any(p)
	for range 1000 {
		deep = []any{deep}
	}
	if b, _ := json.Marshal(r.Value(deep)); strings.Contains(string(b), p) {
		t.Error("what lies deep is shown")
	}
	var nothing *inner
	for _, v := range []any{nil, true, 1, 2.5, nothing, "text"} {
		if got := r.Value(v); !reflect.DeepEqual(got, v) {
			t.Errorf("%v became %v", v, got)
		}
	}
}
