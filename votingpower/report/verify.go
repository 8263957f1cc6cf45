package report

import (
	"encoding/json"
	"fmt"

	"github.com/perpdao/perpquorum/votingpower"
)

// Difference is a leaf of a claim that is not what the evidence gives. Values
// are JSON; "(absent)" stands for a leaf that one side does not have.
type Difference struct {
	Path       string // such as quorum.tokens or terms[2].amount.base_units
	Claimed    string
	Recomputed string
}

// String says it in one line.
func (d Difference) String() string {
	return fmt.Sprintf("%s: claimed %s, recomputed %s", clean(d.Path), clean(d.Claimed), clean(d.Recomputed))
}

// Verify recomputes the report from the bundle's evidence, and compares every
// leaf of it with the bundle's claim. The claim holds if there is no difference
// and no error. An error wraps votingpower.ErrEvidence: the evidence does not
// hold, whatever is claimed.
func Verify(b *Bundle) (*Report, []Difference, error) {
	r, err := New(b)
	if err != nil {
		return nil, nil, err
	}
	claimed, err := flatten(b.Claim)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: claim: %w", votingpower.ErrEvidence, err)
	}
	document, err := json.Marshal(r.document)
	if err != nil {
		return nil, nil, err
	}
	recomputed, err := flatten(document)
	if err != nil {
		return nil, nil, err
	}
	return r, differences(claimed, recomputed), nil
}

// differences compares two lists of leaves by path: first what the second list
// has, in its order, then what only the first has.
func differences(claimed, recomputed []leaf) (found []Difference) {
	const absent = "(absent)"
	rest := make(map[string]string, len(claimed))
	for _, l := range claimed {
		rest[l.path] = l.value
	}
	for _, l := range recomputed {
		value, ok := rest[l.path]
		if !ok {
			value = absent
		}
		if value != l.value {
			found = append(found, Difference{l.path, value, l.value})
		}
		delete(rest, l.path)
	}
	for _, l := range claimed {
		if value, ok := rest[l.path]; ok {
			found = append(found, Difference{l.path, value, absent})
		}
	}
	return found
}
