package signature_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/perpdao/perpquorum/snapshot"
	"github.com/perpdao/perpquorum/snapshot/signature"
)

const (
	newestVote = "string from,string space,uint64 timestamp,string proposal,uint32 choice," +
		"string reason,string app,string metadata"
	newestProposal = "string from,string space,uint64 timestamp,string type,string title,string body,string discussion," +
		"string[] choices,string[] labels,uint64 start,uint64 end,uint64 snapshot,string plugins,string privacy,string app"
	firstProposal = "string space,uint64 timestamp,string type,string title,string body,string[] choices," +
		"uint64 start,uint64 end,uint64 snapshot,string network,string strategies,string plugins,string metadata"
)

var proposalID = "0x" + strings.Repeat("5c", 32)

// plainVote is the second of four choices, as Snapshot's page signs it today.
func plainVote(t testing.TB) (*snapshot.Proposal, *snapshot.Vote) {
	p := &snapshot.Proposal{ID: proposalID, Space: "made-up.eth", Choices: []string{"A", "B", "C", "D"}}
	v := &snapshot.Vote{
		Voter: voter, Created: 1760000000, Choice: json.RawMessage(`2`), Reason: "because", App: "snapshot-v2",
		Metadata: json.RawMessage(`{}`),
	}
	signAs(t, p, v, "uint32", "2")
	return p, v
}

// signAs gives a vote the id of its message, with its choice as a value of a type.
func signAs(t testing.TB, p *snapshot.Proposal, v *snapshot.Vote, kind string, choice any) {
	t.Helper()
	v.ID = typedHash(t, "Vote", strings.Replace(newestVote, "uint32", kind, 1), 0, map[string]any{
		"from": voter, "space": p.Space, "timestamp": fmt.Sprint(v.Created), "proposal": p.ID, "choice": choice,
		"reason": v.Reason, "app": v.App, "metadata": "",
	}).Hex()
}

// Whatever of a vote is changed, its id no longer matches; the field is named
// where the signed value can be found.
func TestChangedVotes(t *testing.T) {
	type P = snapshot.Proposal
	type V = snapshot.Vote
	tests := []struct {
		name          string
		change        func(p *P, v *V)
		field, signed string
	}{
		{"choice", func(_ *P, v *V) { v.Choice = json.RawMessage(`1`) }, "choice", "2"},
		{"a choice of no number", func(_ *P, v *V) { v.Choice = json.RawMessage(`[2]`) }, "", ""},
		{"reason", func(_ *P, v *V) { v.Reason = "Because" }, "", ""},
		{"no reason", func(_ *P, v *V) { v.Reason = "" }, "", ""},
		{"app", func(_ *P, v *V) { v.App = "another" }, "app", "snapshot-v2"},
		{"reason where none was given", func(p *P, v *V) {
			v.Reason = ""
			signAs(t, p, v, "uint32", "2")
			v.Reason = "added"
		}, "reason", ""},
		{"time", func(_ *P, v *V) { v.Created-- }, "", ""},
		{"negative time", func(_ *P, v *V) { v.Created = -v.Created }, "", ""},
		{"voter", func(_ *P, v *V) { v.Voter = "0x" + strings.Repeat("11", 20) }, "", ""},
		{"voter on Starknet", func(_ *P, v *V) { v.Voter = "0x" + strings.Repeat("11", 32) }, "", ""},
		{"id", func(_ *P, v *V) { v.ID = proposalID }, "", ""},
		{"space", func(p *P, _ *V) { p.Space = "Made-up.eth" }, "", ""},
		{"proposal", func(p *P, _ *V) { p.ID = "0x" + strings.Repeat("5d", 32) }, "", ""},
	}
	for _, tt := range tests {
		p, v := plainVote(t)
		if c := signature.CheckVote(p, v); c.Verdict != signature.Matches {
			t.Fatalf("unchanged: %+v", c)
		}
		tt.change(p, v)
		c := signature.CheckVote(p, v)
		if c.Verdict != signature.Differs || c.Field != tt.field || c.Signed != tt.signed {
			t.Errorf("%s: %+v, want the field %q, signed as %q", tt.name, c, tt.field, tt.signed)
		}
	}
}

