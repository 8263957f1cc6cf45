package snapshot_test

import (
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/perpdao/perpquorum/snapshot"
)

const (
	goodProposal = `{"id":"0x2d4f7b1c0a9e8d6c5b4a39281706f5e4d3c2b1a09f8e7d6c5b4a392817060504","ipfs":null,` +
		`"author":"0x01","created":1,"updated":null,"space":{"id":"vote-perp.eth"},"network":"1","type":"basic",` +
		`"title":"SYNTHETIC","choices":["For"],"strategies":[{"name":"ticket","network":"1","params":{}}],` +
		`"start":2,"end":3,"snapshot":"4","state":"closed","privacy":"",` +
		`"quorum":1e21,"quorumType":"default","link":"","flagged":false,"scores":[0.1],"scores_by_strategy":[[null]],` +
		`"scores_state":"final","scores_total":0.1,"scores_updated":5,"votes":1}`
	goodVote = `{"id":"0x2d4f7b1c0a9e8d6c5b4a39281706f5e4d3c2b1a09f8e7d6c5b4a392817060504","ipfs":null,` +
		`"voter":"0x0101010101010101010101010101010101010101","created":1,` +
		`"choice":{"1":60},"vp":5.3999999999999995,"vp_by_strategy":[1e-18],"vp_state":"final"}`
)

func TestDecodeProposal(t *testing.T) {
	without := func(fields ...string) string {
		var object map[string]json.RawMessage
		if err := json.Unmarshal([]byte(goodProposal), &object); err != nil {
			t.Fatal(err)
		}
		for _, field := range fields {
			delete(object, field)
		}
		text, err := json.Marshal(object)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	for name, tt := range map[string]struct {
		reply string
		want  error
		says  string
	}{
		"the whole reply":   {`{"data":{"proposal":` + goodProposal + `}}`, nil, ""},
		"its data":          {`{"proposal":` + goodProposal + `}`, nil, ""},
		"the bare proposal": {goodProposal, nil, ""},
		"what decides nothing": {
			without("author", "created", "flagged", "ipfs", "link", "privacy", "state", "title", "updated"), nil, ""},
		"null privacy":     {strings.Replace(goodProposal, `"privacy":""`, `"privacy":null`, 1), nil, ""},
		"cells in lists":   {strings.Replace(goodProposal, `[[null]]`, `[[[0.1]]]`, 1), nil, ""},
		"no quorum":        {without("quorum"), snapshot.ErrProtocol, "quorum is nothing"},
		"no quorum type":   {without("quorumType"), snapshot.ErrProtocol, "quorumType is nothing"},
		"no such proposal": {`{"data":{"proposal":null}}`, snapshot.ErrNotFound, ""},
		"errors": {`{"errors":[{"message":"request failed"}],"data":null}`, snapshot.ErrRefused,
			"request failed"},
		"another query's": {`{"data":{"votes":[]}}`, snapshot.ErrProtocol, "id is nothing"},
		"a list":          {`[` + goodProposal + `]`, snapshot.ErrProtocol, "want a JSON object"},
		"half a file":     {goodProposal[:100], snapshot.ErrProtocol, "want a JSON object"},
		"an empty file":   {``, snapshot.ErrProtocol, "want a JSON object"},
		"two proposals":   {goodProposal + goodProposal, snapshot.ErrProtocol, "want a JSON object"},
		"the space as plain text": {strings.Replace(goodProposal, `{"id":"vote-perp.eth"}`, `"vote-perp.eth"`, 1),
			snapshot.ErrProtocol, "space"},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := snapshot.DecodeProposal([]byte(tt.reply))
			if tt.want != nil {
				if p != nil || !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.says) {
					t.Errorf("%+v, error %v; want %v saying %q", p, err, tt.want, tt.says)
				}
				return
			}
			if err != nil || p.Space != "vote-perp.eth" || p.Snapshot != 4 || p.Quorum != 1e21 ||
				p.QuorumType != "default" || p.Scores[0] != 0.1 {
				t.Errorf("%+v, error %v", p, err)
			}
			if cell := p.ScoresByStrategy[0][0]; name == "cells in lists" && (cell == nil || *cell != 0.1) {
				t.Errorf("the cell is %v", cell)
			}
		})
	}
}

