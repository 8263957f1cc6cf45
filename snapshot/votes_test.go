package snapshot_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/perpdao/perpquorum/fixtures/hub"
	"github.com/perpdao/perpquorum/snapshot"
)

// ids returns the sorted ids of votes.
func ids(votes []snapshot.Vote) []string {
	var list []string
	for _, v := range votes {
		list = append(list, v.ID)
	}
	slices.Sort(list)
	return list
}

func wantIDs(votes []hub.Vote) []string {
	var list []string
	for _, v := range votes {
		list = append(list, v.ID)
	}
	slices.Sort(list)
	return list
}

// TestVotesReadsAll reads one page after the other, and those of a proposal that is known to be final side by side,
// from both ends.
func TestVotesReadsAll(t *testing.T) {
	tests := []struct {
		name       string
		votes      int
		when       func(int) int64
		pages      int // requests at most, with the proposal read again; 0: not read in this way
		sideBySide int // the same
	}{
		{"none", 0, onePerSecond, 2, 2},
		{"one", 1, onePerSecond, 2, 2},
		{"a full page", 1000, onePerSecond, 3, 2},
		{"a page and one", 1001, onePerSecond, 3, 2},
		{"more than the hub skips", 6001, onePerSecond, 9, 4},
		{"12,000, five a second", 12_000, func(k int) int64 { return onePerSecond(k / 5) }, 14, 6},
		{"ties across every page", 3500, func(k int) int64 { return onePerSecond(k / 700) }, 12, 3},
		{"5,999 in one second", 5999, func(int) int64 { return onePerSecond(0) }, 8, 3},
		{"7,000, of which 5,500 in one second", 7000, func(k int) int64 { return onePerSecond(min(max(k, 700), 6199)) },
			13, 5},
		{"8,000, of which 3,000 in the second where both ends meet", 8000,
			func(k int) int64 { return onePerSecond(min(k, 4500) + max(k-7500, 0)) }, 0, 8},
	}
	eachGeneration(t, func(t *testing.T, g hub.Generation) {
		for _, tt := range tests {
			p, votes := election("all", tt.votes, tt.when)
			read := func(t *testing.T, of *snapshot.Proposal, most int) {
				h, c := serve(t, hubFor(g, p, votes))
				arrived := map[string]bool{}
				list, err := c.StreamVotes(t.Context(), of, func(votes []snapshot.Vote) {
					for _, v := range votes {
						arrived[v.ID] = true
					}
				})
				if err != nil {
					t.Fatal(err)
				}
				if got, want := ids(list.Votes), wantIDs(votes); !slices.Equal(got, want) || len(arrived) != len(want) {
					t.Errorf("read %d different votes, and %d arrived, want %d", len(got), len(arrived), len(want))
				}
				if len(list.Superseded) != 0 || list.Rows() != tt.votes || list.Proposal.Votes != tt.votes {
					t.Errorf("%d superseded, %d rows, %d counted; want 0, %d, %[4]d", len(list.Superseded), list.Rows(),
						list.Proposal.Votes, tt.votes)
				}
				if n := len(h.Requests()); n > most {
					t.Errorf("%d requests, want at most %d", n, most)
				}
				if !slices.IsSortedFunc(list.Votes,
					func(a, b snapshot.Vote) int { return int(a.Created - b.Created) }) {
					t.Error("not in the order of time")
				}
			}
			if tt.pages > 0 {
				timed(t, tt.name+", page by page", func(t *testing.T) {
					read(t, &snapshot.Proposal{ID: p.ID, ScoresUpdated: p.ScoresUpdated}, tt.pages)
				})
			}
			timed(t, tt.name+", side by side", func(t *testing.T) { read(t, known(p), tt.sideBySide) })
		}
	})
}

// known is what Votes uses of a proposal that was read before.
func known(p hub.Proposal) *snapshot.Proposal {
	return &snapshot.Proposal{ID: p.ID, ScoresState: p.ScoresState, ScoresUpdated: p.ScoresUpdated, Votes: p.Votes}
}

