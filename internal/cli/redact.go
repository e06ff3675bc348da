package cli

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"relay-shell/internal/redact"
)

type redactCmd struct {
	JSON bool `help:"One JSON string a line in, one {\"text\":…} a line out; each is a text of its own." name:"json"`
}

func (c *redactCmd) Run(s *session) error {
	r, err := s.redactor()
	if err != nil {
		return err
	}
	if c.JSON {
		return redactLines(s.world.Stdin, s.world.Stdout, r)
	}
	w := r.NewWriter(s.world.Stdout)
	_, err = io.Copy(w, s.world.Stdin)
	return errors.Join(err, w.Close())
}

// redactor has this installation's key, so that a secret has the mark here that it has in the audit; without a state directory one for this run.
func (s *session) redactor() (*redact.Redactor, error) {
	if err := os.MkdirAll(s.cfg.StateDir, 0o700); err != nil {
		return redact.New(redact.Options{}), nil
	}
	r, err := openRedactor(s.cfg.StateDir)
	if errors.Is(err, os.ErrPermission) {
		return redact.New(redact.Options{}), nil
	}
	return r, err
}

// redactLines is the batch form, for programs. Each answer is written at once.
func redactLines(from io.Reader, to io.Writer, r *redact.Redactor) error {
	in := bufio.NewReaderSize(from, 64<<10)
	out := bufio.NewWriter(to)
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	for n := 1; ; n++ {
		line, err := in.ReadString('\n')
		if strings.TrimSpace(line) != "" {
			var text string
			if json.Unmarshal([]byte(line), &text) != nil {
				return errors.Join(out.Flush(), usage(fmt.Errorf("line %d is not a JSON string", n)))
			}
			if err := enc.Encode(struct {
				Text string `json:"text"`
			}{r.String(text)}); err != nil {
				return err
			}
		}
		if err != nil || in.Buffered() == 0 {
			if ferr := out.Flush(); ferr != nil {
				return ferr
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
