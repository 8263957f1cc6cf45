package report

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/perpdao/perpquorum/votingpower"
)

// Difference is a leaf of a claim that is not what the evidence gives. Values are JSON;
// "(absent)" stands for a leaf that one side does not have.
type Difference struct {
	Path       string // such as quorum.tokens or terms[2].amount.base_units
	Claimed    string
	Recomputed string
}

// String says it in one line.
func (d Difference) String() string {
	return fmt.Sprintf("%s: claimed %s, recomputed %s", d.Path, d.Claimed, d.Recomputed)
}

// words are the leaves of a claim that are not compared: wording, which another version of
// the program may change without changing what it says, and the labels of endpoints, which
// nothing depends on.
var words = regexp.MustCompile(`^(` +
	`findings\[\d+\]\.(title|detail)|` +
	`chains\[\d+\]\.(name|explorer|served_by.*)|` +
	`vote\.(recount|turnout\.rule|voting_power\.agreement.*)|` +
	`vote\.voting_power\.(blocks\[\d+\]\.(rule|served_by.*)|unverifiable\[\d+\]\.reason)` +
	`)$`)

// added are the leaves that the first bundles of format 1 do not have.
var added = regexp.MustCompile(`^findings\[\d+\]\.code$`)

// Verify recomputes the report from the bundle's evidence, and compares it with the bundle's
// claim: every figure, hash, level, code, mark and verdict, but not the wording. The claim is
// right if there is no difference and no error. An error wraps votingpower.ErrEvidence: the
// evidence contradicts itself, whatever is claimed.
func Verify(b *Bundle) (*Report, []Difference, error) {
	r, err := New(b)
	if err != nil {
		return nil, nil, err
	}
	claimed, err := leaves(b.Claim)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: claim: %w", votingpower.ErrEvidence, err)
	}
	document, err := encodeJSON(r.document, "")
	if err != nil {
		return nil, nil, err
	}
	recomputed, err := leaves(document)
	if err != nil {
		return nil, nil, err
	}
	different := slices.DeleteFunc(differences(claimed, recomputed), func(d Difference) bool {
		return words.MatchString(d.Path) || d.Claimed == absent && added.MatchString(d.Path)
	})
	return r, different, nil
}

const absent = "(absent)"

// differences compares two lists of leaves by path: first what the second list has, in its
// order, then what only the first has.
func differences(claimed, recomputed []leaf) (found []Difference) {
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
