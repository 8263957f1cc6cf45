// Package report makes one document of what was measured, and renders it as text, Markdown,
// JSON, CSV and a page of HTML, and a chart of it as SVG or PNG. It does no I/O of its own: a report comes
// from a Bundle, which a live run has just collected or a file holds. What a report says of a
// vote comes from package vote. A History is a table with a row for each of several reports.
//
// Where a Bundle has witnesses, its calls are run again by them (package proof), and a result
// that is not the proven one is an error. Nothing else makes a level "proven": "trusted" and
// "bound" are the word of the bundle's author. A proof rests on the hash of its block, which
// Report.Confirm compares with one from elsewhere.
//
// A Bundle is the evidence together with a claim, the Document that its author derived from
// it. Anyone can derive the document again, offline, and compare: see Verify. One hash covers
// all that a bundle says but the claim, and stands in every format: a post that shows it is
// bound to one bundle, its votes, marks and times included.
package report

import (
	"bytes"
	"cmp"
	"fmt"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/snapshot/strategy"
	"github.com/perpdao/perpquorum/votingpower"
	"github.com/perpdao/perpquorum/votingpower/vote"
)

// Report is a bundle with everything derived from it.
type Report struct {
	// BundleURL is where the bundle is published, for posts and pages to link to; "" for nowhere. It is
	// the name of a file beside them, or an address that CheckURL takes.
	BundleURL string

	bundle  Bundle
	result  *votingpower.Result
	outcome *vote.Outcome // nil where there is no vote
	chains  map[chains.ID]Assurance
	voters  map[*strategy.Sample]Assurance
	sampled bool // the witnesses prove a sample of the voters
	// confirmed says for a chain why its block hash is right.
	confirmed map[string]string
	document  *Document
	claimed   vote.Verdict // of the bundle, once Verify has found it right
}

// New derives the report from the bundle's evidence. It does not look at the claim; see
// Verify. An error wraps votingpower.ErrEvidence: the evidence contradicts itself or a witness
// in it, and there is no figure to print.
func New(b *Bundle) (*Report, error) {
	if b == nil {
		return nil, fmt.Errorf("%w: there is no bundle", votingpower.ErrEvidence)
	}
	r := &Report{bundle: *b}
	r.bundle.Format = cmp.Or(b.Format, BundleFormat)
	var err error
	if b.Vote == nil {
		r.result, err = votingpower.Compute(b.Evidence)
	} else {
		e := *b.Vote
		e.Circulating = b.Evidence
		if r.outcome, err = vote.Check(&e); err == nil {
			r.result = r.outcome.Result
		}
	}
	if err == nil {
		err = r.prove()
	}
	if err != nil {
		return nil, err
	}
	r.document, err = r.describe()
	return r, err
}

// Document returns the report as data: what the JSON format prints.
func (r *Report) Document() *Document { return r.document }

// Bundle returns the bundle of the report, with the report's document as its claim.
func (r *Report) Bundle() (*Bundle, error) {
	var claim bytes.Buffer
	if err := writeJSON(&claim, r.document.claimed()); err != nil {
		return nil, err
	}
	b := r.bundle
	b.Claim = claim.Bytes()
	return &b, nil
}
