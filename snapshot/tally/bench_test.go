package tally_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/perpdao/perpquorum/snapshot"
	"github.com/perpdao/perpquorum/snapshot/tally"
)

// BenchmarkRecount counts elections of the usual size, and the largest ones.
func BenchmarkRecount(b *testing.B) {
	for _, size := range []struct{ choices, votes, strategies int }{
		{5, 10_000, 3}, {60, 100_000, 1}, {500, 10_000, 1}, {500, 10_000, 3},
	} {
		for _, typ := range votingTypes {
			b.Run(fmt.Sprintf("%s/%dx%dx%d", typ, size.choices, size.votes, size.strategies), func(b *testing.B) {
				p, votes := largeElection(typ, size.choices, size.votes, size.strategies)
				b.ReportAllocs()
				for b.Loop() {
					if _, err := tally.Recount(p, votes); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// largeElection has valid choices only, and powers that are no whole numbers.
func largeElection(typ string, choices, votes, strategies int) (*snapshot.Proposal, []snapshot.Vote) {
	return validElection(typ, choices, votes, strategies).proposal()
}

func validElection(typ string, choices, votes, strategies int) oracleElection {
	rnd := rand.New(rand.NewPCG(5, 6))
	e := oracleElection{Type: typ, Choices: choices, Strategies: strategies}
	for range votes {
		v := oracleVote{Choice: json.RawMessage(randomChoice(rnd, typ, choices, 0)), Scores: make([]float64, strategies)}
		for k := range v.Scores {
			v.Scores[k] = rnd.Float64() * 1000
			v.Balance += v.Scores[k]
		}
		e.Votes = append(e.Votes, v)
	}
	return e
}
