package vote_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/perpdao/perpquorum/fixtures/hub"
	"github.com/perpdao/perpquorum/snapshot"
	"github.com/perpdao/perpquorum/votingpower/vote"
)

// cast gives every vote the id that its voter signed, by Snapshot's page, for single choices.
func cast(t testing.TB, e *vote.Evidence) *vote.Evidence {
	t.Helper()
	for i := range e.Votes {
		v := &e.Votes[i]
		v.App, v.Metadata = "snapshot-v2", json.RawMessage(`{}`)
		v.ID = hub.SignedID(fmt.Sprintf(hub.VoteForm, "uint32"), map[string]any{
			"voter": v.Voter, "space": e.Proposal.Space, "created": v.Created, "proposal": e.Proposal.ID,
			"choice": v.Choice, "reason": v.Reason, "app": v.App, "metadata": "",
		})
	}
	return e
}

// about lists the findings of which a code begins with a text.
func about(o *vote.Outcome, code string) (list []string) {
	for _, f := range o.Findings {
		if strings.HasPrefix(string(f.Code), code) {
			list = append(list, fmt.Sprintf("%s %s: %s", f.Level, f.Code, f.Detail))
		}
	}
	return list
}

// TestVoteIDs: the hub shows something else than a voter signed.
func TestVoteIDs(t *testing.T) {
	const (
		all     = "info vote-ids-match: 4 votes of power 16000007.625, of 4: the id is the hash of voter, proposal, "
		others  = "info vote-ids-match: 3 votes of power 12000007.5, of 4: the id is the hash"
		differs = "failure vote-id-differs: voter 0x0000000000000000000000000000000000001001, power 4000000.125: "
		unknown = differs + "no known form of message explains the id"
		unread  = "info vote-ids-not-checked: 1 vote of power 4000000.125: "
	)
	type V = *snapshot.Vote
	tests := map[string]struct {
		lie     func(v V)
		want    []string
		verdict vote.Verdict
		strict  vote.Verdict
	}{
		"nothing": {func(V) {}, []string{all}, vote.Reached, vote.Reached},
		"the choice": {func(v V) { v.Choice = json.RawMessage("3") },
			[]string{others, differs + `the id is that of a vote with the choice "2"`}, vote.Disagrees, vote.Disagrees},
		"the application": {func(v V) { v.App = "snapshot" },
			[]string{others, differs + `the id is that of a vote with the app "snapshot-v2"`}, vote.Disagrees, vote.Disagrees},
		"a reason where none was": {func(v V) { v.Reason = "I was paid" },
			[]string{others, differs + `the id is that of a vote with the reason ""`}, vote.Disagrees, vote.Disagrees},
		"the time": {func(v V) { v.Created++ }, []string{others, unknown}, vote.Disagrees, vote.Disagrees},
		"the voter": {func(v V) { v.Voter = voter(9) },
			[]string{others, "power 4000000.125: no known form of message"}, vote.Disagrees, vote.Disagrees},
		"an id": {func(v V) { v.ID = "0x" + strings.Repeat("5c", 32) },
			[]string{others, unknown}, vote.Disagrees, vote.Disagrees},
		"power": {func(v V) { v.VPState = "pending" }, []string{all}, vote.Reached, vote.Reached},
		"an older id": {func(v V) { v.ID = "Qm" + strings.Repeat("x", 44) },
			[]string{others, unread + "the id is not the hash of a typed message"}, vote.Reached, vote.NotEstablished},
		"metadata": {func(v V) { v.Metadata = json.RawMessage(`{"a":1}`) },
			[]string{others, unread + "the metadata was signed as text"}, vote.Reached, vote.NotEstablished},
		"a name in kebab case": {func(v V) { v.ID, v.App = "0x"+strings.Repeat("5c", 32), "my-app" },
			[]string{others, unread + "the hub rewrote the name of the application"}, vote.Reached, vote.NotEstablished},
		"not read": {func(v V) { v.ID, v.Metadata = "0x"+strings.Repeat("5c", 32), nil },
			[]string{others, unread + "the row lacks fields that were signed"}, vote.Reached, vote.NotEstablished},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			e := signed(t, hub.ProposalForm)
			e.Proposal.Privacy = ""
			e.Proposal.ID = hub.SignedID(hub.ProposalForm, e.Proposal)
			cast(t, e)
			test.lie(&e.Votes[1])
			recount(t, e)
			askAgain(t, e)
			for strict, want := range map[bool]vote.Verdict{false: test.verdict, true: test.strict} {
				e.Strict = strict
				o := check(t, e)
				wants(t, about(o, "vote-id"), test.want...)
				if o.Verdict != want {
					t.Errorf("strict %t: verdict %s, want %s: %v", strict, o.Verdict, want, noticed(o))
				}
			}
		})
	}
}

// TestRewrittenApplication: the hub of 2022 to 2024 kept names in kebab case.
func TestRewrittenApplication(t *testing.T) {
	e := cast(t, reached(t))
	v := &e.Votes[0]
	v.ID = hub.SignedID(fmt.Sprintf(hub.VoteForm, "uint32"), map[string]any{"voter": v.Voter, "choice": v.Choice,
		"space": e.Proposal.Space, "created": v.Created, "proposal": e.Proposal.ID, "app": "myApp"})
	v.App = "my-app"
	wants(t, about(check(t, e), "vote-id"), "4 votes of power 16000007.625, of 4: the id is the hash of voter, "+
		"proposal, choice and time; of 1, the hub shows the reason or the application otherwise than signed")
}

// TestManyForgedVotes: the findings about many votes are counted.
func TestManyForgedVotes(t *testing.T) {
	e := poll(t, make0(make([][2]string, 30))...)
	cast(t, e)
	for i := range e.Votes {
		e.Votes[i].Reason = "forged"
	}
	list := about(check(t, e), "vote-id")
	if len(list) != 11 || !strings.HasSuffix(list[10], "failure vote-id-differs: and 20 more") {
		t.Errorf("found %q", list)
	}
}

// TestUnreadVotes: a bundle of before, whose rows lack what was signed, says nothing of the ids.
func TestUnreadVotes(t *testing.T) {
	if list := about(check(t, reached(t)), "vote-id"); len(list) > 0 {
		t.Errorf("found %q", list)
	}
}
