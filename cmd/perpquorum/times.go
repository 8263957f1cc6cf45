package main

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// timeHelp explains TIME.
const timeHelp = `1684503575                       Unix seconds
1684503575000                    Unix milliseconds (13 digits)
2023-05-19T13:39:35Z             RFC 3339, with any offset
"Fri, 19 May 2023 13:39:35 GMT"  the form of the forum and of Snapshot
2023-05-19                       a date: midnight UTC`

var errTime = errors.New("want Unix seconds, Unix milliseconds (13 digits), RFC 3339 such as 2023-05-19T13:39:35Z, " +
	`"Fri, 19 May 2023 13:39:35 GMT" or a date`)

// parseTime reads a TIME of the command line, to the millisecond, UTC. Spaces and quotes that
// were copied with it are dropped.
func parseTime(s string) (time.Time, error) {
	s = strings.Trim(s, " \t\u00a0\"'“”‘’„«»")
	t, err := readTime(s)
	if guess, ok := guessTime(s, time.Now()); ok && err == errTime {
		err = fmt.Errorf("did you mean %s?", guess)
	}
	switch {
	case err != nil:
	case t.Unix() < 0:
		err = errors.New("before 1970, when Unix time begins")
	case t.UTC().Year() > 9999:
		err = errors.New("after the year 9999")
	case t.Nanosecond()%int(time.Millisecond) != 0:
		err = errors.New("finer than a millisecond")
	}
	if err != nil {
		return time.Time{}, usagef("time %s: %w", quote(s), err)
	}
	return t.UTC(), nil
}

func readTime(s string) (time.Time, error) {
	if s != "" && strings.Trim(s, "0123456789") == "" {
		return readUnix(s)
	}
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		return t, nil
	}
	if rfc3339.MatchString(s) {
		if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
			return t, nil
		}
	}
	if t, err := time.Parse(http.TimeFormat, s); err == nil {
		return checkWeekday(t, s)
	}
	if _, err := time.Parse("2006-01-02T15:04:05", strings.Replace(s, " ", "T", 1)); err == nil {
		return time.Time{}, errors.New("offset missing: write it as RFC 3339 with Z for UTC, such as 2023-05-19T13:39:35Z")
	}
	return time.Time{}, errTime
}

// guessTime is the spelling that is read of a time that people write in another one, such as
// those of block explorers. It is only suggested: whoever means another time sees that.
func guessTime(s string, now time.Time) (string, bool) {
	s = strings.Join(strings.Fields(s), " ")
	for day, word := range []string{"today", "yesterday"} {
		if strings.EqualFold(s, word) {
			return now.UTC().AddDate(0, 0, -day).Format(time.DateOnly), true
		}
	}
	if strings.EqualFold(s, "now") {
		return now.UTC().Format(time.RFC3339), true
	}
	plain := strings.NewReplacer(",", "", " (UTC)", "", " +UTC", "", " UTC", "", " GMT", "").Replace(s)
	for _, date := range []string{"2006-01-02", "2006/01/02", "January 2 2006", "Jan 2 2006", "2 January 2006",
		"2 Jan 2006", "Jan-02-2006", "Mon 2 Jan 2006", "Mon Jan 2 2006"} {
		if t, err := time.Parse(date, plain); err == nil {
			return t.Format(time.DateOnly), true
		}
		for _, clock := range []string{"15:04:05Z07:00", "15:04Z07:00", "15:04:05 -0700", "15:04:05", "15:04",
			"03:04:05 PM", "3:04 PM"} {
			// A time without offset is one of UTC only where it says so.
			t, err := time.Parse(date+" "+clock, plain)
			if zoned := strings.Contains(clock, "07") || plain != strings.ReplaceAll(s, ",", ""); err == nil && zoned {
				return t.UTC().Format(time.RFC3339Nano), true
			}
		}
	}
	return "", false
}

// rfc3339 is stricter than time.Parse, which takes hours of one digit, commas,
// offsets of a day, and digits of a second that it then drops.
var rfc3339 = regexp.MustCompile(`^[^,]{10}T[0-9]{2}:[^,]{5}(\.[0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$`)

// checkWeekday refuses what time.Parse lets pass in the forum's form: any
// weekday, though a wrong one means that the date is not the one that was meant,
// and fractions of a second.
func checkWeekday(t time.Time, s string) (time.Time, error) {
	switch want := t.Format(http.TimeFormat); {
	case strings.EqualFold(want, s):
		return t, nil
	case !strings.EqualFold(want[:3], s[:3]):
		return time.Time{}, fmt.Errorf("%s is a %s", t.Format("2 January 2006"), t.Weekday())
	}
	return time.Time{}, errTime
}

// readUnix reads a number of Unix seconds or, if it has 13 digits, milliseconds.
func readUnix(digits string) (time.Time, error) {
	if len(digits) != 13 && len(digits) > 10 {
		return time.Time{}, fmt.Errorf("%d digits: Unix seconds have at most 10, Unix milliseconds 13", len(digits))
	}
	if len(digits) > 1 && digits[0] == '0' {
		return time.Time{}, errors.New("leading zero")
	}
	if day, err := time.Parse("20060102", digits); err == nil {
		return time.Time{}, fmt.Errorf("a date or Unix seconds? write %s or %s",
			day.Format(time.DateOnly), unixSeconds(digits).Format(time.RFC3339))
	}
	if len(digits) == 13 {
		ms, err := strconv.ParseInt(digits, 10, 64)
		return time.UnixMilli(ms), err
	}
	return unixSeconds(digits), nil
}

// unixSeconds converts at most ten digits.
func unixSeconds(digits string) time.Time {
	n, _ := strconv.ParseInt(digits, 10, 64) // cannot fail: at most ten digits
	return time.Unix(n, 0).UTC()
}
