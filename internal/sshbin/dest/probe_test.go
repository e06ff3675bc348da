package dest

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestProbeArgs(t *testing.T) {
	r := resolvedFor(Destination{Host: "web1", Port: 2222}, Setting{"stricthostkeychecking", "ask"}, Setting{"logverbose", "none"})
	r.ProxyCommand = "nc %h %p"
	got := r.ProbeArgs("/d 1/k", "ssh-ed25519", MasterOptions{Log: "/l", Shell: "/bin/sh"})
	want := []string{"-p", "2222", "-E", "/l", "-N", "-n", "-T", "-S", "none",
		"-o", "ControlMaster=no", "-o", "StrictHostKeyChecking=accept-new", "-o", `UserKnownHostsFile="/d 1/k"`, "-o", "GlobalKnownHostsFile=/dev/null",
		"-o", "HashKnownHosts=no", "-o", "CheckHostIP=no", "-o", "VerifyHostKeyDNS=no", "-o", "UpdateHostKeys=no",
		"-o", "HostKeyAlgorithms=ssh-ed25519", "-o", "PreferredAuthentications=none", "-o", "KnownHostsCommand=none",
		"-o", "ConnectTimeout=10", "-o", "ServerAliveInterval=10", "-o", "ServerAliveCountMax=3", "-o", "BatchMode=yes",
		"-o", "StrictHostKeyChecking=yes", "-o", "UpdateHostKeys=no",
		"-o", "ClearAllForwardings=yes", "-o", "ForwardX11=no", "-o", "PermitLocalCommand=no", "-o", "RemoteCommand=none", "-o", "Tunnel=no",
		"-o", "LogLevel=VERBOSE", "-o", "LogVerbose=sshconnect.c:verify_host_key():*,sshconnect2.c:sign_and_send_pubkey():*",
		"-o", "ProxyCommand=2>>/l.hop0; exec nc %h %p", "--", "web1"}
	if diff := cmp.Diff(strings.Join(want, "\n"), strings.Join(got, "\n")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
