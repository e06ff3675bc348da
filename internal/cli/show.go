package cli

import (
	"encoding/json"
	"fmt"
	"io"

	"relay-shell/internal/mcpserver"
	"relay-shell/internal/relay"
)

// show runs a tool call and prints its text.
func (s *session) show(tool string, args map[string]any) error {
	res, err := s.do(tool, args)
	if err != nil {
		return err
	}
	_, err = io.WriteString(s.world.Stdout, mcpserver.Visible(operatorText(res.Text)))
	return err
}

// listing are the flags of commands that list something.
type listing struct {
	JSON bool `help:"Print the result as JSON." name:"json"`
}

// list prints what a tool lists.
func (l listing) list(s *session, tool string, args map[string]any) error {
	if !l.JSON {
		return s.show(tool, args)
	}
	res, err := s.do(tool, args)
	if err != nil {
		return err
	}
	return json.NewEncoder(s.world.Stdout).Encode(res.Fields)
}

// do runs a tool call to its result, whose notes are shown.
func (s *session) do(tool string, args map[string]any) (*relay.Result, error) {
	a, err := s.open()
	if err != nil {
		return nil, usage(err)
	}
	defer a.close()
	call, err := a.call(tool, args)
	if err != nil {
		return nil, err
	}
	res := a.relay.Do(s.ctx, call)
	if res.Err != nil {
		return nil, failure(res)
	}
	for _, note := range res.Notes {
		fmt.Fprintln(s.world.Stderr, "note: "+mcpserver.Visible(note))
	}
	return res, nil
}