// TestVotesOfCarefulHubs: a hub that refuses several pages in one request, or whose answer is
// too large, is asked for one page after the other. Rows that do not follow one another are
// not trusted.
func TestVotesOfCarefulHubs(t *testing.T) {
	several := func(fault *hub.Fault) func(hub.Request) *hub.Fault {
		return func(r hub.Request) *hub.Fault {
			if strings.Contains(r.Query, "votes1") {
				return fault
			}
			return nil
		}
	}
	tests := map[string]*hub.Fault{
		"refused":     {Message: "too many root fields"},
		"too large":   {Status: 200, Body: `{"data":"` + strings.Repeat("x", 17<<20)},
		"wrong order": {Rows: func(rows []hub.Row) []hub.Row { slices.Reverse(rows); return rows }},
		"no rows":     {Rows: func([]hub.Row) []hub.Row { return nil }},
	}
	eachGeneration(t, func(t *testing.T, g hub.Generation) {
		for name, fault := range tests {
			timed(t, name, func(t *testing.T) {
				p, votes := election("careful", 2500, onePerSecond)
				o := hubFor(g, p, votes)
				o.Fault = several(fault)
				_, c := serve(t, o)
				list, err := c.Votes(t.Context(), known(p))
				if err != nil || !slices.Equal(ids(list.Votes), wantIDs(votes)) {
					t.Errorf("list %v, error %v", list, err)
				}
			})
		}
	})
}

// TestVotesOfHubsWithoutOrder: a hub that gives no latest votes, or not from the end, is asked for
// one page after the other.
func TestVotesOfHubsWithoutOrder(t *testing.T) {
	p, votes := election("one end", 6100, onePerSecond)
	for name, rows := range map[string]func([]hub.Row) []hub.Row{
		"none":  func(rows []hub.Row) []hub.Row { return rows[:0] },
		"other": func(rows []hub.Row) []hub.Row { slices.Reverse(rows); return rows },
	} {
		timed(t, name, func(t *testing.T) {
			o := hubFor(hub.H2, p, votes)
			o.Fault = func(r hub.Request) *hub.Fault {
				if strings.Contains(r.Query, "desc") {
					return &hub.Fault{Rows: rows}
				}
				return nil
			}
			_, c := serve(t, o)
			if list, err := c.Votes(t.Context(), known(p)); err != nil || !slices.Equal(ids(list.Votes), wantIDs(votes)) {
				t.Errorf("list %v, error %v", list, err)
			}
		})
	}
}

func TestVotesOfOneSecondBeyondTheHub(t *testing.T) {
	bothGenerations(t, func(t *testing.T, g hub.Generation) {
		p, votes := election("second", 7000, func(int) int64 { return onePerSecond(0) })
		_, c := serve(t, hubFor(g, p, votes))
		list, err := c.Votes(t.Context(), &snapshot.Proposal{ID: p.ID})
		if !errors.Is(err, snapshot.ErrRefused) || list != nil ||
			!strings.Contains(err.Error(), "more votes in the second 1700000001") {
			t.Errorf("list %v, error %v", list, err)
		}
	})
}

// A vote keeps every digit of its double and the JSON of its choice.
func TestVoteFields(t *testing.T) {
	powers := []float64{0, 1e21, 1e-18, 5.3999999999999995, math.MaxFloat64, math.SmallestNonzeroFloat64,
		123456789.123456789}
	choices := []struct {
		give any
		want string
	}{
		{2, `2`}, {1.5, `1.5`}, {[]int{3, 1}, `[3,1]`}, {[]int{}, `[]`}, {map[string]float64{"1": 60, "3": 40},
			`{"1":60,"3":40}`},
		{"0xfeed", `"0xfeed"`}, {map[string]int{}, `{}`},
	}
	bothGenerations(t, func(t *testing.T, g hub.Generation) {
		p := hub.NewProposal(space, "fields")
		p.Votes = len(powers)
		var votes []hub.Vote
		for i, vp := range powers {
			votes = append(votes, hub.NewVote(p, fmt.Sprint(i), onePerSecond(i), choices[i].give, vp))
		}
		votes[0].VPByStrategy, votes[0].VPState = nil, ""
		votes[1].ID = "QmWbpCtwdLzxuLKnMW4Vv4MPFd2pdPX71YBKPasfZxqLUS"
		votes[2].ID = rawID
		votes[2].Voter = "0x" + strings.Repeat("0a", 32)
		_, c := serve(t, hubFor(g, p, votes))
		list, err := c.Votes(t.Context(), &snapshot.Proposal{ID: p.ID})
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range list.Votes {
			if v.VP != powers[i] || string(v.Choice) != choices[i].want {
				t.Errorf("vote %d: power %v, choice %s; want %v, %s", i, v.VP, v.Choice, powers[i], choices[i].want)
			}
			if v.Reason != "SYNTHETIC" || v.App != "synthetic" || string(v.Metadata) != `{}` {
				t.Errorf("vote %d: reason %q, app %q, metadata %s", i, v.Reason, v.App, v.Metadata)
			}
			if i > 0 && (len(v.VPByStrategy) != 1 || v.VPByStrategy[0] != powers[i] || v.VPState != "final") {
				t.Errorf("vote %d: by strategy %v, state %q", i, v.VPByStrategy, v.VPState)
			}
		}
		if list.Votes[1].ID != votes[1].ID || list.Votes[2].Voter != votes[2].Voter {
			t.Errorf("id %s, voter %s", list.Votes[1].ID, list.Votes[2].Voter)
		}
	})
}

