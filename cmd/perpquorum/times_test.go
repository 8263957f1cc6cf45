package main

import (
	"strings"
	"testing"
	"time"
)

func TestParseTime(t *testing.T) {
	t.Parallel()
	post := time.Date(2023, 5, 19, 13, 39, 35, 0, time.UTC)
	good := map[string]time.Time{
		"1684503575":                     post,
		"1684503575000":                  post,
		"1684503575250":                  post.Add(250 * time.Millisecond),
		"2023-05-19T13:39:35Z":           post,
		"2023-05-19T15:39:35+02:00":      post,
		"2023-05-19T13:39:35.5Z":         post.Add(500 * time.Millisecond),
		"Fri, 19 May 2023 13:39:35 GMT":  post,
		"fri, 19 may 2023 13:39:35 GMT":  post,
		"2023-05-19T13:39:35.500000000Z": post.Add(500 * time.Millisecond),
		"2023-05-20T13:38:35+23:59":      post,
		"2023-05-19":                     post.Truncate(24 * time.Hour),
		"0":                              time.Unix(0, 0),
		"1":                              time.Unix(1, 0),
		" 1684503575\t":                  post,
		"\u00a0“2023-05-19T13:39:35Z”":   post,
		"9999999999":                     time.Unix(9999999999, 0),
		"1970-01-01":                     time.Unix(0, 0),
		"20239999":                       time.Unix(20239999, 0), // not a date
	}
	for text, want := range good {
		got, err := parseTime(text)
		if err != nil || !got.Equal(want) || got.Location() != time.UTC {
			t.Errorf("parseTime(%q) = %v, %v; want %v", text, got, err, want.UTC())
		}
	}
	bad := map[string]string{
		"":                                   "want Unix seconds",
		"yesterday":                          "did you mean 20",
		"now":                                "did you mean 20",
		"2022-10-13 03:20:59Z":               "did you mean 2022-10-13T03:20:59Z?",
		"2022-10-13 03:20 UTC":               "did you mean 2022-10-13T03:20:00Z?",
		"2022-10-13 03:20:59+02:00":          "did you mean 2022-10-13T01:20:59Z?",
		"2022/10/13":                         "did you mean 2022-10-13?",
		"May 19 2023":                        "did you mean 2023-05-19?",
		"May 19, 2023":                       "did you mean 2023-05-19?",
		"19 May 2023":                        "did you mean 2023-05-19?",
		"May 19 2023 13:39:35":               "want Unix seconds", // of which zone?
		"Oct-13-2022 03:20:59 AM +UTC":       "did you mean 2022-10-13T03:20:59Z?",
		"Oct-13-2022 03:20:59 PM (UTC)":      "did you mean 2022-10-13T15:20:59Z?",
		"19/05/2023":                         "want Unix seconds", // or the 5th of some month?
		"-5":                                 "want Unix seconds",
		"+1684503575":                        "want Unix seconds",
		"1684503575.5":                       "want Unix seconds",
		"1,684,503,575":                      "want Unix seconds",
		"１６８４５０３５７５":                         "want Unix seconds",
		"0x6467":                             "want Unix seconds",
		"16845035751":                        "11 digits",
		"168450357500":                       "12 digits",
		"16845035750000":                     "14 digits",
		"01684503575":                        "11 digits",
		"0684503575":                         "leading zero",
		"20230519":                           "a date or Unix seconds? write 2023-05-19 or 1970-08-23T",
		"2023-05-19T13:39:35":                "offset missing",
		"2023-05-19 13:39:35":                "offset missing",
		"2023-02-29":                         "want Unix seconds",
		"2023-05-19T25:00:00Z":               "want Unix seconds",
		"Mon, 19 May 2023 13:39:35 GMT":      "19 May 2023 is a Friday",
		"Fri, 19 May 2023 13:39:35 UTC":      "did you mean 2023-05-19T13:39:35Z?",
		"Fri, 19 May 2023 13:39:35 +0200":    "did you mean 2023-05-19T11:39:35Z?",
		"Fri, 19 May 2023 13:39:35 CEST":     "want Unix seconds",
		"1969-12-31T23:59:59Z":               "before 1970",
		"2023-05-19T13:39:35.0001Z":          "finer than a millisecond",
		"2023-05-19T13:39:35.0000000000001Z": "want Unix seconds",
		"2023-05-19T13:39:35,5Z":             "want Unix seconds",
		"2023-05-19T1:39:35Z":                "want Unix seconds",
		"2023-05-19T13:39:60Z":               "want Unix seconds",
		"2023-05-19T13:39:35+24:00":          "want Unix seconds",
		"2023-05-19T13:39:35+02:60":          "want Unix seconds",
		"9999-12-31T23:59:59-00:01":          "after the year 9999",
		"Fri, 19 May 2023 13:39:35.5 GMT":    "did you mean 2023-05-19T13:39:35.5Z?",
		"Fri, 19 May 2023 3:39:35 GMT":       "did you mean 2023-05-19T03:39:35Z?",
	}
	for text, says := range bad {
		if got, err := parseTime(text); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("parseTime(%q) = %v, %v; want an error saying %q", text, got, err, says)
		}
	}
}

func FuzzParseTime(f *testing.F) {
	for _, s := range []string{
		"1684503575", "1684503575000", "2023-05-19T13:39:35Z", "Fri, 19 May 2023 13:39:35 GMT", "2023-05-19",
		"2023-05-19T13:39:35,5Z",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := parseTime(s)
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("error of %q has more than one line: %q", s, err)
			}
			return
		}
		if got.Unix() < 0 || got.Location() != time.UTC {
			t.Errorf("parseTime(%q) = %v", s, got)
		}
		again, err := parseTime(got.Format(time.RFC3339Nano))
		if err != nil || !again.Equal(got) {
			t.Errorf("parseTime(%q) = %v, which is read again as %v, %v", s, got, again, err)
		}
	})
}
