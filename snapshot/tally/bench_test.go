package tally_test

import (
	"encoding/json"
	"math/rand/v2"
	"testing"

	"github.com/perpdao/perpquorum/snapshot/tally"
)

func BenchmarkRecount(b *testing.B) {
	for _, typ := range votingTypes {
		b.Run(typ, func(b *testing.B) {
			rnd := rand.New(rand.NewPCG(5, 6))
			e := oracleElection{Type: typ, Choices: 5, Strategies: 3}
			for range 10_000 {
				v := oracleVote{Choice: json.RawMessage(randomChoice(rnd, typ, e.Choices, 0)),
					Scores: make([]float64, e.Strategies)}
				for k := range v.Scores {
					v.Scores[k] = rnd.Float64() * 1000
					v.Balance += v.Scores[k]
				}
				e.Votes = append(e.Votes, v)
			}
			p, votes := e.proposal()
			b.ReportAllocs()
			for b.Loop() {
				if _, err := tally.Recount(p, votes); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
