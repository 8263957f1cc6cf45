package snapshot_test

import (
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/perpdao/perpquorum/snapshot"
)

const (
	goodID       = "0x2d4f7b1c0a9e8d6c5b4a39281706f5e4d3c2b1a09f8e7d6c5b4a392817060504"
	goodProposal = `{"id":"` + goodID + `","ipfs":null,` +
		`"author":"0x01","created":1,"updated":null,"space":{"id":"vote-perp.eth"},"network":"1","type":"basic",` +
		`"title":"SYNTHETIC","choices":["For"],"strategies":[{"name":"ticket","network":"1","params":{}}],` +
		`"start":2,"end":3,"snapshot":"4","state":"closed","privacy":"",` +
		`"quorum":1e21,"quorumType":"default",` +
		`"body":"b","discussion":null,"labels":["l"],"plugins":null,"app":"a",` +
		`"link":"","flagged":false,"scores":[0.1],"scores_by_strategy":[[null]],` +
		`"scores_state":"final","scores_total":0.1,"scores_updated":5,"votes":1}`
	goodVote = `{"id":"0x2d4f7b1c0a9e8d6c5b4a39281706f5e4d3c2b1a09f8e7d6c5b4a392817060504","ipfs":null,` +
		`"voter":"0x0101010101010101010101010101010101010101","created":1,` +
		`"choice":{"1":60},"reason":"r","app":null,"metadata":null,` +
		`"vp":5.3999999999999995,"vp_by_strategy":[1e-18],"vp_state":"final"}`
)

// read reads the proposal of goodProposal from a hub that answers everything with one text.
func read(t *testing.T, answer string) (*snapshot.Client, *snapshot.Proposal, error) {
	client := &snapshot.Client{HTTP: &http.Client{Transport: answering(answer)}, Retries: -1}
	p, err := client.Proposal(t.Context(), goodID)
	return client, p, err
}

func TestProposalOfEachForm(t *testing.T) {
	change := func(old, new string) string { return strings.Replace(goodProposal, old, new, 1) }
	for name, tt := range map[string]struct {
		proposal string
		says     string // of an ErrProtocol
	}{
		"as it is":       {goodProposal, ""},
		"null privacy":   {change(`"privacy":""`, `"privacy":null`), ""},
		"cells in lists": {change(`[[null]]`, `[[[0.1]]]`), ""},
		"no quorum":      {change(`"quorum":1e21,`, ``), "quorum is nothing"},
		"no quorum type": {change(`"quorumType":"default",`, ``), "quorumType is nothing"},
		"no body":        {change(`"body":"b",`, ``), "body is nothing"},
		"a list":         {`[` + goodProposal + `]`, "want a JSON object"},
		"space as text":  {change(`{"id":"vote-perp.eth"}`, `"vote-perp.eth"`), "space"},
	} {
		t.Run(name, func(t *testing.T) {
			_, p, err := read(t, `{"data":{"proposal":`+tt.proposal+`}}`)
			if tt.says != "" {
				if p != nil || !errors.Is(err, snapshot.ErrProtocol) || !strings.Contains(err.Error(), tt.says) {
					t.Errorf("%+v, error %v; want one that says %q", p, err, tt.says)
				}
				return
			}
			if err != nil || p.Space != "vote-perp.eth" || p.Snapshot != 4 || p.Quorum != 1e21 ||
				p.QuorumType != "default" || p.Scores[0] != 0.1 || p.Body != "b" || string(p.Plugins) != "{}" {
				t.Fatalf("%+v, error %v", p, err)
			}
			if cell := p.ScoresByStrategy[0][0]; name == "cells in lists" && (cell == nil || *cell != 0.1) {
				t.Errorf("the cell is %v", cell)
			}
		})
	}
}

// decoded checks what is true of any answer: nothing or an error that says what
// it is about; and what was read survives this package's own JSON.
func decoded[T any](t *testing.T, value *T, err error) {
	t.Helper()
	if err != nil {
		kinds := []error{snapshot.ErrProtocol, snapshot.ErrRefused, snapshot.ErrNotFound, snapshot.ErrAuth,
			snapshot.ErrRateLimit, snapshot.ErrUnavailable}
		is := func(kind error) bool { return errors.Is(err, kind) }
		if !slices.ContainsFunc(kinds, is) && !errors.As(err, new(*snapshot.IncompleteError)) {
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

func FuzzProposal(f *testing.F) {
	f.Add(goodProposal)
	for _, change := range []string{`:null`, `:[]`, `:-1`, `:1e999`, `:"x"`, `:{}`} {
		f.Add(strings.Replace(goodProposal, `:1e21`, change, 1))
		f.Add(strings.Replace(goodProposal, `:[0.1]`, change, 1))
		f.Add(strings.Replace(goodProposal, `:"4"`, change, 1))
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, p, err := read(t, `{"data":{"proposal":`+text+`}}`)
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

func FuzzVotes(f *testing.F) {
	f.Add(goodVote)
	f.Add(goodVote + `,null`)
	for _, change := range []string{`:null`, `:[]`, `:-1`, `:1e999`, `:"x"`, `:{}`} {
		f.Add(strings.Replace(goodVote, `:5.3999999999999995`, change, 1))
		f.Add(strings.Replace(goodVote, `:[1e-18]`, change, 1))
		f.Add(strings.Replace(goodVote, `:{"1":60}`, change, 1))
	}
	f.Fuzz(func(t *testing.T, text string) {
		client, p, err := read(t, `{"data":{"proposal":`+goodProposal+`,"votes0":[`+text+`]}}`)
		if err != nil {
			return
		}
		list, err := client.Votes(t.Context(), p)
		if decoded(t, list, err); list == nil {
			return
		}
		for _, v := range append(list.Votes, list.Superseded...) {
			if math.IsNaN(v.VP) || math.IsInf(v.VP, 0) || v.VP < 0 || len(v.Choice) == 0 {
				t.Fatalf("read %+v from %s", v, text)
			}
		}
	})
}