func TestDecodeVotes(t *testing.T) {
	second := strings.Replace(goodVote, "0x2d", "0x3d", 1)
	odd := strings.Replace(goodVote, "5.3999999999999995", `"all"`, 1)
	for name, tt := range map[string]struct {
		reply string
		votes int
		odd   []string
		want  error
	}{
		"the whole reply": {`{"data":{"votes":[` + goodVote + `,` + second + `]}}`, 2, nil, nil},
		"its data":        {`{"votes":[` + goodVote + `]}`, 1, nil, nil},
		"the bare list":   {`[` + goodVote + `,` + second + `]`, 2, nil, nil},
		"one per line":    {goodVote + "\n" + second + "\n", 2, nil, nil},
		"one":             {goodVote, 1, nil, nil},
		"none":            {`{"data":{"votes":[]}}`, 0, nil, nil},
		"without ipfs":    {`[` + strings.Replace(goodVote, `"ipfs":null,`, ``, 1) + `]`, 1, nil, nil},
		"two odd rows": {`[` + odd + `,` + goodVote + `,null,` + second + `]`, 2,
			[]string{`votes[0]: vp is "all"`, "votes[2]: the object itself is null"}, nil},
		"an odd line":     {goodVote + "\n" + odd, 1, []string{"votes[1]: vp"}, nil},
		"null":            {`{"data":{"votes":null}}`, 0, []string{"id is nothing"}, nil},
		"another query's": {`{"data":{"proposal":{}}}`, 0, []string{"id is nothing"}, nil},
		"errors": {`{"errors":[{"message":"request failed"}],"data":{"votes":null}}`, 0, nil,
			snapshot.ErrRefused},
		"an empty file":      {"\n", 0, nil, snapshot.ErrProtocol},
		"the end is missing": {`[` + goodVote, 0, nil, snapshot.ErrProtocol},
	} {
		t.Run(name, func(t *testing.T) {
			votes, err := snapshot.DecodeVotes([]byte(tt.reply))
			if len(votes) != tt.votes || tt.want != nil && !errors.Is(err, tt.want) {
				t.Fatalf("%d votes, error %v; want %d, %v", len(votes), err, tt.votes, tt.want)
			}
			var list interface{ Unwrap() []error }
			var found []error
			if errors.As(err, &list) {
				found = list.Unwrap()
			}
			if tt.want == nil && !slices.EqualFunc(found, tt.odd, func(err error, says string) bool {
				return errors.Is(err, snapshot.ErrProtocol) && strings.Contains(err.Error(), says)
			}) {
				t.Errorf("odd rows %v, want %q", found, tt.odd)
			}
		})
	}
}

// decoded checks what is true of any answer: nothing or an error that says what
// it is about; and what was read survives this package's own JSON.
func decoded[T any](t *testing.T, value *T, err error) {
	t.Helper()
	if err != nil {
		if !errors.Is(err, snapshot.ErrProtocol) && !errors.Is(err, snapshot.ErrRefused) &&
			!errors.Is(err, snapshot.ErrNotFound) {
			t.Fatalf("error %v is of no kind", err)
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

// A proposal or vote with a part of what was signed would look forged: the rest
// is read only if all of it is there.
func TestDecodeWhatWasSigned(t *testing.T) {
	const more = `"body":"b","discussion":null,"labels":["l"],"plugins":null,"app":"a",`
	whole := strings.Replace(goodProposal, `{`, `{`+more, 1)
	p, err := snapshot.DecodeProposal([]byte(whole))
	if err != nil || p.Body != "b" || p.App != "a" || string(p.Plugins) != `{}` ||
		!slices.Equal(p.Labels, []string{"l"}) {
		t.Errorf("%+v, error %v", p, err)
	}
	for _, field := range []string{
		`"body":"b",`, `"discussion":null,`, `"labels":["l"],`, `"plugins":null,`, `"app":"a",`,
		`"author":"0x01",`, `"created":1,`, `"updated":null,`, `"title":"SYNTHETIC",`, `"privacy":"",`,
	} {
		p, err := snapshot.DecodeProposal([]byte(strings.Replace(whole, field, ``, 1)))
		if err != nil || p.Plugins != nil || p.Body != "" {
			t.Errorf("without %s: %+v, error %v", field, p, err)
		}
	}
	for fields, want := range map[string]string{
		`"reason":"r","app":"a","metadata":{"k": 1},`: `{"k": 1}`,
		`"reason":null,"app":null,"metadata":null,`:   `{}`,
		`"app":"a","metadata":{},`:                    ``,
		`"reason":"r","app":"a",`:                     ``,
	} {
		votes, err := snapshot.DecodeVotes([]byte(strings.Replace(goodVote, `{`, `{`+fields, 1)))
		if err != nil || string(votes[0].Metadata) != want || want == "" && votes[0].App != "" {
			t.Errorf("%s: %+v, error %v", fields, votes, err)
		}
	}
}

func FuzzDecodeProposal(f *testing.F) {
	f.Add(goodProposal)
	f.Add(`{"data":{"proposal":` + goodProposal + `}}`)
	for _, change := range []string{`:null`, `:[]`, `:-1`, `:1e999`, `:"x"`, `:{}`} {
		f.Add(strings.Replace(goodProposal, `:1e21`, change, 1))
		f.Add(strings.Replace(goodProposal, `:[0.1]`, change, 1))
		f.Add(strings.Replace(goodProposal, `:"4"`, change, 1))
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := snapshot.DecodeProposal([]byte(text))
		decoded(t, p, err)
		if err != nil {
			if p != nil {
				t.Fatal("a proposal together with an error")
			}
			return
		}
		for _, x := range append(p.Scores, p.Quorum, p.ScoresTotal) {
			if math.IsNaN(x) || math.IsInf(x, 0) || x < 0 {
				t.Fatalf("read %v from %s", x, text)
			}
		}
	})
}

func FuzzDecodeVotes(f *testing.F) {
	f.Add(goodVote)
	f.Add(`{"data":{"votes":[` + goodVote + `,null]}}`)
	for _, change := range []string{`:null`, `:[]`, `:-1`, `:1e999`, `:"x"`, `:{}`} {
		f.Add(strings.Replace(goodVote, `:5.3999999999999995`, change, 1))
		f.Add(strings.Replace(goodVote, `:[1e-18]`, change, 1))
		f.Add(strings.Replace(goodVote, `:{"1":60}`, change, 1))
	}
	f.Fuzz(func(t *testing.T, text string) {
		votes, err := snapshot.DecodeVotes([]byte(text))
		decoded(t, &votes, err)
		for _, v := range votes {
			if math.IsNaN(v.VP) || math.IsInf(v.VP, 0) || v.VP < 0 || len(v.Choice) == 0 {
				t.Fatalf("read %+v from %s", v, text)
			}
		}
	})
}
