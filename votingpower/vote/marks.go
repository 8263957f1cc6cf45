package vote

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/votingpower"
)

// Marks returns what a reader should know of circulating voting power and quorum, with or
// without a vote: whether the figures are made up, of a development chain or of a block
// that can still be replaced, which blocks were named by number, which endpoints that agreed
// are of one host, which were caught and left, and what is proven.
func Marks(r *votingpower.Result) []Finding { return marks(r, nil) }

// marks also covers development chains that only the voters' power was read on.
func marks(r *votingpower.Result, others []chains.ID) (found []Finding) {
	e, ids := r.Evidence, r.Evidence.Model.Chains()
	if why := e.Model.Synthetic; why != "" {
		add(&found, Warning, SyntheticFigures, "%s", quoted(why, 200))
	}
	if m := e.Model; !m.FactsOf.IsZero() && m.ReviewedBy == "" {
		add(&found, Warning, ModelUnreviewed, "it was put together from facts of %s, and nobody is named who reviewed it",
			m.FactsOf.UTC().Format(time.DateOnly))
	}
	switch power := new(big.Rat).SetInt(r.VotingPower); {
	case r.Quorum.Sign() == 0:
		add(&found, Warning, QuorumZero, "the model's rule gives 0, which a vote without voters reaches")
	case r.Quorum.Cmp(power) > 0:
		add(&found, Warning, QuorumImpossible, "the quorum is %s, and the circulating voting power %s: no vote can reach it "+
			"if the model sums all that votes", votingpower.Decimal(e.Model.InTokens(r.Quorum)),
			votingpower.Decimal(e.Model.InTokens(power)))
	}
	var names []string
	development := slices.DeleteFunc(e.Model.Chains(), func(id chains.ID) bool { return !e.Chains[id].Development })
	for _, id := range append(development, others...) {
		if name := fmt.Sprintf("%v (chain id %d)", id, uint64(id)); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) > 0 {
		add(&found, Warning, DevelopmentChain, "%s: not the public chain of that id; the figures are not from a public chain",
			strings.Join(names, ", "))
	}
	for _, id := range ids {
		addBlockMarks(&found, id, e.Chains[id].Block)
	}
	for _, id := range ids {
		addPinned(&found, id, e.Chains[id].Block, e.At)
	}
	for _, id := range ids {
		addOneHost(&found, id, e.Reads)
		addFaults(&found, id, e.Chains[id].Faults)
	}
	add(&found, Info, EvidenceRecomputed,
		"block hashes follow from the headers in the evidence, and all figures from its %s",
		count(len(e.Reads), "contract read"))
	return found
}

// addBlockMarks warns of a block that a reorg could still replace, and reports one that is
// final by its age alone, and a header with fields that only a newer program knows.
func addBlockMarks(to *[]Finding, id chains.ID, b chains.Block) {
	if b.Unfinalized {
		add(to, Warning, BlockNotFinal, "%v block %d was not finalized when it was read, and can still be replaced",
			id, b.Number())
	}
	if b.FinalByAge {
		add(to, Info, BlockFinalByAge, "%v block %d counts as final because it was more than a day older than the head: "+
			"no endpoint said which block is finalized", id, b.Number())
	}
	if len(b.NewFields)+len(b.ParentNewFields) > 0 {
		add(to, Info, BlockOfNewFork, "%v block %d or its parent is of a fork newer than this program: "+
			"its header has fields of unknown meaning, which its hash covers", id, b.Number())
	}
}

// addPinned reports a block that was named by number. That is worth a warning only where the
// timestamp rule would have chosen another block.
func addPinned(to *[]Finding, id chains.ID, b chains.Block, at time.Time) {
	level, is := Warning, "is not"
	if b.Pinned && b.Proves(at) == nil {
		level, is = Info, "is also"
	}
	if b.Pinned {
		add(to, level, BlockPinned, "%v block %d was named by number; it %s the first block at or after the query time",
			id, b.Number(), is)
	}
}

// addFaults warns of endpoints that were caught and left, each fault once.
func addFaults(to *[]Finding, id chains.ID, faults []chains.Fault) {
	for _, f := range faults[:min(len(faults), longest)] {
		code, what := EndpointWrongState, "answered with the state of another block"
		switch f.Code {
		case chains.WrongProof:
			code, what = EndpointWrongProof, "gave wrong proofs"
		case chains.IncompleteState:
			code, what = EndpointIncomplete, "lacks a part of the block's state"
		case chains.DiffersFromProof:
			code, what = EndpointDiffers, "gave another answer than the proven one"
		}
		var one []Finding
		add(&one, Warning, code, "%v: %s %s, and was left: %s", id, quoted(f.Endpoint, 80), what, quoted(f.Detail, 300))
		if !slices.Contains(*to, one[0]) {
			*to = append(*to, one[0])
		}
	}
}

// addOneHost warns of endpoints of one host that agreed about a read of the chain.
func addOneHost(to *[]Finding, id chains.ID, reads []votingpower.Read) {
	for _, read := range reads {
		if a, b, found := chains.OneHost(strings.Split(read.From, ", ")); found && read.Chain == id {
			add(to, Warning, OneHostAgreed, "%v: %s and %s agreed, but are of one host and may be one node", id, a, b)
			return
		}
	}
}