// A changed choice is proven by the id, whatever its kind.
func TestChangedChoices(t *testing.T) {
	tests := []struct {
		kind         string
		choice       any // as signed
		row, signed  string
		wantsVerdict signature.Verdict
	}{
		{"uint32", "32", `1`, "32", signature.Differs},
		{"uint32[]", []any{"3", "1"}, `[1,3]`, "[3,1]", signature.Differs},
		{"uint32[]", []any{"3", "1"}, `[3]`, "[3,1]", signature.Differs},
		{"uint32[]", []any{"3"}, `[3,1]`, "[3]", signature.Differs},
		{"uint32[]", []any{}, `[7]`, "[]", signature.Differs},
		{"string", `{"2":1.5}`, `{"1":1.5}`, `{"2":1.5}`, signature.Differs},
		{"uint32", "33", `1`, "", signature.Differs}, // too many to try them all
		{"uint32[]", []any{"1", "2", "3"}, `[3,1,2]`, "", signature.Differs},
		{"string", `{"2":1}`, `{"1":1,"2":1}`, "", signature.NotCheckable},
	}
	for _, tt := range tests {
		p, v := plainVote(t)
		p.Choices = make([]string, 100)
		signAs(t, p, v, tt.kind, tt.choice)
		v.Choice = json.RawMessage(tt.row)
		c := signature.CheckVote(p, v)
		if c.Verdict != tt.wantsVerdict || c.Signed != tt.signed || (c.Field == "choice") != (tt.signed != "") {
			t.Errorf("%v shown as %s: %+v", tt.choice, tt.row, c)
		}
	}
}

// What the hub is known to have rewritten is no difference, and is named.
func TestRewrittenFields(t *testing.T) {
	tests := []struct {
		name          string
		created       int64
		signed, row   snapshot.Vote
		field, wanted string
	}{
		{
			"digits set apart", 1720000000,
			snapshot.Vote{App: "snapshot-v2"}, snapshot.Vote{App: "snapshot-v-2"}, "app", "snapshot-v2",
		},
		{"camel case", 1700000000, snapshot.Vote{App: "myApp2"}, snapshot.Vote{App: "my-app-2"}, "app", "myApp2"},
		{"words", 1700000000, snapshot.Vote{App: "My Good App"}, snapshot.Vote{App: "my-good-app"}, "app", "My Good App"},
		{"a name that kebab case leaves alone", 1700000000, snapshot.Vote{App: "bot"}, snapshot.Vote{App: "bot"}, "", ""},
		{"a name that was not kept", 1660000000, snapshot.Vote{App: "snapshot"}, snapshot.Vote{}, "app", "snapshot"},
		{"the reason of an earlier vote", 1663000000, snapshot.Vote{}, snapshot.Vote{Reason: "because"}, "reason", ""},
	}
	for _, tt := range tests {
		p, v := plainVote(t)
		v.Created, v.App, v.Reason = tt.created, tt.signed.App, tt.signed.Reason
		signAs(t, p, v, "uint32", "2")
		v.App, v.Reason = tt.row.App, tt.row.Reason
		c := signature.CheckVote(p, v)
		if c.Verdict != signature.Matches || c.Field != tt.field || c.Signed != tt.wanted {
			t.Errorf("%s: %+v", tt.name, c)
		}
	}
}

// Without the fields that were not asked for, a vote of an official client is
// rebuilt all the same.
func TestVotesOfOlderBundles(t *testing.T) {
	for _, app := range []string{"", "snapshot", "snapshot-v2"} {
		p, v := plainVote(t)
		v.App, v.Reason = app, ""
		signAs(t, p, v, "uint32", "2")
		v.App, v.Metadata = "", nil
		if c := signature.CheckVote(p, v); c.Verdict != signature.Matches || c.Field != "" {
			t.Errorf("%q: %+v", app, c)
		}
	}
}

