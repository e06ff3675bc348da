package sshbin

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"time"
)

// Sign has ssh-keygen sign a message with a key (ssh-keygen -Y sign, PROTOCOL.sshsig) and returns the armored signature. The key file is the
// public half; the private one is with an agent or in the file beside it. What a person has to do, and what is wrong, ssh-keygen says on
// terminal, where it also asks for a PIN. It waits for them until ctx ends.
func Sign(ctx context.Context, key, namespace string, message []byte, terminal *os.File) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "ssh-keygen", "-q", "-Y", "sign", "-n", namespace, "-f", key)
	var signature bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.WaitDelay = bytes.NewReader(message), &signature, terminal, time.Second
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, fmt.Errorf("ssh-keygen did not sign with %s: %w", key, err)
	}
	return signature.Bytes(), nil
}
