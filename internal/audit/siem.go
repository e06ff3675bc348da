package audit

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// product is how the record's sender is named to a SIEM.
const (
	vendor  = "relay-shell"
	product = "relay-shell"
)

// pair is one extension field. SIEMs want their own names for what they know, and take any for what they don't.
type pair struct{ key, value string }

// cef is the record as ArcSight Common Event Format, version 0: a header with | between its fields and an extension of key=value.
func (r *Record) cef() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "CEF:0|%s|%s|%d|%s|%s|%d|", vendor, product, Version, cefHeader(r.event()), cefHeader(r.name()), r.severity())
	known := []pair{
		{"rt", strconv.FormatInt(r.TS.UnixMilli(), 10)}, {"externalId", r.Call}, {"suser", r.Principal}, {"requestClientApplication", r.Client},
		{"act", r.act()}, {"outcome", r.Outcome},
	}
	known = append(known, r.hostPairs("dhost", "dst", "dpt", "duser")...)
	known = append(known, pair{"reason", r.failure()}, pair{"msg", string(r.Args)})
	// Custom fields come in pairs of a value and its label; six of strings are defined.
	own := slices.DeleteFunc(r.ownPairs(), func(p pair) bool { return p.value == "" })
	for i, p := range own[:min(len(own), 6)] {
		known = append(known, pair{fmt.Sprintf("cs%dLabel", i+1), p.key}, pair{fmt.Sprintf("cs%d", i+1), p.value})
	}
	known = append(known, pair{"cn1Label", "seq"}, pair{"cn1", strconv.FormatInt(r.Seq, 10)}, pair{"cn2Label", "tier"}, pair{"cn2", strconv.Itoa(r.Tier)})
	if r.Phase == Result {
		known = append(known, pair{"cn3Label", "duration_ms"}, pair{"cn3", strconv.FormatInt(r.DurationMS, 10)}, pair{"out", strconv.FormatInt(r.OutputLen, 10)})
	}
	first := true
	for _, p := range known {
		if p.value == "" {
			continue
		}
		if !first {
			b.WriteByte(' ')
		}
		first = false
		b.WriteString(p.key + "=" + cefValue(p.value))
	}
	return []byte(b.String())
}

// leef is the record as QRadar Log Event Extended Format, version 2.0, with tabs between its attributes.
func (r *Record) leef() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "LEEF:2.0|%s|%s|%d|%s|x09|", vendor, product, Version, leefHeader(r.event()))
	pairs := []pair{
		{"devTime", r.TS.UTC().Format("2006-01-02T15:04:05.000Z")}, {"devTimeFormat", "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'"}, {"cat", r.Tool},
		{"sev", strconv.Itoa(r.severity())}, {"usrName", r.Principal},
	}
	pairs = append(pairs, r.hostPairs("dstHost", "dst", "dstPort", "dstUser")...)
	pairs = append(pairs,
		pair{"seq", strconv.FormatInt(r.Seq, 10)}, pair{"call", r.Call}, pair{"tier", strconv.Itoa(r.Tier)}, pair{"action", r.act()}, pair{"client", r.Client},
		pair{"outcome", r.Outcome}, pair{"reason", r.failure()}, pair{"args", string(r.Args)},
	)
	pairs = append(pairs, r.ownPairs()...)
	if r.Phase == Result {
		pairs = append(pairs, pair{"durationMs", strconv.FormatInt(r.DurationMS, 10)}, pair{"outputLen", strconv.FormatInt(r.OutputLen, 10)})
	}
	first := true
	for _, p := range pairs {
		if p.value == "" {
			continue
		}
		if !first {
			b.WriteByte('\t')
		}
		first = false
		b.WriteString(p.key + "=" + leefValue(p.value))
	}
	return []byte(b.String())
}

// event is the class of the event: what was called, and whether before or after.
func (r *Record) event() string { return r.Tool + ":" + string(r.Phase) }

func (r *Record) name() string {
	switch {
	case r.Denied:
		return r.Tool + " denied"
	case r.Phase == Intent:
		return r.Tool + " begins"
	case r.Phase == Result:
		return r.Tool + " " + r.Outcome
	}
	return "audit log " + r.Action
}

// act is what was done with the call.
func (r *Record) act() string {
	if r.Denied {
		return "denied"
	}
	return r.Action
}

func (r *Record) failure() string {
	if r.Error == nil {
		return ""
	}
	return r.Error.Code + ": " + r.Error.Message
}

// severity maps the tier to 0 (least) to 10: a denial is worth a look, damage to the log more.
func (r *Record) severity() int {
	s := []int{1, 3, 6, 8}[min(max(r.Tier, 0), 3)]
	if r.Denied {
		s = max(s, 7)
	}
	if r.Phase == Housekeeping && r.Action != actionSegment && r.Action != actionRetention {
		s = 9
	}
	return s
}

func (r *Record) hostPairs(name, addr, port, user string) []pair {
	if r.Host == nil {
		return nil
	}
	pairs := []pair{{name, r.Host.Alias}, {user, r.Host.User}}
	if ip, err := netip.ParseAddr(r.Host.Hostname); err == nil { // both formats take nothing but an address there
		pairs = append(pairs, pair{addr, ip.String()})
	}
	if r.Host.Port > 0 {
		pairs = append(pairs, pair{port, strconv.Itoa(r.Host.Port)})
	}
	return pairs
}

// ownPairs are the fields that no SIEM has a name for, the most telling first.
func (r *Record) ownPairs() []pair {
	hostname := ""
	if r.Host != nil {
		hostname = r.Host.Hostname
	}
	return []pair{
		{"hostname", hostname}, {"argsSha256", r.ArgsSHA256}, {"session", r.Session}, {"mode", r.Mode}, {"exitCode", exitText(r.ExitCode)}, {"outputSha256", r.OutputSHA256}, {"signal", r.Signal}, {"rules", r.Rules},
	}
}

var (
	cefHeaderEscapes  = strings.NewReplacer(`\`, `\\`, `|`, `\|`, "\r", " ", "\n", " ")
	cefValueEscapes   = strings.NewReplacer(`\`, `\\`, `=`, `\=`, "\r", `\r`, "\n", `\n`)
	leefHeaderEscapes = strings.NewReplacer(`\`, `\\`, `|`, `\|`, "\t", " ", "\r", " ", "\n", " ")
	leefValueEscapes  = strings.NewReplacer(`\`, `\\`, "\t", `\t`, "\r", `\r`, "\n", `\n`)
)

func cefHeader(s string) string  { return visible(cefHeaderEscapes.Replace(s)) }
func cefValue(s string) string   { return visible(cefValueEscapes.Replace(s)) }
func leefHeader(s string) string { return visible(leefHeaderEscapes.Replace(s)) }
func leefValue(s string) string  { return visible(leefValueEscapes.Replace(s)) }
