// Package report joins what was measured into one document, judges it, and
// renders it as text, Markdown and JSON. It does no I/O of its own: a report
// comes from a Bundle, which a live run has just collected or a file holds.
//
// A bundle with a Ballot is about a vote. Its document says in an ordered list of
// findings what agrees and what does not, and ends in a verdict: not final, if the
// vote can still change or a block can still be replaced; else disagrees, if any
// finding is a failure; else reached or not reached. The quorum is reached when the
// turnout is at least as much, compared exactly. The turnout is the sum of what
// the chains say of every counted voter, in base units; where a part of that could
// not be recomputed, it is the hub's double, and the document says so.
//
// A Bundle is the evidence together with a claim, the Document that its author
// derived from it. Anyone can derive the document again, offline, and compare:
// see Verify. The claim is compared leaf by leaf, so that a change of a single
// character anywhere is found.
package report

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/perpdao/perpquorum/votingpower"
)

// Report is a bundle with everything derived from it.
type Report struct {
	bundle   Bundle
	result   *votingpower.Result
	vote     *tallied // nil where there is no vote to judge
	document *Document
}

// New derives the report from the bundle's evidence. It does not look at the
// claim; see Verify. An error wraps votingpower.ErrEvidence: the evidence does
// not hold, and there is no figure to print.
func New(b *Bundle) (*Report, error) {
	if b == nil {
		return nil, fmt.Errorf("%w: there is no bundle", votingpower.ErrEvidence)
	}
	result, err := votingpower.Compute(b.Evidence)
	if err != nil {
		return nil, err
	}
	r := &Report{bundle: *b, result: result}
	r.bundle.Format = BundleFormat
	if b.Vote != nil {
		if r.vote, err = count(b, result.Quorum); err != nil {
			return nil, err
		}
	}
	if r.document, err = r.describe(); err != nil {
		return nil, err
	}
	return r, nil
}

// Document returns the report as data: what the JSON format prints.
func (r *Report) Document() *Document { return r.document }

// Bundle returns the bundle of the report, with the report's document as its
// claim.
func (r *Report) Bundle() (*Bundle, error) {
	claim, err := json.Marshal(r.document)
	if err != nil {
		return nil, err
	}
	b := r.bundle
	b.Claim = claim
	return &b, nil
}

// digest returns the SHA-256 hash, in hex, of the compact JSON of v, without
// escapes for HTML: the bytes that `jq -cj .evidence` prints of a bundle.
func digest(v any) (string, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return "", fmt.Errorf("%w: %w", votingpower.ErrEvidence, err)
	}
	sum := sha256.Sum256(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
	return hex.EncodeToString(sum[:]), nil
}
