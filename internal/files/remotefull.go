package files

import (
	"bytes"
	"context"
	"strings"

	"relay-shell/internal/target"
)

// leastRoom is what is left of a file system, in bytes, that counts as full.
const leastRoom = 64 << 10

// full says when there is no room on the host: the protocol has no word for it. A quota shows in no number either, but in the words of a command that writes.
func (r *remote) full(ctx context.Context, s *session, dir string, err error) error {
	if !failure(err) || ctx.Err() != nil {
		return err
	}
	words := ""
	if space, serr := s.Space(ctx, dir); serr == nil && space < leastRoom {
		words = "no space left on the host's file system"
	} else if words = r.refusal(ctx, dir); words == "" {
		return err
	}
	return &Error{Code: "limit_reached", Message: words, Hint: hints["limit_reached"], Err: err}
}

// refusal is what a host says of writing some bytes to a new file in a directory, "" if it writes them or says nothing of room. Should the command be killed, the
// file is swept with other parts.
func (r *remote) refusal(ctx context.Context, dir string) string {
	if !r.commands(ctx) {
		return ""
	}
	name := word(under(dir, partName("probe")))
	var words bytes.Buffer
	_, err := r.target.Run(ctx, target.Command{
		Script: &target.Script{Interpreter: "sh", Body: "LC_ALL=C; export LC_ALL\nset -C; dd if=/dev/zero bs=65536 count=1 >" + name + "\nrm -f -- " + name},
		Stderr: &limited{w: &words, left: 4096}, StoreHostKeys: r.store,
	})
	if err != nil {
		return ""
	}
	for line := range strings.Lines(words.String()) {
		if line = strings.TrimSpace(line); saidCode(line) == "limit_reached" {
			return "no room for the account on the host: " + clipWords(line)
		}
	}
	return ""
}
