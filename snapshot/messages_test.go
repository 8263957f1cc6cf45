package snapshot_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/perpdao/perpquorum/fixtures/hub"
	"github.com/perpdao/perpquorum/snapshot"
)

// withMessages is a hub with so many votes and a message for each, and the ids of the votes.
func withMessages(g hub.Generation, n int) (o hub.Options, ids []string) {
	p, votes := election("messages", n, onePerSecond)
	o = hubFor(g, p, votes)
	for _, v := range votes {
		o.Messages = append(o.Messages, hub.Message{ID: v.ID, Address: v.Voter, Sig: "0x" + v.ID[2:], Version: "0.1.4"})
		ids = append(ids, v.ID)
	}
	return o, ids
}

// Messages come in the order of the ids asked for, 500 a request, without those the hub lacks.
func TestMessages(t *testing.T) {
	bothGenerations(t, func(t *testing.T, g hub.Generation) {
		o, ids := withMessages(g, 1250)
		o.Messages = slices.Delete(o.Messages, 700, 701)
		h, c := serve(t, o)
		slices.Reverse(ids)
		got, err := c.Messages(t.Context(), proposalOf(o), ids)
		if err != nil || len(got) != 1249 || len(h.Requests()) != 3 {
			t.Fatalf("%d messages in %d requests, error %v", len(got), len(h.Requests()), err)
		}
		ids = slices.Delete(ids, 549, 550)
		for i, m := range got {
			want := snapshot.Message{ID: ids[i], Address: m.Address, Sig: ids[i], Version: "0.1.4"}
			if m != want || len(m.Address) != 42 {
				t.Fatalf("message %d: %+v, want %+v", i, m, want)
			}
		}
	})
}

func proposalOf(o hub.Options) *snapshot.Proposal {
	p := o.Proposals[0]
	return &snapshot.Proposal{ID: p.ID, Space: p.Space, Start: p.Start, End: p.End}
}

// Many messages are read with those of other votes in the space, 5,000 a request, and then what is missing.
func TestManyMessages(t *testing.T) {
	bothGenerations(t, func(t *testing.T, g hub.Generation) {
		o, ids := withMessages(g, 6200)
		p, votes := election("another vote", 5000, onePerSecond) // of the same time, signed first
		o.Proposals, o.Votes = append(o.Proposals, p), append(o.Votes, votes...)
		var others []hub.Message
		for _, v := range votes {
			others = append(others, hub.Message{ID: v.ID, Sig: "0x"})
		}
		o.Messages = append(others, o.Messages...)
		h, c := serve(t, o)
		got, err := c.Messages(t.Context(), proposalOf(o), ids)
		if err != nil || len(got) != 6200 || got[0].ID != ids[0] || got[6199].ID != ids[6199] {
			t.Fatalf("%d messages, error %v", len(got), err)
		}
		if n := len(h.Requests()); n != 5 { // two of the space, three for the 1,200 that are left
			t.Errorf("%d requests", n)
		}
	})
}

// A hub that ignores the order of messages is refused.
func TestMessagesOutOfOrder(t *testing.T) {
	timed(t, "order", func(t *testing.T) {
		o, ids := withMessages(hub.H1, 2600)
		o.Fault = always(&hub.Fault{Rows: func(rows []hub.Row) []hub.Row {
			slices.Reverse(rows)
			return rows
		}})
		_, c := serve(t, o)
		if _, err := c.Messages(t.Context(), proposalOf(o), ids); !errors.Is(err, snapshot.ErrProtocol) {
			t.Errorf("error %v", err)
		}
	})
}

// What no hub should answer about messages is refused.
func TestOddMessages(t *testing.T) {
	for name, odd := range map[string]hub.Row{
		"another id":          {"id": []byte(`"` + other + `"`)},
		"no id":               {"id": []byte(`null`)},
		"a number":            {"sig": []byte(`12`)},
		"a signature of 1 MB": {"sig": []byte(`"0x` + strings.Repeat("00", 1<<19) + `"`)},
	} {
		timed(t, name, func(t *testing.T) {
			o, ids := withMessages(hub.H2, 3)
			o.Fault = always(&hub.Fault{Rows: func(rows []hub.Row) []hub.Row {
				for field, value := range odd {
					rows[1][field] = value
				}
				return rows
			}})
			_, c := serve(t, o)
			if got, err := c.Messages(t.Context(), proposalOf(o), ids); !errors.Is(err, snapshot.ErrProtocol) || got != nil {
				t.Errorf("%d messages, error %v", len(got), err)
			}
		})
	}
}

// Aliases are found in any case of letters, 100 a request; those that the hub lacks are left out.
func TestAliases(t *testing.T) {
	bothGenerations(t, func(t *testing.T, g hub.Generation) {
		var o hub.Options
		var asked []snapshot.Alias
		for i := range 150 {
			a := hub.Alias{Address: hub.Address(fmt.Sprint("voter", i)), Alias: hub.Address(fmt.Sprint("key", i)), Created: 7}
			asked = append(asked, snapshot.Alias{Address: strings.ToUpper(a.Address[2:]), Alias: a.Alias})
			asked[i].Address = "0x" + asked[i].Address
			if i%2 == 0 {
				o.Aliases = append(o.Aliases, a)
			}
		}
		o.Generation = g
		h, c := serve(t, o)
		got, err := c.Aliases(t.Context(), asked)
		if err != nil || len(got) != 75 || len(h.Requests()) != 2 || got[0].Created != 7 {
			t.Errorf("%d aliases in %d requests, error %v", len(got), len(h.Requests()), err)
		}
	})
}
