package cli

import (
	"net"
	"strings"
	"testing"

	"relay-shell/internal/config"
)

// TestAuditOptions has the settings whose zero means something else to the log, and mirrors.
func TestAuditOptions(t *testing.T) {
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	s := &session{cfg: &config.Config{AuditRetention: 0, AuditMirror: []string{"syslog://" + server.LocalAddr().String()}}}
	o, err := s.auditOptions("x")
	if err != nil || o.Retention >= 0 || len(o.Mirrors) != 1 {
		t.Fatalf("%+v %v", o, err)
	}
	if err := o.Mirrors[0].Close(); err != nil {
		t.Error(err)
	}
	s.cfg.AuditMirror = append(s.cfg.AuditMirror, "file:/nowhere/at/all")
	if _, err := s.auditOptions("x"); err == nil || !strings.Contains(err.Error(), "RELAY_SHELL_AUDIT_MIRROR: file:/nowhere/at/all: ") {
		t.Error(err)
	}
}