// What cannot be known of a row is no accusation, whatever else was changed.
func TestVotesThatCannotBeRebuilt(t *testing.T) {
	type P = snapshot.Proposal
	type V = snapshot.Vote
	tests := []struct {
		want   signature.Reason
		change func(p *P, v *V)
	}{
		{signature.NotHash, func(_ *P, v *V) { v.ID = "QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPBdG" }},
		{signature.NotHash, func(_ *P, v *V) { v.ID = "bafkrei" + strings.Repeat("a", 52) }},
		{signature.NotHash, func(_ *P, v *V) { v.ID = "0x" + strings.Repeat("5", 63) }},
		{signature.NotHash, func(_ *P, v *V) { v.ID = "0x" + strings.Repeat("zz", 32) }},
		{signature.NotHash, func(_ *P, v *V) { v.ID = "" }},
		{signature.Encrypted, func(p *P, _ *V) { p.Privacy = "shutter" }},
		{signature.ChoiceText, func(_ *P, v *V) { v.Choice = json.RawMessage(`{"1":1,"2":1}`) }},
		{signature.ChoiceText, func(_ *P, v *V) { v.Choice = json.RawMessage(`1.5`) }},
		{signature.ChoiceText, func(_ *P, v *V) { v.Choice = json.RawMessage(`-1`) }},
		{signature.ChoiceText, func(_ *P, v *V) { v.Choice = json.RawMessage(`4294967296`) }},
		{signature.ChoiceText, func(_ *P, v *V) { v.Choice = json.RawMessage(`[1,null]`) }},
		{signature.ChoiceText, func(_ *P, v *V) { v.Choice = nil }},
		{signature.NotRead, func(_ *P, v *V) { v.Reason, v.App, v.Metadata = "", "", nil }},
		{signature.MetadataText, func(_ *P, v *V) { v.Metadata = json.RawMessage(`{"a":1}`) }},
		{signature.AppRewritten, func(_ *P, v *V) { v.App, v.Created = "my-app", 1700000000 }},
		{signature.ReasonReplaced, func(_ *P, v *V) { v.Created = 1663000000 }},
	}
	for _, tt := range tests {
		p, v := plainVote(t)
		v.ID = proposalID
		tt.change(p, v)
		c := signature.CheckVote(p, v)
		if want := (signature.Check{Verdict: signature.NotCheckable, Reason: tt.want}); c != want {
			t.Errorf("choice %s, metadata %s: %+v, want %+v", v.Choice, v.Metadata, c, want)
		}
	}
}

// plainProposal is one that Snapshot's page signs today.
func plainProposal(t testing.TB) *snapshot.Proposal {
	p := &snapshot.Proposal{
		Author: voter, Space: "made-up.eth", Network: "1", Type: "basic", Title: "Title", Body: "Body", Created: 1760000000,
		Choices: []string{"For", "Against", "Abstain"}, Start: 1760003600, End: 1760262800, Snapshot: 23500000,
		Discussion: "https://forum.example/1", Labels: []string{"one"}, Privacy: "", Plugins: json.RawMessage(`{}`),
		App: "snapshot-v2", Strategies: []snapshot.Strategy{{Name: "ticket", Network: "1"}}, Quorum: 100,
	}
	p.ID = typedHash(t, "Proposal", newestProposal, 0, map[string]any{
		"from": voter, "space": p.Space, "timestamp": "1760000000", "type": p.Type, "title": p.Title, "body": p.Body,
		"discussion": p.Discussion, "choices": anyList(p.Choices), "labels": anyList(p.Labels), "start": "1760003600",
		"end": "1760262800", "snapshot": "23500000", "plugins": "{}", "privacy": "", "app": p.App,
	}).Hex()
	return p
}

