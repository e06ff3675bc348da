package redact

// execve looks at a command as the kernel's audit writes it: a0="curl" a1="-u" a2="user:password".
func (sc *scanner) execve(at, _ int) {
	const longest = 64
	s := sc.s
	if at > 0 && s[at-1] != ' ' {
		return
	}
	var words []word
	for i := at; len(words) < longest && byteAt(s, i) == 'a'; {
		eq := run(s, i+1, isDigit)
		if eq == i+1 || byteAt(s, eq) != '=' {
			break
		}
		stop := run(s, eq+1, func(c byte) bool { return c > ' ' })
		if x, ok := quoted(s, eq+1); ok && !x.open {
			words = append(words, word{x.start, x.end})
			stop = x.next
		} else {
			words = append(words, word{eq + 1, stop})
		}
		i = skipBlank(s, stop)
	}
	if len(words) > 1 {
		sc.walk(words)
	}
}

// cookieJar looks at the two last flags in a line of a file of cookies, as curl and Netscape keep them: seven fields between tabs.
func (sc *scanner) cookieJar(_, end int) {
	s := sc.s
	expires := run(s, end, isDigit)
	name := run(s, expires+1, func(c byte) bool { return c > ' ' })
	stop := run(s, name+1, func(c byte) bool { return c > ' ' })
	if expires == end || byteAt(s, expires) != '\t' || name == expires+1 || byteAt(s, name) != '\t' {
		return
	}
	if v := s[name+1 : stop]; tokenLike(v, 12) || cookieName(s[expires+1:name]) && tokenLike(v, 6) {
		sc.add(name+1, stop, kindCookie, rankFormat)
	}
}
