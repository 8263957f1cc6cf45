package main

import (
	"strings"
	"testing"
	"time"

	"github.com/perpdao/perpquorum/chains"
)

func TestParseTime(t *testing.T) {
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
		"now":                                "want Unix seconds",
		"-5":                                 "want Unix seconds",
		"+1684503575":                        "want Unix seconds",
		" 1684503575":                        "want Unix seconds",
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
		"Fri, 19 May 2023 13:39:35 UTC":      "want Unix seconds",
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
		"Fri, 19 May 2023 13:39:35.5 GMT":    "want Unix seconds",
		"Fri, 19 May 2023 3:39:35 GMT":       "want Unix seconds",
	}
	for text, says := range bad {
		if got, err := parseTime(text); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("parseTime(%q) = %v, %v; want an error saying %q", text, got, err, says)
		}
	}
}

func FuzzParseTime(f *testing.F) {
	for _, s := range []string{"1684503575", "1684503575000", "2023-05-19T13:39:35Z", "Fri, 19 May 2023 13:39:35 GMT", "2023-05-19", "2023-05-19T13:39:35,5Z"} {
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

func TestParseBlocks(t *testing.T) {
	got, err := parseBlocks([]string{"ethereum=17293885", "8453=0"})
	if err != nil || len(got) != 2 || got[chains.Ethereum] != 17293885 || got[8453] != 0 {
		t.Errorf("found %v, %v", got, err)
	}
	for _, bad := range [][]string{{"ethereum"}, {"17293885"}, {"ethereum="}, {"ethereum=-1"}, {"ethereum=+1"}, {"ethereum=01"}, {"ethereum=1,2"},
		{"ethereum=0x10"}, {"mainnet=1"}, {"ethereum=1", "1=2"}, {"ethereum=9223372036854775808"},
		{"ethereum=https://rpc.example/KEY"}, {"KEY@host=1"}} {
		if got, err := parseBlocks(bad); err == nil || exitCode(err) != exitUsage || strings.Contains(err.Error(), "KEY") {
			t.Errorf("parseBlocks(%q) = %v, %v; want a usage error", bad, got, err)
		}
	}
}

func TestEndpoints(t *testing.T) {
	const secret = "https://rpc.example/v2/KEYKEYKEY"
	both := []chains.ID{chains.Ethereum, chains.Optimism}
	tests := map[string]struct {
		flags []string
		env   map[string]string
		want  string // URLs of both chains, or what the error says
	}{
		"flags in order": {
			[]string{"ethereum=a", "optimism=b", "1=c"}, nil, "a c; b"},
		"flags before environment": {
			[]string{"ethereum=a"}, map[string]string{"PERPQUORUM_RPC_ETHEREUM": "x", "PERPQUORUM_RPC_OPTIMISM": "y"}, "a; y"},
		"environment lists": {
			nil, map[string]string{"PERPQUORUM_RPC_ETHEREUM": " https://a,https://b/x,y\n http://c ", "PERPQUORUM_RPC_OPTIMISM": "y, z"}, "https://a https://b/x,y http://c; y z"},
		"a comma at the end": {
			nil, map[string]string{"PERPQUORUM_RPC_ETHEREUM": "https://a,", "PERPQUORUM_RPC_OPTIMISM": "https://y/b,c,https://z,\n"}, "https://a; https://y/b,c https://z"},
		"names of the public script": {
			nil, map[string]string{"MAINNET_WEB3_ENDPOINT": "a", "OPTIMISM_WEB3_ENDPOINT": "b"}, "a; b"},
		"own names first": {
			nil, map[string]string{"PERPQUORUM_RPC_ETHEREUM": "x", "MAINNET_WEB3_ENDPOINT": "a", "OPTIMISM_WEB3_ENDPOINT": "b"}, "x; b"},
		"one missing":    {[]string{"ethereum=a"}, nil, "no endpoint for optimism"},
		"both missing":   {nil, map[string]string{"PERPQUORUM_RPC_ETHEREUM": "  "}, "no endpoint for ethereum, optimism"},
		"not read here":  {[]string{"8453=a"}, nil, "chain 8453 is not read here"},
		"without chain":  {[]string{secret}, nil, "want CHAIN=VALUE"},
		"query in a URL": {[]string{secret + "?a=b"}, nil, "want CHAIN=VALUE"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			urls, err := endpoints(test.flags, both, func(name string) string { return test.env[name] })
			got := strings.Join(urls[chains.Ethereum], " ") + "; " + strings.Join(urls[chains.Optimism], " ")
			if err != nil {
				got = err.Error()
				if exitCode(err) != exitUsage || strings.Contains(got, "KEY") {
					t.Errorf("found exit code %d for %q", exitCode(err), got)
				}
			}
			if got != test.want && (err == nil || !strings.Contains(got, test.want)) {
				t.Errorf("found %q, want %q", got, test.want)
			}
		})
	}
}
