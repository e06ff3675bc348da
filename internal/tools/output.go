package tools

import (
	"encoding/json"
	"reflect"

	"github.com/google/jsonschema-go/jsonschema"

	"relay-shell/internal/relay"
)

// common are the fields of every structured result.
type common struct {
	Outcome    string       `json:"outcome" jsonschema:"ok, running, timeout, cancelled, denied, confirm_required or error"`
	Tier       int          `json:"tier" jsonschema:"what the call was assessed as, 0..3"`
	RequestID  string       `json:"request_id" jsonschema:"ULID of the call, as in the audit"`
	DurationMS int64        `json:"duration_ms" jsonschema:"milliseconds"`
	Error      *relay.Error `json:"error" jsonschema:"code, message and hint, or null"`
	Notes      []string     `json:"notes,omitempty" jsonschema:"what the caller should know"`
	Token      string       `json:"token,omitempty" jsonschema:"to be confirmed with operation_confirm"`
}

// Common are the structured fields that every result has, in their JSON form.
func Common(res *relay.Result) any {
	return common{
		Outcome: string(res.Outcome), Tier: int(res.Tier), RequestID: res.RequestID, DurationMS: res.Duration.Milliseconds(), Error: res.Err, Notes: res.Notes, Token: res.Token,
	}
}

// commandOutput is the output schema of every tool that runs one command.
func commandOutput() *jsonschema.Schema { return outputOf[relay.CommandResult]() }

// outputOf is the output schema of a tool whose own fields are those of F. Fields of F are only required in a success.
func outputOf[F any]() *jsonschema.Schema {
	s := reflected(reflect.TypeFor[common]())
	own := reflected(reflect.TypeFor[F]())
	for _, name := range own.PropertyOrder {
		s.Properties[name] = own.Properties[name]
		s.PropertyOrder = append(s.PropertyOrder, name)
	}
	s.AdditionalProperties = nil
	return s
}

func reflected(t reflect.Type) *jsonschema.Schema {
	s, err := jsonschema.ForType(t, &jsonschema.ForOptions{TypeSchemas: map[reflect.Type]*jsonschema.Schema{
		reflect.TypeFor[json.RawMessage](): {Type: "object"}, // would be taken for a list of bytes
	}})
	if err != nil {
		panic(err) // a type of ours that has no schema; every tool is built by a test
	}
	return s
}
