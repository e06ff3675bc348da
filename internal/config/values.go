package config

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"relay-shell/internal/nearest"
)

var errEmpty = errors.New("is empty: give a value or remove the setting")

func parseInteger(v string) (int64, error) {
	if v == "" {
		return 0, errEmpty
	}
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil {
		return 0, errors.New("is not a whole number")
	}
	return n, nil
}

// parseBoolean takes the words that relay-shell 0.3 took.
func parseBoolean(v string) (bool, error) {
	switch strings.ToLower(v) {
	case "":
		return false, errEmpty
	case "true", "1", "yes", "on", "t", "y":
		return true, nil
	case "false", "0", "no", "off", "f", "n":
		return false, nil
	}
	return false, errors.New("must be true or false")
}

func parseChoice(v string, values []string) (string, error) {
	lower := strings.ToLower(strings.TrimSpace(v))
	if slices.Contains(values, lower) {
		return lower, nil
	}
	if lower == "" {
		return "", fmt.Errorf("is empty: %s", oneOf(values))
	}
	if near := nearest.Name(lower, values); near != "" {
		return "", fmt.Errorf("%s (did you mean %s?)", oneOf(values), near)
	}
	return "", errors.New(oneOf(values))
}

func oneOf(values []string) string {
	shown := slices.DeleteFunc(slices.Clone(values), func(v string) bool { return v == "" })
	if len(shown) == 1 {
		return "must be " + shown[0]
	}
	return "must be " + strings.Join(shown[:len(shown)-1], ", ") + " or " + shown[len(shown)-1]
}

const day = 24 * time.Hour

// parseDuration reads whole seconds ("90"), Go durations ("1m30s") and days and weeks ("7d", "2w", "1d12h").
func parseDuration(v string) (time.Duration, error) {
	bad := errors.New("is not a duration: give whole seconds or, for example, 30s, 15m, 7d")
	if v == "" {
		return 0, errEmpty
	}
	if n, err := strconv.ParseInt(v, 10, 64); err == nil {
		if n < 0 || n > math.MaxInt64/int64(time.Second) {
			return 0, errors.New("is out of range")
		}
		return time.Duration(n) * time.Second, nil
	}
	var total time.Duration
	rest := v
	for _, unit := range []struct {
		letter string
		length time.Duration
	}{{"w", 7 * day}, {"d", day}} {
		number, after, found := strings.Cut(rest, unit.letter)
		if !found {
			continue
		}
		n, err := strconv.ParseUint(number, 10, 31)
		if err != nil {
			return 0, bad
		}
		if time.Duration(n) > (math.MaxInt64-total)/unit.length {
			return 0, errors.New("is out of range")
		}
		total += time.Duration(n) * unit.length
		rest = after
	}
	if rest == "" {
		return total, nil
	}
	d, err := time.ParseDuration(rest)
	if err != nil || d < 0 || strings.HasPrefix(rest, "+") || strings.HasPrefix(rest, "-") {
		return 0, bad
	}
	if d > math.MaxInt64-total {
		return 0, errors.New("is out of range")
	}
	return total + d, nil
}

// formatDuration writes whole seconds in the largest unit that fits exactly.
func formatDuration(n int64) string {
	for _, unit := range []struct {
		letter string
		length int64
	}{{"d", 86400}, {"h", 3600}, {"m", 60}} {
		if n != 0 && n%unit.length == 0 {
			return strconv.FormatInt(n/unit.length, 10) + unit.letter
		}
	}
	return strconv.FormatInt(n, 10) + "s"
}

// sizeUnits follow IEC 80000-13 where the letter i stands; a bare letter is binary too, as in dd(1) and systemd; with B
// alone it is decimal.
var sizeUnits = map[string]int64{
	"": 1, "b": 1,
	"k": 1 << 10, "kib": 1 << 10, "kb": 1e3,
	"m": 1 << 20, "mib": 1 << 20, "mb": 1e6,
	"g": 1 << 30, "gib": 1 << 30, "gb": 1e9,
	"t": 1 << 40, "tib": 1 << 40, "tb": 1e12,
}

func parseSize(v string) (int64, error) {
	if v == "" {
		return 0, errEmpty
	}
	digits := strings.TrimRightFunc(v, func(r rune) bool { return r < '0' || r > '9' })
	n, err := strconv.ParseInt(digits, 10, 64)
	unit, known := sizeUnits[strings.ToLower(strings.TrimSpace(v[len(digits):]))]
	if err != nil || !known || n < 0 {
		return 0, errors.New("is not a size: give bytes or, for example, 64KiB, 16MiB, 1GiB")
	}
	if n > math.MaxInt64/unit {
		return 0, errors.New("is out of range")
	}
	return n * unit, nil
}

func formatSize(n int64) string {
	for _, unit := range []struct {
		name   string
		length int64
	}{{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}} {
		if n != 0 && n%unit.length == 0 {
			return strconv.FormatInt(n/unit.length, 10) + unit.name
		}
	}
	return strconv.FormatInt(n, 10)
}

func checkPattern(v string) error {
	_, err := regexp.Compile(v)
	if err == nil {
		return nil
	}
	var bad *syntax.Error
	if errors.As(err, &bad) {
		return fmt.Errorf("is no RE2 pattern: %s near %q (RE2 has no lookaround and no backreferences)", bad.Code, cut(bad.Expr, 60))
	}
	return errors.New("is no RE2 pattern")
}

// checkText refuses what no setting needs and what would forge lines in messages.
func checkText(v string) error {
	if !utf8.ValidString(v) {
		return errors.New("is not valid UTF-8")
	}
	if strings.ContainsFunc(v, unicode.IsControl) {
		return errors.New("holds a control character")
	}
	return nil
}

// cut shortens what is quoted in messages, at a rune boundary.
func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit] + "…"
}
