package snapshot_test

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/perpdao/perpquorum/fixtures/hub"
	"github.com/perpdao/perpquorum/snapshot"
)

func TestProposal(t *testing.T) {
	p := hub.NewProposal(space, "whole")
	p.Updated, p.Quorum, p.Votes, p.Flagged = 1_699_990_500, 1e21, 42, true
	p.Scores = []float64{5.3999999999999995, 1e-18, 1e21}
	p.ScoresByStrategy = [][]float64{{5.3999999999999995}, {1e-18}, {1e21}}
	p.ScoresTotal = 1e21
	p.Strategies = []hub.Strategy{
		{Name: "erc20-balance-of", Params: json.RawMessage(`{"address":"0x01","decimals":18}`)},
		{Name: "multichain", Network: "10", Params: json.RawMessage(`{"strategies":[{"name":"ticket","network":1}]}`)},
	}
	p.Override = map[string]string{
		"discussion": `"https://forum.example/1"`, "labels": `["fees"]`, "plugins": `{"poap":{}}`,
	}
	bothGenerations(t, func(t *testing.T, g hub.Generation) {
		_, c := serve(t, hubFor(g, p, nil))
		got, err := c.Proposal(t.Context(), "0x"+strings.ToUpper(p.ID[2:]))
		if err != nil {
			t.Fatal(err)
		}
		cell := func(x float64) []*float64 { return []*float64{&x} }
		want := &snapshot.Proposal{
			ID: p.ID, IPFS: p.IPFS, Author: p.Author, Space: space, Network: "1", Type: "basic",
			Title: p.Title, Choices: p.Choices,
			Strategies: []snapshot.Strategy{
				{Name: "erc20-balance-of", Network: "1", Params: json.RawMessage(`{"address":"0x01","decimals":18}`)},
				{Name: "multichain", Network: "10",
					Params: json.RawMessage(`{"strategies":[{"name":"ticket","network":1}]}`)},
			},
			Created: p.Created, Updated: p.Updated, Start: p.Start, End: p.End, Snapshot: 18_500_000, State: "closed",
			Quorum: 1e21, QuorumType: "default", Link: p.Link, Flagged: true,
			Body: "SYNTHETIC", Discussion: "https://forum.example/1", Labels: []string{"fees"},
			Plugins: json.RawMessage(`{"poap":{}}`), App: "synthetic",
			Scores: p.Scores, ScoresByStrategy: [][]*float64{cell(5.3999999999999995), cell(1e-18), cell(1e21)},
			ScoresState: "final", ScoresTotal: 1e21, ScoresUpdated: p.ScoresUpdated, Votes: 42,
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
	})
}

// What both generations and old proposals may hold, and is no error.
func TestProposalVariants(t *testing.T) {
	tests := []struct {
		name, field, value string
		right              func(*snapshot.Proposal) bool
	}{
		{"snapshot in quotes", "snapshot", `"18500001"`,
			func(p *snapshot.Proposal) bool { return p.Snapshot == 18_500_001 }},
		{"network as a number", "network", `10`, func(p *snapshot.Proposal) bool { return p.Network == "10" }},
		{"no type", "type", `""`, func(p *snapshot.Proposal) bool { return p.Type == "" }},
		{"no scores", "scores", `[]`, func(p *snapshot.Proposal) bool { return len(p.Scores) == 0 }},
		{"null cells", "scores_by_strategy", `[[60],[null],[]]`, func(p *snapshot.Proposal) bool {
			return *p.ScoresByStrategy[0][0] == 60 && p.ScoresByStrategy[1][0] == nil && len(p.ScoresByStrategy[2]) == 0
		}},
		{"exponent", "scores_total", `1e+21`, func(p *snapshot.Proposal) bool { return p.ScoresTotal == 1e21 }},
		{"exponent in a whole number", "votes", `1.2e4`, func(p *snapshot.Proposal) bool { return p.Votes == 12_000 }},
		{"legacy state", "scores_state", `"invalid"`,
			func(p *snapshot.Proposal) bool { return p.ScoresState == "invalid" }},
		{"no quorum type", "quorumType", `null`, func(p *snapshot.Proposal) bool { return p.QuorumType == "default" }},
		{"no privacy", "privacy", `null`, func(p *snapshot.Proposal) bool { return p.Privacy == "" }},
		{"cells in lists", "scores_by_strategy", `[[[60],[null]]]`, func(p *snapshot.Proposal) bool {
			return *p.ScoresByStrategy[0][0] == 60 && p.ScoresByStrategy[0][1] == nil
		}},
		{"empty quorum type", "quorumType", `""`, func(p *snapshot.Proposal) bool { return p.QuorumType == "default" }},
		{"never edited", "updated", `null`, func(p *snapshot.Proposal) bool { return p.Updated == 0 }},
		{"no IPFS", "ipfs", `null`, func(p *snapshot.Proposal) bool { return p.IPFS == "" }},
		{"strategy without network", "strategies", `[{"name":"ticket","network":null,"params":null}]`,
			func(p *snapshot.Proposal) bool { return p.Strategies[0].Network == "" && p.Strategies[0].Params == nil }},
		{"shutter", "privacy", `"shutter"`, func(p *snapshot.Proposal) bool { return p.Privacy == "shutter" }},
	}
	bothGenerations(t, func(t *testing.T, g hub.Generation) {
		for _, tt := range tests {
			p := hub.NewProposal(space, "variant")
			p.Override = map[string]string{tt.field: tt.value}
			_, c := serve(t, hubFor(g, p, nil))
			if got, err := c.Proposal(t.Context(), p.ID); err != nil || !tt.right(got) {
				t.Errorf("%s: proposal %+v, error %v", tt.name, got, err)
			}
		}
	})
}

func TestProposalRefusesWhatNoHubGives(t *testing.T) {
	tests := map[string][]string{
		"id":         {`"` + hub.ID("another") + `"`, `null`},
		"space":      {`null`, `{"id":null}`, `{"id":""}`, `"x"`},
		"network":    {`null`, `""`},
		"type":       {`null`},
		"title":      {`null`},
		"choices":    {`null`, `["a",null]`, `[1]`},
		"strategies": {`null`, `[null]`, `[{"name":null}]`, `[{}]`},
		"created":    {`null`, `-1`},
		"start":      {`null`, `"1"`},
		"end":        {`1`, `1e99`},
		"updated":    {`"x"`},
		"snapshot":   {`null`, `"latest"`, `""`, `-5`, `1.5`, `"0x10"`, `"99999999999999999999"`},
		"quorum":     {`null`, `-1`, `"NaN"`, `1e400`},
		"quorumType": {`1`}, "privacy": {`1`}, "flagged": {`"no"`},
		"body": {`1`}, "discussion": {`{}`}, "labels": {`"fees"`, `[null]`}, "app": {`[]`},
		"scores":             {`null`, `[1,null]`, `[-1]`, `["1"]`, `{}`},
		"scores_by_strategy": {`null`, `[null]`, `[1]`, `[[-1]]`, `[["1"]]`, `[[[1,2]]]`},
		"scores_state":       {`null`}, "scores_updated": {`null`},
		"scores_total": {`null`, `-0.1`, `true`},
		"votes":        {`null`, `-1`, `1.5`},
	}
	for field, values := range tests {
		for _, value := range values {
			timed(t, field+" "+value, func(t *testing.T) {
				p := hub.NewProposal(space, "broken")
				broken := always(hub.SetField(0, field, value))
				_, c := serve(t, hub.Options{Proposals: []hub.Proposal{p}, Fault: broken})
				got, err := c.Proposal(t.Context(), p.ID)
				var found *snapshot.FieldError
				if got != nil || !errors.As(err, &found) || !errors.Is(err, snapshot.ErrProtocol) ||
					!strings.Contains(err.Error(), field) {
					t.Errorf("proposal %v, error %v", got, err)
				}
			})
		}
	}
	all := "id ipfs author created updated space network type title choices strategies start end snapshot state " +
		"privacy quorum quorumType link flagged body discussion labels plugins app " +
		"scores scores_by_strategy scores_state scores_total scores_updated votes"
	for _, field := range strings.Fields(all) {
		timed(t, "missing "+field, func(t *testing.T) {
			p := hub.NewProposal(space, "broken")
			_, c := serve(t, hub.Options{Proposals: []hub.Proposal{p}, Fault: always(hub.SetField(0, field, ""))})
			if got, err := c.Proposal(t.Context(), p.ID); got != nil || !errors.Is(err, snapshot.ErrProtocol) ||
				!strings.Contains(err.Error(), "nothing") {
				t.Errorf("proposal %v, error %v", got, err)
			}
		})
	}
}

func TestNotFound(t *testing.T) {
	bothGenerations(t, func(t *testing.T, g hub.Generation) {
		h, c := serve(t, hub.Options{Generation: g})
		if p, err := c.Proposal(t.Context(), hub.ID("unknown")); p != nil || !errors.Is(err, snapshot.ErrNotFound) ||
			errors.Is(err, snapshot.ErrUnavailable) {
			t.Errorf("proposal %v, error %v", p, err)
		}
		if s, err := c.Space(t.Context(), "unknown.eth"); s != nil || !errors.Is(err, snapshot.ErrNotFound) {
			t.Errorf("space %v, error %v", s, err)
		}
		if l, err := c.Votes(t.Context(), &snapshot.Proposal{ID: hub.ID("unknown")}); l != nil ||
			!errors.Is(err, snapshot.ErrNotFound) {
			t.Errorf("votes %v, error %v", l, err)
		}
		before := len(h.Requests())
		if p, err := c.Proposal(t.Context(), "latest"); p != nil || !errors.Is(err, snapshot.ErrProposalRef) ||
			len(h.Requests()) != before {
			t.Errorf("proposal %v, error %v", p, err)
		}
	})
}

func TestClosedProposals(t *testing.T) {
	older, newer := hub.NewProposal(space, "older"), hub.NewProposal(space, "newer")
	open, other := hub.NewProposal(space, "open"), hub.NewProposal("other.eth", "other")
	newer.Created++
	open.End = 4_000_000_000
	bothGenerations(t, func(t *testing.T, g hub.Generation) {
		_, c := serve(t, hub.Options{Generation: g, Proposals: []hub.Proposal{older, open, newer, other}})
		for _, tt := range []struct {
			name  string
			space string
			limit int
			want  []string
		}{
			{"newest first", space, 1000, []string{newer.ID, older.ID}},
			{"one", space, 1, []string{newer.ID}},
			{"unknown space", "none.eth", 20, nil},
		} {
			list, err := c.ClosedProposals(t.Context(), tt.space, tt.limit)
			var got []string
			for _, p := range list {
				got = append(got, p.ID)
			}
			if err != nil || !slices.Equal(got, tt.want) {
				t.Errorf("%s: %v, error %v; want %v", tt.name, got, err, tt.want)
			}
		}
		for _, limit := range []int{-1, 0} {
			if _, err := c.ClosedProposals(t.Context(), space, limit); err == nil {
				t.Errorf("limit %d was taken", limit)
			}
		}
	})
	for name, fault := range map[string]*hub.Fault{
		"another space's": hub.SetField(0, "space", `{"id":"other.eth"}`),
		"an odd one":      hub.SetField(0, "quorum", `-1`),
	} {
		timed(t, name, func(t *testing.T) { // is left out, and named
			_, c := serve(t, hub.Options{Proposals: []hub.Proposal{older, newer}, Fault: always(fault)})
			list, err := c.ClosedProposals(t.Context(), space, 20)
			var field *snapshot.FieldError
			if len(list) != 1 || list[0].ID != older.ID || !errors.As(err, &field) ||
				!strings.Contains(err.Error(), "proposals[0]") {
				t.Errorf("%v, error %v", list, err)
			}
		})
	}
	timed(t, "more than asked for", func(t *testing.T) {
		twice := &hub.Fault{Rows: func(rows []hub.Row) []hub.Row { return append(rows, rows...) }}
		_, c := serve(t, hub.Options{Proposals: []hub.Proposal{older}, Fault: always(twice)})
		if list, err := c.ClosedProposals(t.Context(), space, 1); list != nil || !errors.Is(err, snapshot.ErrProtocol) {
			t.Errorf("%v, error %v", list, err)
		}
	})
}

// TestAllClosedProposals: more than one page, of which the ends have the same second.
func TestAllClosedProposals(t *testing.T) {
	var all []hub.Proposal
	for i := range 2300 {
		p := hub.NewProposal(space, fmt.Sprint(i))
		p.Created -= int64(i / 7)
		all = append(all, p)
	}
	bothGenerations(t, func(t *testing.T, g hub.Generation) {
		h, c := serve(t, hub.Options{Generation: g, Proposals: all})
		for limit, want := range map[int]int{10_000: 2300, 2300: 2300, 1001: 1001} {
			list, err := c.ClosedProposals(t.Context(), space, limit)
			ids := map[string]bool{}
			for _, p := range list {
				ids[p.ID] = true
			}
			sorted := slices.IsSortedFunc(list, func(a, b snapshot.Proposal) int { return cmp.Compare(b.Created, a.Created) })
			if err != nil || len(list) != want || len(ids) != want || !sorted {
				t.Errorf("limit %d: %d proposals, %d ids, sorted %v, error %v", limit, len(list), len(ids), sorted, err)
			}
		}
		h.Update(func(o *hub.Options) {
			for i := range o.Proposals {
				o.Proposals[i].Created = 1_699_990_000
			}
		})
		if list, err := c.ClosedProposals(t.Context(), space, 2000); list != nil || !errors.Is(err, snapshot.ErrProtocol) {
			t.Errorf("a thousand of one second: %d, error %v", len(list), err)
		}
	})
}

func TestSpace(t *testing.T) {
	quorum := 2_500_000.5
	with, without := hub.NewSpace(space), hub.NewSpace("plain.eth")
	with.Quorum = &quorum
	bothGenerations(t, func(t *testing.T, g hub.Generation) {
		_, c := serve(t, hub.Options{Generation: g, Spaces: []hub.Space{with, without}})
		got, err := c.Space(t.Context(), space)
		if err != nil || got.ID != space || got.Network != "1" || got.Quorum != quorum ||
			got.Strategies[0].Name != "ticket" {
			t.Errorf("space %+v, error %v", got, err)
		}
		if got, err := c.Space(t.Context(), "plain.eth"); err != nil || got.Quorum != 0 {
			t.Errorf("space %+v, error %v", got, err)
		}
	})
	for field, value := range map[string]string{"id": `"other.eth"`, "network": `null`, "voting": `{"quorum":-1}`,
		"strategies": `null`} {
		_, c := serve(t, hub.Options{Spaces: []hub.Space{with}, Fault: always(hub.SetField(0, field, value))})
		if got, err := c.Space(t.Context(), space); got != nil || !errors.Is(err, snapshot.ErrProtocol) {
			t.Errorf("%s %s: space %+v, error %v", field, value, got, err)
		}
	}
}

func TestTreasuries(t *testing.T) {
	with, without := hub.NewSpace(space), hub.NewSpace("plain.eth")
	with.Treasuries = []hub.Treasury{{Name: "Main", Address: "0xd374", Network: "1"}}
	_, c := serve(t, hub.Options{Spaces: []hub.Space{with, without}})
	got, err := c.Treasuries(t.Context(), space)
	want := []snapshot.Treasury{{Name: "Main", Address: "0xd374", Network: "1"}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%+v, error %v", got, err)
	}
	if got, err := c.Treasuries(t.Context(), "plain.eth"); err != nil || len(got) != 0 {
		t.Errorf("%+v, error %v", got, err)
	}
	for _, value := range []string{`3`, `[3]`, `[{"name":"Main","network":"1"}]`, `[{"address":1,"network":"1"}]`} {
		_, c := serve(t, hub.Options{Spaces: []hub.Space{with}, Fault: always(hub.SetField(0, "treasuries", value))})
		if got, err := c.Treasuries(t.Context(), space); got != nil || !errors.Is(err, snapshot.ErrProtocol) {
			t.Errorf("%s: %+v, error %v", value, got, err)
		}
	}
}

// The settings of a space that decided what counts are read with the proposal. What is odd about them
// is left out: no figure depends on them.
func TestSpaceSettings(t *testing.T) {
	bothGenerations(t, func(t *testing.T, g hub.Generation) {
		for plugins, want := range map[string][]int{
			`{"quorum":{"basicCount":[0,1]}}`: {0, 1}, `{}`: nil, `{"quorum":{"basicCount":"all"}}`: nil, `[]`: nil,
		} {
			s, p := hub.NewSpace(space), hub.NewProposal(space, "settings")
			s.HideAbstain, s.Plugins = true, []byte(plugins)
			_, c := serve(t, hub.Options{Generation: g, Spaces: []hub.Space{s}, Proposals: []hub.Proposal{p}})
			got, err := c.Proposal(t.Context(), p.ID)
			if err != nil || !got.HideAbstain || !slices.Equal(got.BasicCount, want) {
				t.Errorf("%s: %+v, error %v; want %v", plugins, got, err, want)
			}
		}
	})
}
