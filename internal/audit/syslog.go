package audit

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"log/syslog"
	"net"
	"strings"
)

// syslogAddress reads where a syslog is: the local one ("syslog", an empty address) or a server ("syslog://host:port" by UDP, "syslog+tcp://host:port").
func syslogAddress(spec string) (network, addr string, err error) {
	if spec == "syslog" {
		return "", "", nil
	}
	network, addr = "udp", strings.TrimPrefix(spec, "syslog://")
	if rest, ok := strings.CutPrefix(spec, "syslog+tcp://"); ok {
		network, addr = "tcp", rest
	} else if addr == spec {
		return "", "", fmt.Errorf("%q is none of syslog, syslog://host:port, syslog+tcp://host:port", spec)
	}
	if _, _, err := net.SplitHostPort(addr); err != nil {
		return "", "", fmt.Errorf("%q: %w", spec, err)
	}
	return network, addr, nil
}

// openSyslog connects to a syslog.
func openSyslog(spec string) (*syslog.Writer, error) {
	network, addr, err := syslogAddress(spec)
	if err != nil {
		return nil, err
	}
	w, err := syslog.Dial(network, addr, syslog.LOG_AUTHPRIV|syslog.LOG_NOTICE, product)
	if err != nil {
		return nil, fmt.Errorf("connecting to syslog: %w", err)
	}
	return w, nil
}

// maxDatagram is what certainly fits into a datagram; a longer record is cut, and says so. The log holds it whole.
const maxDatagram = 60 << 10

type syslogMirror struct {
	w    *syslog.Writer
	form Format
}

func (m *syslogMirror) Mirror(r *Record, line []byte) error {
	text := bytes.TrimSuffix(formed(m.form, r, line), []byte("\n"))
	return m.w.Notice(string(fit(text)))
}

func (m *syslogMirror) Close() error { return m.w.Close() }

func fit(text []byte) []byte {
	if len(text) <= maxDatagram {
		return text
	}
	return fmt.Appendf(append([]byte(nil), text[:maxDatagram]...), "...(+%d bytes)", len(text)-maxDatagram)
}

// journalSocket is where systemd-journald listens (systemd.io, Native Journal Protocol).
const journalSocket = "/run/systemd/journal/socket"

// journal sends records to systemd-journald as fields, so that journalctl can select by them.
type journal struct{ conn *net.UnixConn }

func openJournal(socket string) (*journal, error) {
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		return nil, fmt.Errorf("connecting to journald: %w", err)
	}
	return &journal{conn}, nil
}

func (j *journal) Mirror(r *Record, line []byte) error {
	var b bytes.Buffer
	host := ""
	if r.Host != nil {
		host = r.Host.Alias
	}
	for _, p := range []pair{
		{"MESSAGE", string(fit(bytes.TrimSuffix(line, []byte("\n"))))}, {"SYSLOG_IDENTIFIER", product}, {"PRIORITY", priority(r)},
		{"RELAY_SHELL_SEQ", fmt.Sprint(r.Seq)}, {"RELAY_SHELL_CALL", r.Call}, {"RELAY_SHELL_TOOL", r.Tool}, {"RELAY_SHELL_TIER", fmt.Sprint(r.Tier)},
		{"RELAY_SHELL_HOST", host}, {"RELAY_SHELL_PRINCIPAL", r.Principal}, {"RELAY_SHELL_OUTCOME", r.Outcome},
	} {
		if p.value != "" {
			journalField(&b, p.key, p.value)
		}
	}
	_, err := j.conn.Write(b.Bytes())
	return err
}

func (j *journal) Close() error { return j.conn.Close() }

// journalField writes one field: key=value, or, where the value has newlines, the key and the value with its length.
func journalField(b *bytes.Buffer, key, value string) {
	b.WriteString(key)
	if strings.Contains(value, "\n") {
		b.WriteByte('\n')
		_ = binary.Write(b, binary.LittleEndian, uint64(len(value))) // a buffer takes everything
	} else {
		b.WriteByte('=')
	}
	b.WriteString(value)
	b.WriteByte('\n')
}

// priority is the syslog level: notice, or warning for what a person should look at.
func priority(r *Record) string {
	if r.severity() >= 7 {
		return "4"
	}
	return "5"
}