// A row that is not a vote is set aside, with an error that names the field: it is never a zero.
func TestVotesSetsOddRowsAside(t *testing.T) {
	tests := []struct{ name, field, value, want string }{
		{"null power", "vp", `null`, "vp is null"},
		{"missing power", "vp", ``, "vp is nothing"},
		{"negative power", "vp", `-1`, "vp is -1"},
		{"power in quotes", "vp", `"1"`, `vp is "1"`},
		{"infinite power", "vp", `1e999`, "vp is 1e999"},
		{"null in the powers", "vp_by_strategy", `[null]`, "vp_by_strategy[0] is null"},
		{"null powers", "vp_by_strategy", `null`, "vp_by_strategy is null"},
		{"too many powers", "vp_by_strategy", `[` + strings.Repeat("1,", 32) + `1]`, "want at most 32 powers"},
		{"null time", "created", `null`, "created is null"},
		{"fraction of a second", "created", `1700000001.5`, "created is 1700000001.5"},
		{"null choice", "choice", `null`, "choice is null"},
		{"missing choice", "choice", ``, "choice is nothing"},
		{"null voter", "voter", `null`, "voter is null"},
		{"ENS voter", "voter", `"alice.eth"`, `voter is "alice.eth"`},
		{"short id", "id", `"0x12"`, `id is "0x12"`},
		{"null state", "vp_state", `null`, "vp_state is null"},
		{"missing reason", "reason", ``, "reason is nothing"},
		{"missing app", "app", ``, "app is nothing"},
		{"missing metadata", "metadata", ``, "metadata is nothing"},
	}
	eachGeneration(t, func(t *testing.T, g hub.Generation) {
		odd := func(t *testing.T, n int, fault *hub.Fault, want string) {
			p, votes := election("broken", n, onePerSecond)
			o := hubFor(g, p, votes)
			o.Fault = func(r hub.Request) *hub.Fault {
				where, _ := r.Arguments["where"].(map[string]any)
				if r.Root != "votes" || where["created_gte"] != 0.0 {
					return nil
				}
				return fault
			}
			h, c := serve(t, o)
			list, err := c.Votes(t.Context(), &snapshot.Proposal{ID: p.ID, ScoresUpdated: p.ScoresUpdated})
			if err != nil || len(list.Votes) != n-1 || list.Rows() != n || len(list.Odd) != 1 {
				t.Fatalf("error %v, %d rows", err, list.Rows())
			}
			err = snapshot.CheckRow(list.Odd[0])
			var field *snapshot.FieldError
			if !errors.As(err, &field) || !errors.Is(err, snapshot.ErrProtocol) || !strings.Contains(err.Error(), want) {
				t.Errorf("error %v; want %q", err, want)
			}
			if found, want := len(h.Requests()), 2*(2+n/1000); found != want {
				t.Errorf("%d requests, want %d: everything is read twice", found, want)
			}
		}
		for _, tt := range tests {
			timed(t, tt.name, func(t *testing.T) { odd(t, 3, hub.SetField(0, tt.field, tt.value), tt.want) })
		}
		timed(t, "null row", func(t *testing.T) { odd(t, 1003, hub.NullRow(1), "null, want a JSON object") })
	})
}

