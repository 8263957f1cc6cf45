package votingpower_test

import (
	"bytes"
	"context"
	"encoding/json"
	"testing"

	"github.com/perpdao/perpquorum/votingpower"
)

func BenchmarkParseModel(b *testing.B) {
	data := marshal(b, votingpower.PERP())
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := votingpower.ParseModel(bytes.NewReader(data)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkTerms(b *testing.B) {
	m := votingpower.PERP()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := m.Terms(queryTime); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCompute(b *testing.B) {
	e := evidence(b, votingpower.PERP(), queryTime, perpState())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := votingpower.Compute(e); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCollect leaves out the network: its nodes answer from memory.
func BenchmarkCollect(b *testing.B) {
	m := votingpower.PERP()
	nodes, ethereum, optimism := perpNodes()
	b.ReportAllocs()
	for b.Loop() {
		ethereum.asked, optimism.asked = nil, nil
		if _, err := votingpower.Collect(context.Background(), nodes, m, votingpower.When{At: queryTime}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEvidenceUnmarshal(b *testing.B) {
	data := marshal(b, evidence(b, votingpower.PERP(), queryTime, perpState()))
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		var e votingpower.Evidence
		if err := json.Unmarshal(data, &e); err != nil {
			b.Fatal(err)
		}
	}
}
