package signature_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"

	"github.com/perpdao/perpquorum/snapshot"
	"github.com/perpdao/perpquorum/snapshot/signature"
)

// FuzzVote signs a choice that is any text: its row is rebuilt, and nothing else
// is ever taken for it.
func FuzzVote(f *testing.F) {
	for _, v := range readVectors(f, "testdata/eip712-votes.json") {
		_, vote := voteVector(f, v)
		f.Add(string(vote.Choice), vote.Voter, vote.Reason, vote.App, string(vote.Metadata), "", vote.Created)
	}
	f.Add(`[`+strings.Repeat(`[`, 300), "0x", "\xff", "\x00", `{"a":1e999}`, "shutter", int64(-1))
	f.Add(`{"1":1}`, "0x1", "", "a-b-", `null`, "any", int64(1663000000))
	f.Fuzz(func(t *testing.T, choice, voter, reason, app, metadata, privacy string, created int64) {
		text := strings.ToValidUTF8(choice, "?")
		sealed, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		p := &snapshot.Proposal{ID: proposalID, Space: app, Privacy: privacy, Choices: make([]string, len(reason))}
		v := &snapshot.Vote{
			Voter: voter, Created: created, Choice: sealed, Reason: reason, App: app, Metadata: json.RawMessage(`{}`),
		}
		v.ID = typedHash(t, "Vote", strings.Replace(newestVote, "uint32", "string", 1), 0, map[string]any{
			"from": voter, "space": app, "timestamp": fmt.Sprint(uint64(created)), "proposal": p.ID, "choice": text,
			"reason": reason, "app": app, "metadata": "",
		}).Hex()
		if c := signature.CheckVote(p, v); c.Verdict != signature.Matches || c.Field != "" {
			t.Errorf("%+v: %+v", v, c)
		}
		v.Reason += "!"
		v.Choice, v.Metadata = json.RawMessage(choice), json.RawMessage(metadata)
		c := signature.CheckVote(p, v)
		explained := c.Verdict == signature.NotCheckable && c.Reason != "" || c.Verdict == signature.Differs && c.Reason == ""
		if !explained && c.Field != "reason" {
			t.Errorf("%+v: %+v", v, c)
		}
	})
}

// FuzzProposal does the same for a proposal of 2022, which signs its strategies.
func FuzzProposal(f *testing.F) {
	for _, v := range readVectors(f, "testdata/eip712-proposals.json") {
		p := fromRow[snapshot.Proposal](f, v.HubRow)
		f.Add(p.Author, p.Title, p.Choices[0], p.Type, "", string(p.Strategies[0].Params), string(p.Plugins), p.Created)
	}
	f.Add("", "\xff", "\x00", "single-choice", "a-1", `{"1":1,"0":[{}]}`, strings.Repeat(`[`, 300), int64(-1))
	f.Fuzz(func(t *testing.T, author, title, choice, kind, app, params, plugins string, created int64) {
		p := &snapshot.Proposal{
			Author: author, Space: "made-up.eth", Network: "1", Type: kind, Title: title, Choices: []string{choice, title},
			Created: created, Strategies: []snapshot.Strategy{{Name: "ticket", Network: "1"}}, Plugins: json.RawMessage(`{}`),
		}
		p.ID = typedHash(t, "Proposal", firstProposal, 0, map[string]any{
			"space": p.Space, "timestamp": fmt.Sprint(uint64(created)), "type": kind, "title": title, "body": "",
			"choices": anyList(p.Choices), "start": "0", "end": "0", "snapshot": "0", "network": "1",
			"strategies": `[{"name":"ticket"}]`, "plugins": "{}", "metadata": "{}",
		}).Hex()
		if c := signature.CheckProposal(p); c.Verdict != signature.Matches || c.Field != "" {
			t.Errorf("%+v: %+v", p, c)
		}
		p.Title += "!"
		p.App, p.Plugins, p.Strategies[0].Params = app, json.RawMessage(plugins), json.RawMessage(params)
		if c := signature.CheckProposal(p); c.Verdict == signature.Matches {
			t.Errorf("%+v: %+v", p, c)
		}
	})
}

func FuzzRecover(f *testing.F) {
	for _, v := range readVectors(f, "testdata/eip712-votes.json") {
		f.Add(v.HubMessage.Sig, v.HubMessage.ID)
	}
	f.Fuzz(func(t *testing.T, sig, hash string) {
		address, err := signature.Recover(common.HexToHash(hash), sig)
		known := errors.Is(err, signature.ErrSignature) || errors.Is(err, signature.ErrContractSignature)
		if err != nil && (!known || address != common.Address{}) {
			t.Errorf("%q: %v, error %v", sig, address, err)
		}
	})
}
