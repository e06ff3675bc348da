package params

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type connection struct {
	Port int `json:"port" min:"1" max:"65535" desc:"TCP port."`
}

type sample struct {
	Command string   `json:"command" required:"true" desc:"What to run."`
	Timeout float64  `json:"timeout" default:"60" min:"0.1" max:"900" desc:"Seconds."`
	Merge   bool     `json:"merge" default:"true" desc:"Interleave."`
	Mode    string   `json:"mode" enum:"strict,ignore" desc:"Policy."`
	Hosts   List     `json:"hosts" desc:"Where."`
	Env     Env      `json:"env" desc:"Environment."`
	Tier    *int     `json:"tier" min:"0" max:"3" desc:"Tier."`
	Stdin   string   `json:"stdin" audit:"hash" desc:"Input."`
	Secret  string   `json:"secret" audit:"omit" desc:"Never recorded."`
	Keys    []string `json:"keys" desc:"Keys."`
	Name    string   `json:"name" max:"5" desc:"Label."`
	Cwd     string   `json:"cwd" path:"true" desc:"Directory."`
	connection
}

func text(s string) *string { return &s }

func TestDecode(t *testing.T) {
	three := 3
	for _, tt := range []struct {
		name, raw string
		want      sample
	}{
		{"defaults", `{"command":"true"}`, sample{Command: "true", Timeout: 60, Merge: true}},
		{"all", `{"command":"a","timeout":1.5,"merge":false,"mode":"strict","hosts":["a","b"],"tier":3,"stdin":"x","keys":["C-c"],"port":22}`,
			sample{Command: "a", Timeout: 1.5, Mode: "strict", Hosts: List{"a", "b"}, Tier: &three, Stdin: "x", Keys: []string{"C-c"}, connection: connection{22}}},
		{"a list as one string", `{"command":"a","hosts":"web1, web2 web3"}`, sample{Command: "a", Timeout: 60, Merge: true, Hosts: List{"web1", "web2", "web3"}}},
		{"pairs and backslashes", `{"command":"\ud83d\ude00 \\ud800 \\\ud83d\ude00\\"}`, sample{Command: "😀 \\ud800 \\😀\\", Timeout: 60, Merge: true}},
		{"as long as may be", `{"command":"a","name":"äöüäö","cwd":"/` + strings.Repeat("a", 4094) + `"}`,
			sample{Command: "a", Timeout: 60, Merge: true, Name: "äöüäö", Cwd: "/" + strings.Repeat("a", 4094)}},
		{"an integral float is an integer", `{"command":"a","port":22.0}`, sample{Command: "a", Timeout: 60, Merge: true, connection: connection{22}}},
		{"env", `{"command":"a","env":{"A":"x","B":null,"C":1,"D":true}}`,
			sample{Command: "a", Timeout: 60, Merge: true, Env: Env{"A": text("x"), "B": nil, "C": text("1"), "D": text("true")}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got sample
			if err := Decode(json.RawMessage(tt.raw), &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(sample{})); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestDecodeRefuses(t *testing.T) {
	for _, tt := range []struct{ name, raw, param, message, hint string }{
		{"not an object", `["x"]`, "", "must be a JSON object", "command"},
		{"unknown", `{"command":"a","comand":"b"}`, "comand", "unknown parameter", `did you mean "command"?`},
		{"names are exact", `{"Command":"a"}`, "Command", "unknown parameter", "command"},
		{"missing", `{}`, "command", "is required", "What to run"},
		{"required null", `{"command":null}`, "command", "is null", "What to run"},
		{"optional null", `{"command":"true","timeout":null}`, "timeout", "is null", "leave timeout out"},
		{"wrong type", `{"command":7}`, "command", "must be of type string, got number 7", ""},
		{"a number in a string", `{"command":"a","timeout":"60"}`, "timeout", `must be of type number, got string "60"`, ""},
		{"a fraction", `{"command":"a","port":2.5}`, "port", "must be of type integer", ""},
		{"below", `{"command":"a","timeout":0}`, "timeout", "out of bounds", "between 0.1 and 900"},
		{"above", `{"command":"a","port":65536}`, "port", "out of bounds", ""},
		{"far above", `{"command":"a","port":16777216}`, "port", "16777216 is out of bounds", ""},
		{"enum", `{"command":"a","mode":"lax"}`, "mode", `"lax" is not one of`, "strict, ignore"},
		{"env is an array", `{"command":"a","env":["A=1"]}`, "env", "must be an object", ""},
		{"env value", `{"command":"a","env":{"A":{}}}`, "env", "value of A", ""},
		{"env name", `{"command":"a","env":{"A-B":"x"}}`, "env", "not the name", ""},
		{"env NUL", `{"command":"a","env":{"A":"x\u0000"}}`, "env", "NUL", ""},
		{"hosts", `{"command":"a","hosts":7}`, "hosts", "list of strings", ""},
		{"half a pair", `{"command":"rm a\udcff"}`, "command", "half of a surrogate pair", "UTF-8"},
		{"the other half", `{"command":"\ud83d\\udc00"}`, "command", "half of a surrogate pair", ""},
		{"halves the wrong way round", `{"command":"\udc00\ud83d"}`, "command", "half of a surrogate pair", ""},
		{"half a pair within", `{"command":"a","env":{"A":"\ud83d\u0041"}}`, "env", "half of a surrogate pair", ""},
		{"long", `{"command":"a","name":"äöüäöü"}`, "name", "has 6 characters", "at most 5 characters"},
		{"NUL in a path", `{"command":"a","cwd":"/a\u0000b"}`, "cwd", "NUL", ""},
		{"a long path", `{"command":"a","cwd":"/` + strings.Repeat("a", 4095) + `"}`, "cwd", "has 4096 bytes", "at most 4095"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got sample
			err := Decode(json.RawMessage(tt.raw), &got)
			var perr *Error
			if !errors.As(err, &perr) {
				t.Fatalf("got %v, want an *Error", err)
			}
			if perr.Param != tt.param || !strings.Contains(perr.Message, tt.message) || !strings.Contains(perr.Hint, tt.hint) {
				t.Errorf("got param %q, message %q, hint %q", perr.Param, perr.Message, perr.Hint)
			}
			if perr.ErrorCode() != "invalid_argument" {
				t.Errorf("code %q", perr.ErrorCode())
			}
		})
	}
}

func TestSchema(t *testing.T) {
	b, err := json.Marshal(Schema[sample]())
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"type":"object","required":["command"],"properties":{"command":{"type":"string","description":"What to run."},` +
		`"timeout":{"type":"number","description":"Seconds.","default":60,"minimum":0.1,"maximum":900},` +
		`"merge":{"type":"boolean","description":"Interleave.","default":true},` +
		`"mode":{"type":"string","description":"Policy.","enum":["strict","ignore"]},` +
		`"hosts":{"type":["array","string"],"description":"Where.","items":{"type":"string"}},` +
		`"env":{"type":"object","description":"Environment.","additionalProperties":{"type":["string","number","boolean","null"]}},` +
		`"tier":{"type":"integer","description":"Tier.","minimum":0,"maximum":3},` +
		`"stdin":{"type":"string","description":"Input."},"secret":{"type":"string","description":"Never recorded."},` +
		`"keys":{"type":"array","description":"Keys.","items":{"type":"string"}},` +
		`"name":{"type":"string","description":"Label.","maxLength":5},"cwd":{"type":"string","description":"Directory."},` +
		`"port":{"type":"integer","description":"TCP port.","minimum":1,"maximum":65535}},"additionalProperties":false}`
	var got, wanted any
	if json.Unmarshal(b, &got) != nil || json.Unmarshal([]byte(want), &wanted) != nil {
		t.Fatal("not JSON")
	}
	if diff := cmp.Diff(wanted, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestRecord(t *testing.T) {
	got := Record(&sample{Command: "ls", Stdin: "hello", Secret: "never", connection: connection{22}})
	want := map[string]any{
		"command": "ls", "port": 22,
		"stdin": map[string]any{"len": 5, "sha256": "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestMerge(t *testing.T) {
	got, err := Env{"A": text("1"), "B": text("2")}.Merge(`{"B":null,"C":3}`)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Env{"A": text("1"), "B": nil, "C": text("3")}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if _, err := (Env{}).Merge(`[]`); err == nil || !strings.Contains(err.Error(), "env_json") {
		t.Errorf("an array was taken: %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(`{"command":"a","env":{"A":1},"hosts":"a,b","timeout":1e9}`)
	f.Add(`[1,2`)
	f.Add(`{"command":{"command":null}}`)
	f.Fuzz(func(t *testing.T, raw string) {
		var s sample
		if err := Decode(json.RawMessage(raw), &s); err == nil {
			if s.Command == "" && !strings.Contains(raw, "command") {
				t.Error("a required parameter was missing")
			}
			if _, err := json.Marshal(Record(&s)); err != nil {
				t.Error(err)
			}
		}
	})
}
