package signature_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/ethereum/go-ethereum/common"

	"github.com/perpdao/perpquorum/snapshot"
	"github.com/perpdao/perpquorum/snapshot/signature"
)

// The id of a vote as Snapshot's page signs it today, and of one that nothing
// explains, for which every form, chain and known change is tried.
func BenchmarkCheckVote(b *testing.B) {
	p, matching := plainVote(b)
	differing := *matching
	differing.Created++
	p.Choices = make([]string, 100)
	for name, v := range map[string]*snapshot.Vote{"matches": matching, "differs": &differing} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				signature.CheckVote(p, v)
			}
		})
	}
	list := differing
	list.Choice = json.RawMessage(`[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30]`)
	b.Run("list differs", func(b *testing.B) {
		for b.Loop() {
			signature.CheckVote(p, &list)
		}
	})
}

func BenchmarkCheckSigner(b *testing.B) {
	p, v := plainVote(b)
	m := snapshot.Message{ID: v.ID, Address: voter, Sig: hexOf(sign(b, voterKey, common.HexToHash(v.ID)))}
	for b.Loop() {
		signature.CheckSigner(p, v, m)
	}
}

// A vote of 10,000 whose ids match, and of as many that nothing explains.
func BenchmarkCheckVotes(b *testing.B) {
	p, matching := plainVote(b)
	votes := slices.Repeat([]snapshot.Vote{*matching}, 10_000)
	b.Run("match", func(b *testing.B) {
		for b.Loop() {
			signature.CheckVotes(p, votes)
		}
	})
	for i := range votes {
		votes[i].Created++
	}
	b.Run("differ", func(b *testing.B) {
		for b.Loop() {
			signature.CheckVotes(p, votes)
		}
	})
}