func anyList(texts []string) []any {
	list := make([]any, len(texts))
	for i, text := range texts {
		list[i] = text
	}
	return list
}

func TestChangedProposals(t *testing.T) {
	type P = snapshot.Proposal
	tests := []struct {
		name          string
		change        func(p *P)
		field, signed string
	}{
		{
			"choices exchanged", func(p *P) { p.Choices[0], p.Choices[1] = "Against", "For" },
			"choices", "For, Against, Abstain",
		},
		{"choice renamed", func(p *P) { p.Choices[0] = "Yes" }, "", ""},
		{"choice added", func(p *P) { p.Choices = append(p.Choices, "Yes") }, "", ""},
		{"two choices in one", func(p *P) { p.Choices = []string{"For", "AgainstAbstain"} }, "", ""},
		{"type", func(p *P) { p.Type = "approval" }, "type", "basic"},
		{"title", func(p *P) { p.Title += " " }, "", ""},
		{"body", func(p *P) { p.Body = "" }, "", ""},
		{"discussion", func(p *P) { p.Discussion = "" }, "", ""},
		{"labels", func(p *P) { p.Labels = nil }, "", ""},
		{"start", func(p *P) { p.Start++ }, "", ""},
		{"end", func(p *P) { p.End-- }, "", ""},
		{"snapshot", func(p *P) { p.Snapshot-- }, "", ""},
		{"time", func(p *P) { p.Created++ }, "", ""},
		{"author", func(p *P) { p.Author = "0x" + strings.Repeat("11", 20) }, "", ""},
		{"space", func(p *P) { p.Space = "another.eth" }, "", ""},
		{"app", func(p *P) { p.App = "another" }, "", ""},
		{"id", func(p *P) { p.ID = proposalID }, "", ""},
	}
	for _, tt := range tests {
		p := plainProposal(t)
		tt.change(p)
		c := signature.CheckProposal(p)
		if c.Verdict != signature.Differs || c.Field != tt.field || c.Signed != tt.signed {
			t.Errorf("%s: %+v, want the field %q, signed as %q", tt.name, c, tt.field, tt.signed)
		}
	}
}

// An id does not bind what the author does not sign.
func TestWhatAProposalsIDDoesNotBind(t *testing.T) {
	p := plainProposal(t)
	p.Quorum, p.Strategies, p.Network, p.Flagged = 1, nil, "137", true
	if c := signature.CheckProposal(p); c.Verdict != signature.Matches || c.Era != "since 2025-06-18" || c.Field != "" {
		t.Errorf("%+v", c)
	}
	p.Privacy = "shutter" // the space's own setting
	if c := signature.CheckProposal(p); c.Verdict != signature.Matches || c.Field != "privacy" || c.Signed != "" {
		t.Errorf("privacy: %+v", c)
	}
}

func TestProposalsThatCannotBeRebuilt(t *testing.T) {
	type P = snapshot.Proposal
	tests := []struct {
		want   signature.Reason
		change func(p *P)
	}{
		{signature.NotHash, func(p *P) { p.ID = "QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPBdG" }},
		{signature.Edited, func(p *P) { p.Updated = p.Created + 60 }},
		{signature.NotRead, func(p *P) { p.Plugins = nil }},
		{signature.PluginsText, func(p *P) { p.Plugins = json.RawMessage(`{"poap":{}}`) }},
		{signature.StrategiesText, func(p *P) { p.App, p.Labels = "", nil }},
		{signature.AppRewritten, func(p *P) { p.App, p.Created = "my-app", 1700000000 }},
	}
	for _, tt := range tests {
		p := plainProposal(t)
		p.Title = "Another"
		tt.change(p)
		c := signature.CheckProposal(p)
		if want := (signature.Check{Verdict: signature.NotCheckable, Reason: tt.want}); c != want {
			t.Errorf("%+v, want %+v", c, want)
		}
	}
}
