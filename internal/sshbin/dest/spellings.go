package dest

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Spellings lists the forms under which a rule may know host: as given, in lower case without a final dot, and for
// an address, however odd its spelling, the canonical one. The C library reads 2130706433, 0x7f.1, 0177.0.0.1 and
// 127.1 all as 127.0.0.1 (inet_aton(3)), and the kernel takes ::ffff:127.0.0.1 and 0.0.0.0 there, too.
func Spellings(host string) []string {
	names := []string{host}
	add := func(s string) {
		if s != "" && !slices.Contains(names, s) {
			names = append(names, s)
		}
	}
	plain := strings.ToLower(strings.TrimSuffix(host, "."))
	add(plain)
	addr, err := netip.ParseAddr(plain)
	if err != nil {
		if addr, err = looseIPv4(plain); err != nil {
			return names
		}
	}
	add(addr.String())
	add(addr.WithZone("").String())
	addr = addr.WithZone("").Unmap()
	add(addr.String())
	if addr.Is6() {
		add(addr.StringExpanded())
	}
	if addr.IsUnspecified() { // connecting to the unspecified address reaches this machine
		if addr.Is4() {
			add("127.0.0.1")
		} else {
			add("::1")
		}
	}
	return names
}

// looseIPv4 reads an address as inet_aton(3) does: one to four parts, each decimal, octal with a leading 0 or
// hexadecimal with 0x, the last one filling the rest.
func looseIPv4(s string) (netip.Addr, error) {
	parts := strings.Split(s, ".")
	if len(parts) > 4 {
		return netip.Addr{}, strconv.ErrSyntax
	}
	var value uint64
	for i, part := range parts {
		n, err := parseCNumber(part)
		if err != nil {
			return netip.Addr{}, err
		}
		if i < len(parts)-1 {
			if n > 255 {
				return netip.Addr{}, strconv.ErrRange
			}
			value = value<<8 | n
			continue
		}
		bits := 8 * (4 - i)
		if n >= 1<<bits {
			return netip.Addr{}, strconv.ErrRange
		}
		value = value<<bits | n
	}
	return netip.AddrFrom4([4]byte{byte(value >> 24), byte(value >> 16), byte(value >> 8), byte(value)}), nil
}

func parseCNumber(s string) (uint64, error) {
	switch {
	case strings.HasPrefix(s, "0x"):
		if s == "0x" { // glibc reads a bare 0x as zero
			return 0, nil
		}
		return strconv.ParseUint(s[2:], 16, 33)
	case len(s) > 1 && s[0] == '0':
		return strconv.ParseUint(s[1:], 8, 33)
	}
	return strconv.ParseUint(s, 10, 33)
}
