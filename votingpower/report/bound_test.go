package report_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/fixtures"
	"github.com/perpdao/perpquorum/votingpower"
	"github.com/perpdao/perpquorum/votingpower/report"
)

// TestOneHash: what a bundle says cannot change without its hash, which stands in every format.
// An author who changes it derives a new claim as well.
func TestOneHash(t *testing.T) {
	was := document(t, load(t, "reached")).Bundle
	seen := map[string]string{was: "the bundle itself"}
	for name, change := range map[string]func(b *report.Bundle){
		"votes that change places": func(b *report.Bundle) {
			v := b.Vote.Votes
			v[0].Choice, v[1].Choice = v[1].Choice, v[0].Choice
		},
		"another reason of a vote":     func(b *report.Bundle) { b.Vote.Votes[0].IPFS = "Qm" },
		"when it was read":             func(b *report.Bundle) { b.Vote.ReadAt++ },
		"the hub":                      func(b *report.Bundle) { b.Vote.Hub = "elsewhere.example" },
		"what the reader asked for":    func(b *report.Bundle) { b.Vote.Strict = true },
		"why it is synthetic":          func(b *report.Bundle) { b.Synthetic += "." },
		"that it is synthetic":         func(b *report.Bundle) { b.Synthetic = "" },
		"an endpoint":                  func(b *report.Bundle) { b.Evidence.Reads[3].From = "elsewhere.example" },
		"a source of the model":        func(b *report.Bundle) { b.Evidence.Model.Sources[0] = "elsewhere" },
		"a mark of a block":            mark(unfinalized),
		"that a chain is a public one": mark(development),
		"that there is a vote":         func(b *report.Bundle) { b.Vote = nil },
	} {
		b := load(t, "reached")
		change(b)
		hash := document(t, b).Bundle
		if other, again := seen[hash]; again {
			t.Errorf("%s: the hash is that of %s", name, other)
		}
		seen[hash] = name
		for format, text := range printed(t, b) {
			if !strings.Contains(text, hash) || strings.Contains(text, was) {
				t.Errorf("%s: %s does not show the hash %s", name, format, hash)
			}
		}
		if !strings.Contains(render(t, b, report.JSON), `"bundle_sha256": "`+hash+`"`) {
			t.Errorf("%s: JSON does not show the hash %s", name, hash)
		}
	}
	same := sealed(t, load(t, "reached"))
	same.Generator = "another version"
	if document(t, same).Bundle != was {
		t.Error("the hash depends on the generator or on the claim")
	}
}

func unfinalized(c *votingpower.ChainEvidence) { c.Block.Unfinalized = true }
func development(c *votingpower.ChainEvidence) { c.Development = true }

// mark changes what the evidence says of a chain.
func mark(change func(c *votingpower.ChainEvidence)) func(b *report.Bundle) {
	return func(b *report.Bundle) {
		c := b.Evidence.Chains[chains.Optimism]
		change(&c)
		b.Evidence.Chains[chains.Optimism] = c
	}
}

// TestFormat1SaysWhatItsHashLeavesOut in each place that shows the hash.
func TestFormat1SaysWhatItsHashLeavesOut(t *testing.T) {
	b := load(t, "reached")
	b.Format = report.BundleFormat1
	d, shown := document(t, b), printed(t, b)
	shown["markdown"] = render(t, b, report.Markdown)
	for _, hash := range []string{d.Evidence, d.Vote.Ballot} {
		if len(hash) != 64 || !strings.Contains(shown["markdown"], hash) || !strings.Contains(shown["verify"], hash) {
			t.Errorf("hash %q is not shown", hash)
		}
	}
	if d.Bundle != "" ||
		!strings.Contains(shown["markdown"], "which does not cover the mark of synthetic figures, nor the vote") ||
		!strings.Contains(shown["verify"], "not bound: the hash of this older format does not cover") {
		t.Errorf("found\n%s\n%s", shown["markdown"], shown["verify"])
	}
}

// TestClearedMarks: the examples are of test chains with the ids of public ones. Without the
// marks that say so, they hold blocks that the public chains cannot have.
func TestClearedMarks(t *testing.T) {
	for name, data := range map[string][]byte{"example": fixtures.Example, "example-vote": fixtures.ExampleVote} {
		for _, id := range []chains.ID{chains.Ethereum, chains.Optimism} {
			b, err := report.ReadBundle(bytes.NewReader(data))
			if err != nil {
				t.Fatal(err)
			}
			c := b.Evidence.Chains[id]
			c.Development = false
			b.Evidence.Chains[id] = c
			if b.Vote != nil {
				for place, reading := range b.Vote.Power.Places {
					reading.Development = reading.Development && place.Chain != id
					b.Vote.Power.Places[place] = reading
				}
			}
			_, _, err = report.Verify(b, time.Now())
			if !errors.Is(err, votingpower.ErrEvidence) || !strings.Contains(err.Error(), "too late for the public chain") {
				t.Errorf("%s, %v: found %v", name, id, err)
			}
		}
	}
}

// TestClearedMarkOfVoters: voters' power can be of a test chain alone.
func TestClearedMarkOfVoters(t *testing.T) {
	b, err := report.ReadBundle(bytes.NewReader(fixtures.ExampleVote))
	if err != nil {
		t.Fatal(err)
	}
	for place, reading := range b.Vote.Power.Places {
		reading.Development = false
		b.Vote.Power.Places[place] = reading
	}
	if _, err := report.New(b); !errors.Is(err, votingpower.ErrEvidence) {
		t.Errorf("found %v", err)
	}
}