// TestVotesRefusesLists: a list that cannot be trusted as a whole is an error.
func TestVotesRefusesLists(t *testing.T) {
	first := hub.NewVote(hub.NewProposal(space, "broken"), "1", onePerSecond(1), 1, 1).ID
	tests := map[string]struct {
		fault *hub.Fault
		want  string
	}{
		"someone's id twice": {hub.SetField(0, "id", `"`+first+`"`), "an id that is not on this page already"},
		"order ignored":      {hub.SetField(0, "created", `1700009999`), "the hub ignores the order"},
		"too many odd rows": {&hub.Fault{Rows: func(rows []hub.Row) []hub.Row {
			for _, row := range rows {
				row["vp"] = json.RawMessage("null")
			}
			return rows
		}}, "vp is null"},
		"a huge odd row": {hub.SetField(0, "voter", `"`+strings.Repeat("x", snapshot.MaxOddRow)+`"`), "voter is"},
	}
	eachGeneration(t, func(t *testing.T, g hub.Generation) {
		for name, tt := range tests {
			timed(t, name, func(t *testing.T) {
				p, votes := election("broken", 200, onePerSecond)
				o := hubFor(g, p, votes)
				o.Fault = always(tt.fault)
				_, c := serve(t, o)
				list, err := c.Votes(t.Context(), &snapshot.Proposal{ID: p.ID})
				var field *snapshot.FieldError
				if list != nil || !errors.As(err, &field) || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("list %v, error %v; want %q", list, err, tt.want)
				}
			})
		}
		timed(t, "null list", func(t *testing.T) {
			p, _ := election("broken", 0, onePerSecond)
			o := hubFor(g, p, nil)
			o.Fault = always(&hub.Fault{Status: 200, Body: `{"data":{"votes":null}}`})
			_, c := serve(t, o)
			if list, err := c.Votes(t.Context(), &snapshot.Proposal{ID: p.ID}); !errors.Is(err, snapshot.ErrProtocol) ||
				list != nil {
				t.Errorf("list %v, error %v", list, err)
			}
		})
	})
}

// A voter who votes again while the pages are read is counted once, with the
// later vote, and nobody is missed.
func TestVotesChangeWhilePaging(t *testing.T) {
	bothGenerations(t, func(t *testing.T, g hub.Generation) {
		p, votes := election("changing", 2500, onePerSecond)
		p.ScoresState = "pending"
		o := hubFor(g, p, votes)
		var h *hub.Hub
		again := hub.NewVote(p, "10", onePerSecond(9000), 3, 77)
		o.Fault = func(r hub.Request) *hub.Fault {
			if r.Number == 2 {
				h.Update(func(o *hub.Options) { o.Votes[10] = again })
			}
			return nil
		}
		h, c := serve(t, o)
		list, err := c.Votes(t.Context(), &snapshot.Proposal{ID: p.ID})
		if err != nil {
			t.Fatal(err)
		}
		if len(list.Votes) != 2500 || len(list.Superseded) != 1 || list.Superseded[0].ID != votes[10].ID {
			t.Fatalf("%d votes, superseded %v", len(list.Votes), ids(list.Superseded))
		}
		if last := list.Votes[2499]; last.ID != again.ID || last.VP != 77 || string(last.Choice) != "3" {
			t.Errorf("the latest vote is %+v", last)
		}
	})
}

// Of a vote that lies on two pages, the fresher reading counts.
func TestVotesReadTwice(t *testing.T) {
	p, votes := election("overlap", 1500, onePerSecond)
	p.ScoresState = "pending"
	read := func(t *testing.T, change func(*hub.Vote)) (*snapshot.VoteList, error) {
		o := hubFor(hub.H2, p, slices.Clone(votes))
		var h *hub.Hub
		o.Fault = func(r hub.Request) *hub.Fault {
			if r.Number == 2 {
				h.Update(func(o *hub.Options) { change(&o.Votes[999]) })
			}
			return nil
		}
		h, c := serve(t, o)
		return c.Votes(t.Context(), &snapshot.Proposal{ID: p.ID})
	}
	timed(t, "other power", func(t *testing.T) {
		list, err := read(t, func(v *hub.Vote) { v.VP = 0.25 })
		if err != nil || len(list.Votes) != 1500 || list.Votes[999].VP != 0.25 {
			t.Errorf("list %v, error %v", list, err)
		}
	})
	timed(t, "other voter", func(t *testing.T) {
		list, err := read(t, func(v *hub.Vote) { v.Voter = hub.Address("somebody else") })
		if list != nil || !errors.Is(err, snapshot.ErrProtocol) ||
			!strings.Contains(err.Error(), "as on the page before") {
			t.Errorf("list %v, error %v", list, err)
		}
	})
}

