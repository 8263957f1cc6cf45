package report

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/perpdao/perpquorum/votingpower"
	"github.com/perpdao/perpquorum/votingpower/vote"
)

// Difference is a value of a claim that is not what the evidence gives. Values are JSON, with
// "{" for any object and "[" for any list; "(absent)" for a value that one side lacks.
type Difference struct {
	Path       string // a JSON Pointer, such as /quorum/tokens or /terms/2/amount/base_units
	Claimed    string
	Recomputed string
}

// String says it in one line.
func (d Difference) String() string {
	return fmt.Sprintf("%s: claimed %s, recomputed %s", d.Path, d.Claimed, d.Recomputed)
}

// words are the values of a claim that are not compared: wording, which another version of
// the program may change without changing what it says, and the labels of endpoints, which
// nothing depends on.
var words = regexp.MustCompile(`^/(` +
	`findings/\d+/(title|detail)|` +
	`chains/\d+/(name|explorer|served_by(/\d+)?)|` +
	`vote/(recount|turnout/rule|voting_power/agreement/\d+)|` +
	`vote/voting_power/(blocks/\d+/(rule|served_by(/\d+)?)|unverifiable/\d+/reason)` +
	`)$`)

// added are the values that the first bundles of format 1 do not have.
var added = regexp.MustCompile(`^/findings/\d+/code$`)

// addedCodes are the codes of findings that the first bundles of format 1 do not have. A claim
// may leave out all of these, but no failure.
var addedCodes = []vote.Code{
	vote.ProposalIDMatches, vote.ProposalIDNotChecked, vote.ProposalEdited,
	vote.SnapshotAfterCreation, vote.SnapshotLongBeforeCreation,
}

// Verify recomputes the report from the bundle's evidence, and compares it with the bundle's
// claim: every figure, hash, level, code, mark and verdict, but not the wording. The claim is
// right if there is no difference and no error. An error wraps votingpower.ErrEvidence: the
// evidence contradicts itself, whatever is claimed.
func Verify(b *Bundle) (*Report, []Difference, error) {
	r, err := New(b)
	if err != nil {
		return nil, nil, err
	}
	claimed, err := values(b.Claim)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: claim: %w", votingpower.ErrEvidence, err)
	}
	d := *r.document
	if !slices.ContainsFunc(claimed, isAdded) {
		d.Findings = slices.DeleteFunc(slices.Clone(d.Findings), func(f vote.Finding) bool {
			return f.Level != vote.Failure && slices.Contains(addedCodes, f.Code)
		})
	}
	document, err := encodeJSON(d, "")
	if err != nil {
		return nil, nil, err
	}
	recomputed, err := values(document)
	if err != nil {
		return nil, nil, err
	}
	different := slices.DeleteFunc(differences(claimed, recomputed), func(d Difference) bool {
		return words.MatchString(d.Path) || d.Claimed == absent && added.MatchString(d.Path)
	})
	return r, different, nil
}

// isAdded reports whether a value of a claim is one of addedCodes.
func isAdded(v value) bool {
	code, err := strconv.Unquote(v.json)
	return err == nil && added.MatchString(string(v.path)) && slices.Contains(addedCodes, vote.Code(code))
}

const absent = "(absent)"

// differences compares two lists of values by path: first what the second list has, in its
// order, then what only the first has.
func differences(claimed, recomputed []value) (found []Difference) {
	rest := make(map[jsontext.Pointer]string, len(claimed))
	for _, v := range claimed {
		rest[v.path] = v.json
	}
	for _, v := range recomputed {
		claim, ok := rest[v.path]
		if !ok {
			claim = absent
		}
		if claim != v.json {
			found = append(found, Difference{string(v.path), claim, v.json})
		}
		delete(rest, v.path)
	}
	for _, v := range claimed {
		if _, ok := rest[v.path]; ok {
			found = append(found, Difference{string(v.path), v.json, absent})
		}
	}
	return found
}
