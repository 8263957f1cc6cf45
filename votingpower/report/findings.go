package report

import (
	"fmt"
	"slices"
	"strings"
)

// check looks at one side of a report and returns what a reader should know.
type check func(*Report, *Document) []Finding

// checks lists all checks in the order of their findings.
func checks() []check {
	return []check{
		checkSynthetic,
		checkDevelopment,
		checkUnfinalized,
		checkPinned,
		checkProven,
	}
}

// checkSynthetic warns of figures that were made up, by the bundle or by the
// model.
func checkSynthetic(r *Report, _ *Document) (found []Finding) {
	for _, why := range []string{r.bundle.Synthetic, r.bundle.Evidence.Model.Synthetic} {
		if why != "" {
			found = append(found, Finding{Warning, "Synthetic figures", why})
		}
	}
	return found
}

// checkDevelopment warns of chains that are not the public ones.
func checkDevelopment(r *Report, d *Document) []Finding {
	var names []string
	for _, c := range d.Chains {
		if c.Development {
			names = append(names, fmt.Sprintf("%s (chain id %d)", c.Name, c.ID))
		}
	}
	if r.vote != nil {
		for _, id := range r.vote.developments() {
			if name := fmt.Sprintf("%s (chain id %d)", chainName(id), uint64(id)); !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	if len(names) == 0 {
		return nil
	}
	return []Finding{{Warning, "Development chain",
		strings.Join(names, ", ") + ": not the public chain of that id; the figures are not from a public chain"}}
}

// checkUnfinalized warns of blocks that a reorg could still replace.
func checkUnfinalized(_ *Report, d *Document) (found []Finding) {
	for _, c := range d.Chains {
		if c.Unfinalized {
			found = append(found, Finding{Warning, "Not final",
				fmt.Sprintf("%s block %d was not finalized when it was read, and could still be replaced", c.Name, c.Number)})
		}
	}
	return found
}

// checkPinned tells which blocks were named by number. That is worth a warning
// only where the timestamp rule would have chosen another block.
func checkPinned(_ *Report, d *Document) (found []Finding) {
	for _, c := range d.Chains {
		switch {
		case c.Pinned && c.First:
			found = append(found, Finding{Info, "Block pinned",
				fmt.Sprintf("%s block %d was named by number; it is also the first block at or after the query time", c.Name, c.Number)})
		case c.Pinned:
			found = append(found, Finding{Warning, "Block pinned",
				fmt.Sprintf("%s block %d was named by number; it is not the first block at or after the query time", c.Name, c.Number)})
		}
	}
	return found
}

// checkProven tells what the evidence proves by itself. Evidence that does not
// is refused before any check runs.
func checkProven(_ *Report, d *Document) []Finding {
	reads := 0
	for _, c := range d.Chains {
		reads += c.Reads
	}
	return []Finding{{Info, "Evidence recomputed",
		fmt.Sprintf("block hashes follow from the headers in the evidence, and all figures from its %d contract reads", reads)}}
}
