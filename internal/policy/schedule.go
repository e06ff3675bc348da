package policy

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// schedule is a set of weekly spans of time.
type schedule struct {
	zone  *time.Location
	spans []span
}

// span is a time of day on some days of the week, in minutes. One that ends before it begins goes on until the next day.
type span struct {
	days     [7]bool
	from, to int
}

// parseSchedule reads "Mon-Fri 08:00-18:00, Sat 10:00-12:00"; days left out mean every day.
func parseSchedule(s, zone string) (*schedule, error) {
	out := &schedule{zone: time.Local}
	if zone != "" {
		z, err := time.LoadLocation(zone)
		if err != nil {
			return nil, err
		}
		out.zone = z
	}
	for _, part := range strings.Split(s, ",") {
		f := strings.Fields(part)
		var sp span
		var err error
		switch len(f) {
		case 1:
			sp.days = [7]bool{true, true, true, true, true, true, true}
			sp.from, sp.to, err = parseTimes(f[0])
		case 2:
			if sp.days, err = parseDays(f[0]); err == nil {
				sp.from, sp.to, err = parseTimes(f[1])
			}
		default:
			err = fmt.Errorf("%q is not like Mon-Fri 08:00-18:00", strings.TrimSpace(part))
		}
		if err != nil {
			return nil, err
		}
		out.spans = append(out.spans, sp)
	}
	return out, nil
}

var weekdays = [7]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

func parseDays(s string) (days [7]bool, err error) {
	from, to, ok := strings.Cut(strings.ToLower(s), "-")
	if !ok {
		to = from
	}
	first, last := -1, -1
	for i, name := range weekdays {
		if from == name {
			first = i
		}
		if to == name {
			last = i
		}
	}
	if first < 0 || last < 0 {
		return days, fmt.Errorf("unknown days %q", s)
	}
	for i := first; ; i = (i + 1) % 7 {
		days[i] = true
		if i == last {
			return days, nil
		}
	}
}

func parseTimes(s string) (from, to int, err error) {
	a, b, ok := strings.Cut(s, "-")
	if !ok {
		return 0, 0, fmt.Errorf("%q is not like 08:00-18:00", s)
	}
	var errA, errB error
	from, errA = minutes(a)
	to, errB = minutes(b)
	if errA == nil && errB == nil && from == to {
		return 0, 0, fmt.Errorf("%q is no time at all; the whole day is 00:00-24:00", s)
	}
	return from, to, errors.Join(errA, errB)
}

func minutes(s string) (int, error) {
	if s == "24:00" {
		return 24 * 60, nil
	}
	t, err := time.Parse("15:04", s)
	if err != nil {
		return 0, fmt.Errorf("%q is no time of day", s)
	}
	return t.Hour()*60 + t.Minute(), nil
}

func (s *schedule) contains(t time.Time) bool {
	t = t.In(s.zone)
	now, day := t.Hour()*60+t.Minute(), int(t.Weekday())
	for _, sp := range s.spans {
		switch {
		case sp.from <= sp.to && sp.days[day] && now >= sp.from && now < sp.to,
			sp.from > sp.to && sp.days[day] && now >= sp.from,
			sp.from > sp.to && sp.days[(day+6)%7] && now < sp.to:
			return true
		}
	}
	return false
}
