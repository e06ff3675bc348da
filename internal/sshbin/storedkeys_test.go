package sshbin

import (
	"slices"
	"testing"
)

func TestStoredIn(t *testing.T) {
	const log = "debug1: sshconnect.c:verify_host_key():1477 (pid=7): Server host key: ssh-rsa SHA256:known\n" +
		"debug1: sshconnect.c:verify_host_key():1477 (pid=8): Server host key: ssh-ed25519 SHA256:bFtRXXWBQtPxoDnb98/o/G508HvlNpUmKZhFhpB9qL0\r\n" +
		"Warning: Permanently added '[127.0.0.1]:24011' (ED25519) to the list of known hosts.\r\n" +
		"banner: Warning: Permanently added 'evil' (RSA) to the list of known hosts.\n" +
		"Authenticated to 127.0.0.1 ([127.0.0.1]:24011) using \"publickey\".\n"
	want := []StoredKey{{"[127.0.0.1]:24011", "ED25519", "SHA256:bFtRXXWBQtPxoDnb98/o/G508HvlNpUmKZhFhpB9qL0"}}
	if got := storedIn(log); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got := storedIn("Server host key: ssh-ed25519 SHA256:x\nAuthenticated to a\n"); got != nil {
		t.Errorf("a known key was taken for a new one: %v", got)
	}
}
