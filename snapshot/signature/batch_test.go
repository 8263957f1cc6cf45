package signature_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/perpdao/perpquorum/snapshot"
	"github.com/perpdao/perpquorum/snapshot/signature"
)

// Each vote of a list is checked as it is alone.
func TestCheckVotes(t *testing.T) {
	p, honest := plainVote(t)
	var votes []snapshot.Vote
	for _, v := range readVectors(t, "testdata/eip712-votes.json") {
		if row, vote := voteVector(t, v); row.Space == p.Space && row.ID == p.ID {
			votes = append(votes, *vote)
		}
	}
	changed := *honest
	changed.Choice = json.RawMessage(`1`)
	votes = append(slices.Repeat(votes, 3), *honest, changed, snapshot.Vote{ID: "Qm"})
	for i, c := range signature.CheckVotes(p, votes) {
		if want := signature.CheckVote(p, &votes[i]); c != want {
			t.Errorf("vote %d: %+v, alone %+v", i, c, want)
		}
	}
	if len(votes) < 60 {
		t.Errorf("only %d votes", len(votes))
	}
}

// Of many rows that nothing explains, the first are searched and differ; the others accuse nobody.
// One of them whose id matches still does.
func TestCheckVotesIsBounded(t *testing.T) {
	p, honest := plainVote(t)
	votes := slices.Repeat([]snapshot.Vote{*honest}, 300)
	for i := range votes[:299] {
		votes[i].Reason = fmt.Sprintf("forged %d", i)
	}
	checks := signature.CheckVotes(p, votes)
	want := signature.Check{Verdict: signature.NotCheckable, Reason: signature.Unsearched}
	if checks[0].Verdict != signature.Differs || checks[199].Verdict != signature.Differs ||
		checks[200] != want || checks[298] != want || checks[299].Verdict != signature.Matches {
		t.Errorf("found %+v", []signature.Check{checks[0], checks[199], checks[200], checks[298], checks[299]})
	}
}

// The signer of each vote of a list is found as it is alone, whatever the order of the messages.
func TestCheckSigners(t *testing.T) {
	p, honest := plainVote(t)
	var votes []snapshot.Vote
	var messages []snapshot.Message
	for _, v := range readVectors(t, "testdata/eip712-votes.json") {
		if row, vote := voteVector(t, v); row.Space == p.Space && row.ID == p.ID {
			votes, messages = append(votes, *vote), append(messages, v.HubMessage.Message)
		}
	}
	votes = append(votes, *honest) // without a message
	slices.Reverse(messages)
	for i, s := range signature.CheckSigners(p, votes, signature.CheckVotes(p, votes), messages) {
		var m snapshot.Message
		if k := slices.IndexFunc(messages, func(m snapshot.Message) bool { return m.ID == votes[i].ID }); k >= 0 {
			m = messages[k]
		}
		if want := signature.CheckSigner(p, &votes[i], m); s != want {
			t.Errorf("vote %d: %+v, alone %+v", i, s, want)
		}
	}
}

// A contract is asked about the bytes, and about those inside of an EIP-6492 signature.
func TestForContract(t *testing.T) {
	word := func(n int) string { return fmt.Sprintf("%064x", n) }
	magic := strings.Repeat("6492", 16)
	for give, want := range map[string]string{
		"0x":     "0x",
		"0xABcd": "0xabcd",
		"0x" + word(7) + word(0x60) + word(0xa0) + word(2) + "cafe" + strings.Repeat("00", 30) +
			word(2) + "beef" + strings.Repeat("00", 30) + magic: "0xbeef",
		"0x" + magic: "",
		"0x" + word(7) + word(0x60) + word(1<<40) + word(0) + word(2) + magic: "",
		"beef":  "",
		"0xbee": "",
		"1,2":   "",
	} {
		got, factory, making, err := signature.ForContract(give)
		if strings.HasSuffix(give, magic) && err == nil && (factory.Big().Int64() != 7 || hexOf(making) != "0xcafe") {
			t.Errorf("%.40s: factory %v called with %x", give, factory, making)
		}
		if want == "" && !errors.Is(err, signature.ErrSignature) || want != "" && (err != nil || hexOf(got) != want) {
			t.Errorf("%.40s: %x, error %v; want %s", give, got, err, want)
		}
	}
}
