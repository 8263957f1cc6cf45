package vote

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/votingpower"
)

// Marks returns what a reader should know of circulating voting power and quorum, with or
// without a vote: whether the figures are made up, of a development chain or of a block
// that can still be replaced, which blocks were named by number, and what is proven.
func Marks(r *votingpower.Result) []Finding { return marks(r, nil) }

// marks also covers development chains that only the voters' power was read on.
func marks(r *votingpower.Result, development []chains.ID) (found []Finding) {
	e, ids := r.Evidence, r.Evidence.Model.Chains()
	if why := e.Model.Synthetic; why != "" {
		found = append(found, Finding{Warning, Synthetic, "Synthetic figures", why})
	}
	for _, id := range slices.Backward(ids) {
		if e.Chains[id].Development {
			development = slices.Insert(development, 0, id)
		}
	}
	found = append(found, developmentChains(development)...)
	for _, id := range ids {
		found = append(found, notFinal(id, e.Chains[id].Block)...)
	}
	for _, id := range ids {
		found = append(found, pinned(id, e.Chains[id].Block, e.At)...)
	}
	return append(found, one(Info, EvidenceRecomputed, "Evidence recomputed",
		"block hashes follow from the headers in the evidence, and all figures from its %s",
		count(len(e.Reads), "contract read"))...)
}

// developmentChains warns of chains that are not the public ones.
func developmentChains(ids []chains.ID) []Finding {
	var names []string
	for _, id := range ids {
		if name := fmt.Sprintf("%v (chain id %d)", id, uint64(id)); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return one(Warning, DevelopmentChain, "Development chain",
		"%s: not the public chain of that id; the figures are not from a public chain", strings.Join(names, ", "))
}

// notFinal warns of a block that a reorg could still replace.
func notFinal(id chains.ID, b chains.Block) []Finding {
	if !b.Unfinalized {
		return nil
	}
	return one(Warning, BlockNotFinal, "Block not final",
		"%v block %d was not finalized when it was read, and can still be replaced", id, b.Number())
}

// pinned reports a block that was named by number. That is worth a warning only where the
// timestamp rule would have chosen another block.
func pinned(id chains.ID, b chains.Block, at time.Time) []Finding {
	if !b.Pinned {
		return nil
	}
	level, is := Warning, "is not"
	if b.Proves(at) == nil {
		level, is = Info, "is also"
	}
	return one(level, BlockPinned, "Block pinned",
		"%v block %d was named by number; it %s the first block at or after the query time", id, b.Number(), is)
}
