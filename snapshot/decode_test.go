package snapshot

import (
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	tests := []struct {
		name, after, reset string
		want               time.Duration
		ok                 bool
	}{
		{"nothing", "", "", 0, false},
		{"seconds", "60", "", time.Minute, true},
		{"zero", "0", "", 0, true},
		{"spaces", " 60 ", "", time.Minute, true},
		{"date", "Fri, 02 Jan 2026 03:05:05 GMT", "", time.Minute, true},
		{"date in the past", "Fri, 02 Jan 2026 03:00:00 GMT", "", 0, true},
		{"negative", "-60", "", 0, false},
		{"fraction", "1.5", "", 0, false},
		{"words", "soon", "", 0, false},
		{"beyond a Duration", "99999999999999999999999", "", math.MaxInt64 / time.Second * time.Second, true},
		{"only the reset", "", "12", 12 * time.Second, true},
		{"both", "60", "12", time.Minute, true},
		{"unreadable before the reset", "soon", "12", 12 * time.Second, true},
		{"reset as Unix time", "", strconv.FormatInt(now.Unix()+30, 10), 30 * time.Second, true},
		{"reset as Unix time in the past", "", strconv.FormatInt(now.Unix()-30, 10), 0, true},
	}
	for _, tt := range tests {
		h := http.Header{"Retry-After": {tt.after}, "Ratelimit-Reset": {tt.reset}}
		if got, ok := retryAfter(h, now); got != tt.want || ok != tt.ok {
			t.Errorf("%s: %v %v, want %v %v", tt.name, got, ok, tt.want, tt.ok)
		}
	}
}

func FuzzRetryAfter(f *testing.F) {
	for _, seed := range []string{"60", "Fri, 02 Jan 2026 03:05:05 GMT", "", "-1", "1e9", "999999999999999999999", "1798761600", "Friday, 02-Jan-26 03:05:05 GMT"} {
		f.Add(seed, seed)
	}
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	f.Fuzz(func(t *testing.T, after, reset string) {
		d, ok := retryAfter(http.Header{"Retry-After": {after}, "Ratelimit-Reset": {reset}}, now)
		if d < 0 || !ok && d != 0 {
			t.Fatalf("%q %q: %v %v", after, reset, d, ok)
		}
	})
}

const (
	goodProposal = `{"id":"0x2d4f7b1c0a9e8d6c5b4a39281706f5e4d3c2b1a09f8e7d6c5b4a392817060504","ipfs":null,"author":"0x01","created":1,"updated":null,"space":{"id":"vote-perp.eth"},
"network":"1","type":"basic","title":"SYNTHETIC","choices":["For"],"strategies":[{"name":"ticket","network":"1","params":{}}],"start":2,"end":3,"snapshot":"4","state":"closed",
"privacy":"","quorum":1e21,"quorumType":"default","link":"","flagged":false,"scores":[0.1],"scores_by_strategy":[[null]],"scores_state":"final","scores_total":0.1,"scores_updated":5,"votes":1}`
	goodVote = `{"id":"0x2d4f7b1c0a9e8d6c5b4a39281706f5e4d3c2b1a09f8e7d6c5b4a392817060504","ipfs":null,"voter":"0x0101010101010101010101010101010101010101","created":1,
"choice":{"1":60},"vp":5.3999999999999995,"vp_by_strategy":[1e-18],"vp_state":"final"}`
)

// decoded checks what must hold for any answer: nothing or an error that says
// what it is about; and what was read survives this package's own JSON.
func decoded[T any](t *testing.T, value *T, err error) {
	t.Helper()
	if err != nil {
		if value != nil {
			t.Fatal("a value together with an error")
		}
		if !errors.Is(err, ErrProtocol) {
			t.Fatalf("error %v is not ErrProtocol", err)
		}
		return
	}
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	again := new(T)
	if err := json.Unmarshal(text, again); err != nil {
		t.Fatal(err)
	}
	second, err := json.Marshal(again)
	if err != nil || string(second) != string(text) {
		t.Fatalf("%s becomes %s, error %v", text, second, err)
	}
}

func FuzzDecodeProposal(f *testing.F) {
	f.Add(goodProposal)
	for _, change := range []string{`:null`, `:[]`, `:-1`, `:1e999`, `:"x"`, `:{}`} {
		f.Add(strings.Replace(goodProposal, `:1e21`, change, 1))
		f.Add(strings.Replace(goodProposal, `:[0.1]`, change, 1))
		f.Add(strings.Replace(goodProposal, `:"4"`, change, 1))
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := decodeProposal("proposal", json.RawMessage(text))
		decoded(t, p, err)
		if err != nil {
			return
		}
		for _, x := range append(p.Scores, p.Quorum, p.ScoresTotal) {
			if math.IsNaN(x) || math.IsInf(x, 0) || x < 0 {
				t.Fatalf("read %v from %s", x, text)
			}
		}
	})
}

func FuzzDecodeVote(f *testing.F) {
	f.Add(goodVote)
	for _, change := range []string{`:null`, `:[]`, `:-1`, `:1e999`, `:"x"`, `:{}`} {
		f.Add(strings.Replace(goodVote, `:5.3999999999999995`, change, 1))
		f.Add(strings.Replace(goodVote, `:[1e-18]`, change, 1))
		f.Add(strings.Replace(goodVote, `:{"1":60}`, change, 1))
	}
	f.Fuzz(func(t *testing.T, text string) {
		v, err := decodeVote("vote", json.RawMessage(text))
		decoded(t, v, err)
		if err == nil && (math.IsNaN(v.VP) || math.IsInf(v.VP, 0) || v.VP < 0 || len(v.Choice) == 0) {
			t.Fatalf("read %+v from %s", v, text)
		}
	})
}

// The seeds that are meant to be good are.
func TestDecodeGood(t *testing.T) {
	if p, err := decodeProposal("proposal", json.RawMessage(goodProposal)); err != nil || p.Snapshot != 4 || p.Quorum != 1e21 {
		t.Errorf("%+v, error %v", p, err)
	}
	if v, err := decodeVote("vote", json.RawMessage(goodVote)); err != nil || v.VP != 5.3999999999999995 || v.VPByStrategy[0] != 1e-18 {
		t.Errorf("%+v, error %v", v, err)
	}
}
