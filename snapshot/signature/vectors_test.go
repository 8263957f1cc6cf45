package signature_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"testing"

	"github.com/perpdao/perpquorum/snapshot"
	"github.com/perpdao/perpquorum/snapshot/signature"
)

// vector is a proposal or vote that was signed with a made-up key, as snapshot.js
// 0.17.5 hashes and verifies it. HubRow is how the hub shows it.
type vector struct {
	N          int             `json:"n"`
	Name       string          `json:"name"`
	Types      json.RawMessage `json:"types"`
	Domain     domain          `json:"domain"`
	HubRow     json.RawMessage `json:"hub_row"`
	HubMessage struct {
		snapshot.Message
	} `json:"hub_message"`
	Expected struct {
		Recovered       string   `json:"recovered"`
		Binds           []string `json:"binds"`
		RowRebuilds     bool     `json:"row_rebuilds"`
		RebuildsFromRow bool     `json:"rebuilds_from_row"`
	} `json:"expected"`
}

type domain struct {
	ChainID uint64 `json:"chainId"`
}

func readVectors(t testing.TB, path string) []vector {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var vectors []vector
	if err := json.Unmarshal(text, &vectors); err != nil {
		t.Fatal(err)
	}
	return vectors
}

// fromRow reads a row of the hub's API, in which a space or proposal is an object.
func fromRow[T any](t testing.TB, row json.RawMessage) *T {
	t.Helper()
	var fields map[string]json.RawMessage
	var space struct{ ID json.RawMessage }
	if err := errors.Join(json.Unmarshal(row, &fields), json.Unmarshal(fields["space"], &space)); err != nil {
		t.Fatal(err)
	}
	fields["space"] = space.ID
	if block := fields["snapshot"]; block != nil {
		fields["snapshot"] = bytes.Trim(block, `"`)
	}
	text, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	value := new(T)
	if err := json.Unmarshal(text, value); err != nil {
		t.Fatal(err)
	}
	return value
}

// A voteVector's proposal is known by its id alone, and by its privacy.
func voteVector(t testing.TB, v vector) (*snapshot.Proposal, *snapshot.Vote) {
	t.Helper()
	var row struct {
		Space, Proposal struct{ ID string }
	}
	if err := json.Unmarshal(v.HubRow, &row); err != nil {
		t.Fatal(err)
	}
	p := &snapshot.Proposal{ID: row.Proposal.ID, Space: row.Space.ID, Choices: []string{"A", "B", "C", "D"}}
	return p, fromRow[snapshot.Vote](t, v.HubRow)
}

func TestProposalVectors(t *testing.T) {
	for _, v := range readVectors(t, "testdata/eip712-proposals.json") {
		c := signature.CheckProposal(fromRow[snapshot.Proposal](t, v.HubRow))
		switch {
		case v.N == 10 && (c.Verdict != signature.NotCheckable || c.Reason != signature.Edited):
			t.Errorf("%d, edited: %+v", v.N, c)
		case v.N == 11 && (c.Verdict != signature.Differs || c.Field != "choices" || c.Signed != "For, Against, Abstain"):
			t.Errorf("%d, choices exchanged: %+v", v.N, c)
		case v.Expected.RowRebuilds != (c.Verdict == signature.Matches):
			t.Errorf("%d: %+v", v.N, c)
		case v.Expected.RowRebuilds && !slices.Equal(c.Binds(), v.Expected.Binds):
			t.Errorf("%d binds %v, want %v", v.N, c.Binds(), v.Expected.Binds)
		}
	}
}

func TestVoteVectors(t *testing.T) {
	reasons := map[int]signature.Reason{ // of the votes whose row does not rebuild
		10: signature.ChoiceText, 15: signature.AppRewritten, 16: signature.MetadataText, 19: signature.Encrypted,
	}
	classes := map[int]signature.Class{ // of the votes that are not signed by the voter
		4: signature.Contract, 21: signature.Alias, 22: signature.Alias, 24: signature.Contract,
	}
	for _, v := range readVectors(t, "testdata/eip712-votes.json") {
		p, vote := voteVector(t, v)
		if v.N == 18 || v.N == 19 {
			p.Privacy = "shutter"
		}
		s := signature.CheckSigner(p, vote, v.HubMessage.Message)
		class, special := classes[v.N]
		switch {
		case reasons[v.N] != "":
			class = signature.Unchecked
		case !special:
			class = signature.Verified
		}
		if rebuilt := s.Content.Verdict == signature.Matches; rebuilt != v.Expected.RebuildsFromRow ||
			s.Content.Reason != reasons[v.N] || s.Content.ChainID != v.Domain.ChainID {
			t.Errorf("%d, %s: %+v", v.N, v.Name, s.Content)
		}
		if s.Class != class || s.Address != v.Expected.Recovered {
			t.Errorf("%d, %s: %+v, want %s %s", v.N, v.Name, s, class, v.Expected.Recovered)
		}
	}
}