func TestVotesOfOneVoter(t *testing.T) {
	p := hub.NewProposal(space, "twice")
	first := hub.NewVote(p, "a", onePerSecond(1), 1, 5)
	later := hub.NewVote(p, "a", onePerSecond(2), 2, 5)
	same := later
	same.ID = "0x" + strings.Repeat("f", 64)
	same.Voter = strings.ToUpper(same.Voter[2:])
	same.Voter = "0x" + same.Voter
	p.Votes = 3
	bothGenerations(t, func(t *testing.T, g hub.Generation) {
		_, c := serve(t, hubFor(g, p, []hub.Vote{same, first, later}))
		list, err := c.Votes(t.Context(), &snapshot.Proposal{ID: p.ID})
		if err != nil {
			t.Fatal(err)
		}
		if got := ids(list.Votes); len(got) != 1 || got[0] != same.ID {
			t.Errorf("kept %v, want the larger id of the later second", got)
		}
		if len(list.Superseded) != 2 || list.Rows() != 3 {
			t.Errorf("superseded %v", ids(list.Superseded))
		}
	})
}

// A final proposal whose votes do not add up is read twice, then reported with
// the list.
func TestVotesIncomplete(t *testing.T) {
	eachGeneration(t, func(t *testing.T, g hub.Generation) {
		timed(t, "dropped vote", func(t *testing.T) {
			p, votes := election("dropped", 10, onePerSecond)
			h, c := serve(t, hubFor(g, p, votes[:9]))
			list, err := c.Votes(t.Context(), &snapshot.Proposal{ID: p.ID, ScoresUpdated: p.ScoresUpdated})
			var incomplete *snapshot.IncompleteError
			if !errors.As(err, &incomplete) || !errors.Is(err, snapshot.ErrVotesIncomplete) || incomplete.Rows != 9 ||
				incomplete.Counted != 10 || incomplete.Changed {
				t.Fatalf("error %v", err)
			}
			if list == nil || len(list.Votes) != 9 || list.Proposal.Votes != 10 {
				t.Errorf("list %+v", list)
			}
			if n := len(h.Requests()); n != 4 {
				t.Errorf("%d requests, want 4", n)
			}
		})
		timed(t, "late count", func(t *testing.T) {
			p, votes := election("late", 10, onePerSecond)
			p.ScoresState, p.ScoresUpdated, p.Votes = "pending", 1, 8
			o := hubFor(g, p, votes)
			var h *hub.Hub
			o.Fault = func(r hub.Request) *hub.Fault {
				if r.Number == 3 { // the proposal is read again
					h.Update(func(o *hub.Options) {
						o.Proposals[0].ScoresState, o.Proposals[0].ScoresUpdated, o.Proposals[0].Votes = "final", 2, 10
					})
				}
				return nil
			}
			h, c := serve(t, o)
			before, err := c.Proposal(t.Context(), p.ID)
			if err != nil {
				t.Fatal(err)
			}
			list, err := c.Votes(t.Context(), before)
			if err != nil || list.Proposal.ScoresState != "final" || list.Rows() != 10 {
				t.Errorf("list %+v, error %v", list, err)
			}
			if n := len(h.Requests()); n != 5 {
				t.Errorf("%d requests, want 5: read once more", n)
			}
		})
		timed(t, "restless", func(t *testing.T) {
			p, votes := election("restless", 3, onePerSecond)
			o := hubFor(g, p, votes)
			var h *hub.Hub
			o.Fault = func(r hub.Request) *hub.Fault {
				h.Update(func(o *hub.Options) { o.Proposals[0].ScoresUpdated++ })
				return nil
			}
			h, c := serve(t, o)
			_, err := c.Votes(t.Context(), &snapshot.Proposal{ID: p.ID})
			var incomplete *snapshot.IncompleteError
			if !errors.As(err, &incomplete) || !incomplete.Changed {
				t.Errorf("error %v", err)
			}
		})
		timed(t, "open proposal", func(t *testing.T) {
			p, votes := election("open", 10, onePerSecond)
			p.ScoresState, p.Votes = "pending", 7
			_, c := serve(t, hubFor(g, p, votes))
			if list, err := c.Votes(t.Context(), &snapshot.Proposal{ID: p.ID}); err != nil || list.Rows() != 10 ||
				list.Proposal.Votes != 7 {
				t.Errorf("list %+v, error %v", list, err)
			}
		})
	})
}

func TestIncompleteErrorText(t *testing.T) {
	for want, err := range map[string]error{
		"the hub lists 9 votes of the final proposal 0x12 and counted 10": &snapshot.IncompleteError{Proposal: "0x12",
			Rows: 9, Counted: 10},
		"keeps changing the scores of the final proposal 0x12": &snapshot.IncompleteError{Proposal: "0x12",
			Rows: 9, Counted: 10, Changed: true},
	} {
		if !strings.HasPrefix(err.Error(), snapshot.ErrVotesIncomplete.Error()) ||
			!strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
