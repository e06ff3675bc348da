package dest

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func lines(args []string) string { return strings.Join(args, "\n") }

func resolvedFor(d Destination, settings ...Setting) *Resolved {
	return &Resolved{Destination: d, Alias: d.Host, Hostname: d.Host, Port: 22, Settings: settings, ssh: "ssh"}
}

func TestMasterArgs(t *testing.T) {
	bastion := resolvedFor(Destination{Host: "bastion", User: "bob", Port: 2201}, Setting{"stricthostkeychecking", "ask"})
	withJump := resolvedFor(Destination{Host: "inner"}, Setting{"stricthostkeychecking", "true"})
	withJump.Jump = []Hop{{Resolved: bastion}}
	ask := Setting{"stricthostkeychecking", "ask"}
	for _, c := range []struct {
		name string
		r    *Resolved
		o    MasterOptions
		want []string
	}{
		{
			"plain", resolvedFor(Destination{Host: "web1"}, ask), MasterOptions{ControlPath: "/run/c", Log: "/run/l"},
			[]string{"-E", "/run/l", "-M", "-N", "-f", "-n", "-T", "-S", "/run/c",
				"-o", "ConnectTimeout=10", "-o", "ServerAliveInterval=10", "-o", "ServerAliveCountMax=3", "-o", "BatchMode=yes",
				"-o", "StrictHostKeyChecking=yes", "-o", "UpdateHostKeys=no", "-o", "ControlPersist=yes",
				"-o", "ClearAllForwardings=yes", "-o", "ForwardX11=no", "-o", "PermitLocalCommand=no", "-o", "RemoteCommand=none", "-o", "Tunnel=no",
				"-o", "SendEnv=LC_RELAY_SESSION", "-o", "LogLevel=VERBOSE", "--", "web1"},
		},
		{
			"everything", resolvedFor(Destination{Host: "::1", User: "me", Port: 2222, KeyPath: "/k 1%", KnownHosts: Ignore},
				Setting{"connecttimeout", "60"}, Setting{"serveraliveinterval", "5"}, Setting{"logverbose", "none"}),
			MasterOptions{ControlPath: "/r%/c", ConnectTimeout: 1500 * time.Millisecond, KeepAlive: 20 * time.Second, Persist: 30 * time.Minute, StoreHostKey: true, Proxy: "ssh -S x -W '[%h]:%p' -- b"},
			[]string{"-l", "me", "-p", "2222", "-o", `IdentityFile="/k 1%%"`, "-o", "IdentitiesOnly=yes", "-o", "CertificateFile=none", "-o", "PKCS11Provider=none",
				"-M", "-N", "-f", "-n", "-T", "-S", "/r%%/c",
				"-o", "ConnectTimeout=60", "-o", "ServerAliveInterval=5", "-o", "ServerAliveCountMax=3", "-o", "KnownHostsCommand=none", "-o", "BatchMode=yes",
				"-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "GlobalKnownHostsFile=/dev/null",
				"-o", "VerifyHostKeyDNS=no", "-o", "UpdateHostKeys=no", "-o", "ControlPersist=1800",
				"-o", "ClearAllForwardings=yes", "-o", "ForwardX11=no", "-o", "PermitLocalCommand=no", "-o", "RemoteCommand=none", "-o", "Tunnel=no",
				"-o", "SendEnv=LC_RELAY_SESSION", "-o", "LogLevel=VERBOSE", "-o", "LogVerbose=sshconnect.c:verify_host_key():*,sshconnect2.c:sign_and_send_pubkey():*",
				"-o", "ProxyJump=none", "-o", "ProxyCommand=ssh -S x -W '[%h]:%p' -- b", "--", "::1"},
		},
		{
			"a person at a terminal", resolvedFor(Destination{Host: "web1"}, ask), MasterOptions{ControlPath: "/c", Interactive: true, StoreHostKey: true},
			[]string{"-M", "-N", "-f", "-n", "-T", "-S", "/c",
				"-o", "ConnectTimeout=10", "-o", "ServerAliveInterval=10", "-o", "ServerAliveCountMax=3", "-o", "ControlPersist=yes",
				"-o", "ClearAllForwardings=yes", "-o", "ForwardX11=no", "-o", "PermitLocalCommand=no", "-o", "RemoteCommand=none", "-o", "Tunnel=no",
				"-o", "SendEnv=LC_RELAY_SESSION", "-o", "LogLevel=VERBOSE", "--", "web1"},
		},
		{
			"through a bastion", withJump, MasterOptions{ControlPath: "/c", StoreHostKey: true},
			[]string{"-M", "-N", "-f", "-n", "-T", "-S", "/c",
				"-o", "ConnectTimeout=20", "-o", "ServerAliveInterval=10", "-o", "ServerAliveCountMax=3", "-o", "BatchMode=yes", "-o", "ControlPersist=yes",
				"-o", "ClearAllForwardings=yes", "-o", "ForwardX11=no", "-o", "PermitLocalCommand=no", "-o", "RemoteCommand=none", "-o", "Tunnel=no",
				"-o", "SendEnv=LC_RELAY_SESSION", "-o", "LogLevel=VERBOSE", "-o",
				"ProxyCommand=ssh -l bob -p 2201 -o ConnectTimeout=10 -o ServerAliveInterval=10 -o ServerAliveCountMax=3 -o BatchMode=yes -o StrictHostKeyChecking=accept-new" +
					" -o ClearAllForwardings=yes -o ForwardX11=no -o PermitLocalCommand=no -o RemoteCommand=none -o Tunnel=no -o LogLevel=VERBOSE -W '[%h]:%p' -- bastion",
				"--", "inner"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(lines(c.want), lines(c.r.MasterArgs(c.o))); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestProxiesLogBesideTheMaster(t *testing.T) {
	first := resolvedFor(Destination{Host: "first"})
	first.ProxyCommand = "nc -x p:1 %h %p"
	second := resolvedFor(Destination{Host: "second"})
	second.Jump = []Hop{{Resolved: first}}
	inner := resolvedFor(Destination{Host: "inner"})
	inner.Jump = []Hop{{Resolved: first}, {Resolved: second}}
	proxy := func(r *Resolved, o MasterOptions) string {
		for _, arg := range r.MasterArgs(o) {
			if command, ok := strings.CutPrefix(arg, "ProxyCommand="); ok {
				return command
			}
		}
		return ""
	}
	log := MasterOptions{Log: "/r 1%/l", Shell: "/usr/bin/zsh"}
	if got, want := proxy(first, log), `2>>'/r 1%%/l.hop0'; exec nc -x p:1 %h %p`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	for _, o := range []MasterOptions{{}, {Log: "/l"}, {Log: "/l", Shell: "/bin/csh"}, {Log: "/l", Shell: "/usr/bin/fish"}} {
		if got := proxy(first, o); got != "" {
			t.Errorf("%+v: the operator's command is replaced by %s", o, got)
		}
	}
	got := proxy(inner, log)
	for _, want := range []string{"-E '/r 1%%/l.hop1'", "/r 1%%%%/l.hop0", "%%%%h", "-W '[%h]:%p' -- second"} {
		if !strings.Contains(got, want) {
			t.Errorf("%s lacks %s", got, want)
		}
	}
}

func TestClientAndControlArgs(t *testing.T) {
	r := resolvedFor(Destination{Host: "web1", User: "me", Jump: "none"})
	r.configFile = "/c f"
	r.Jump = []Hop{{Resolved: r}} // no client travels
	common := []string{"-F", "/c f", "-l", "me", "-o", "ProxyJump=none"}
	plain := []string{"-o", "ControlMaster=no", "-o", "ProxyCommand=false", "-o", "BatchMode=yes", "-o", "LogLevel=ERROR",
		"-o", "ClearAllForwardings=yes", "-o", "ForwardX11=no", "-o", "PermitLocalCommand=no", "-o", "RemoteCommand=none", "-o", "Tunnel=no"}
	join := func(parts ...[]string) (all []string) {
		for _, p := range parts {
			all = append(all, p...)
		}
		return all
	}
	for _, c := range []struct {
		name      string
		got, want []string
	}{
		{"command", r.ClientArgs(ClientOptions{ControlPath: "/s", Command: "-x 'a b'"}), join(common, []string{"-S", "/s", "-T", "-e", "none"}, plain, []string{"--", "web1", "-x 'a b'"})},
		{"terminal", r.ClientArgs(ClientOptions{ControlPath: "/s", TTY: true, Log: "/l"}), join(common, []string{"-E", "/l", "-S", "/s", "-tt", "-e", "none"}, plain, []string{"-o", "SendEnv=LC_RELAY_SESSION", "--", "web1"})},
		{"subsystem", r.ClientArgs(ClientOptions{ControlPath: "/s", Command: "sftp", Subsystem: true}), join(common, []string{"-S", "/s", "-T", "-e", "none"}, plain, []string{"-s", "--", "web1", "sftp"})},
		{"check", r.ControlArgs("/s", "check"), join(common, []string{"-S", "/s", "-O", "check", "--", "web1"})},
	} {
		if diff := cmp.Diff(lines(c.want), lines(c.got)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", c.name, diff)
		}
	}
}

func TestKnownHostsOptions(t *testing.T) {
	const noUpdate = " UpdateHostKeys=no"
	for _, c := range []struct {
		k          KnownHosts
		configured string
		store      bool
		want       string
	}{
		{AsConfigured, "ask", true, "StrictHostKeyChecking=accept-new"},
		{AsConfigured, "ask", false, "StrictHostKeyChecking=yes" + noUpdate},
		{AsConfigured, "", true, "StrictHostKeyChecking=accept-new"},
		{AsConfigured, "accept-new", true, "StrictHostKeyChecking=accept-new"},
		{AsConfigured, "accept-new", false, "StrictHostKeyChecking=yes" + noUpdate},
		{AsConfigured, "true", true, ""},
		{AsConfigured, "true", false, "UpdateHostKeys=no"},
		{AsConfigured, "false", true, ""},
		{AsConfigured, "false", false, "UserKnownHostsFile=/dev/null" + noUpdate},
		{Strict, "false", true, "StrictHostKeyChecking=yes"},
		{Strict, "ask", false, "StrictHostKeyChecking=yes" + noUpdate},
		{AcceptNew, "true", true, "StrictHostKeyChecking=accept-new"},
		{AcceptNew, "true", false, "StrictHostKeyChecking=yes" + noUpdate},
	} {
		if got := strings.Join(c.k.options(c.configured, c.store), " "); got != c.want {
			t.Errorf("%q with %q, store %v: %q, want %q", c.k, c.configured, c.store, got, c.want)
		}
	}
	for _, store := range []bool{true, false} {
		if got := strings.Join(Ignore.options("ask", store), " "); !strings.Contains(got, "UserKnownHostsFile=/dev/null") {
			t.Errorf("ignore would store: %s", got)
		}
	}
}
