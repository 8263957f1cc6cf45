package vote

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/snapshot"
	"github.com/perpdao/perpquorum/snapshot/signature"
)

// Signed says who signed the votes.
type Signed struct {
	Verified Group // by the voter
	// Others are signed by a contract or by an alias, by the word of the chain or of the hub.
	Others map[Authority]Group
	// Unchecked says nothing of who signed, for the reasons given.
	Unchecked map[signature.Reason]Group
	// Another is signed by another key, though the hub says by the voter, who has no contract.
	Another Group
}

// Authority is what is known of a signature that is not of the voter's own key.
type Authority string

// The authorities. Only with the first three the voter is known to have signed.
const (
	AliasListed      Authority = "alias-listed"
	ContractConfirms Authority = "contract-confirms"
	ContractMade     Authority = "contract-made"
	AliasExpired     Authority = "alias-expired"
	ContractRefuses  Authority = "contract-refuses"
	ContractMissing  Authority = "contract-missing"
	ContractNotAsked Authority = "contract-not-asked"
	another          Authority = "another"
)

// reasons say the authorities in words.
var reasons = map[Authority]string{
	AliasListed:      "an alias that the hub lists",
	ContractConfirms: "the voter's contract confirms it",
	ContractMade:     "the voter's contract confirms it, which its factory would make",
	AliasExpired:     "an alias that was too old by then",
	ContractRefuses:  "the voter's contract does not confirm it",
	ContractMissing:  "the voter's contract is not there at the end of the vote",
	ContractNotAsked: "the voter's contract was not asked",
}

// AliasUnlisted: the voter may have revoked the alias since, which takes it off the hub's list.
const AliasUnlisted signature.Reason = "another key signed, which the hub does not list as an alias, or no longer"

// settled reports that the voter is known to have signed.
func (a Authority) settled() bool {
	return a == AliasListed || a == ContractConfirms || a == ContractMade
}

// class says it of one vote.
func (a Authority) class() signature.Class {
	switch {
	case a == another:
		return "signed by somebody else"
	case a == AliasListed:
		return "signed by an alias"
	case a.settled():
		return "confirmed by a contract"
	}
	return signature.Unchecked
}

// check demands that the evidence is about these votes, and contracts were asked at their end.
func (s *Signatures) check(e *Evidence, network chains.ID) error {
	ids, created := make(map[string]bool, len(e.Votes)), make(map[string]int64, len(e.Votes))
	for _, v := range e.Votes {
		ids[v.ID], created[v.Voter] = true, v.Created
	}
	for _, m := range s.Messages {
		if !ids[m.ID] {
			return fmt.Errorf("a message has the id %.80q, which is of no vote, or of one that has a message", m.ID)
		}
		delete(ids, m.ID)
	}
	if s.Contracts == nil {
		return nil
	}
	development := e.Circulating.Chains[network].Development
	for _, place := range e.Places() {
		development = development || place.Chain == network && e.Power.Places[place].Development
	}
	check := func(block chains.Block, unix int64) error {
		err := errors.Join(block.Check(), block.Proves(time.Unix(unix, 0)))
		if err == nil && !development {
			err = block.Plausible(network)
		}
		return err
	}
	if err := check(s.Contracts.Block, e.Proposal.End); err != nil {
		return fmt.Errorf("the block at the end of the vote: %w", err)
	}
	for _, a := range s.Contracts.Answers {
		if a.AtVote == nil {
			continue
		}
		if err := check(*a.AtVote, created[a.Voter]); err != nil {
			return fmt.Errorf("the block at the time of the vote of %.80q: %w", a.Voter, err)
		}
	}
	return nil
}

// judgeSignatures finds who signed the votes, if signatures were read.
func (o *Outcome) judgeSignatures() error {
	e := o.Evidence
	s := e.Signatures
	if s == nil {
		return nil
	}
	if err := s.check(e, o.Network); err != nil {
		return fmt.Errorf("signatures: %w", err)
	}
	o.signers = signature.CheckSigners(e.Proposal, e.Votes, o.ids, s.Messages)
	o.Signed = &Signed{Others: map[Authority]Group{}, Unchecked: map[signature.Reason]Group{}}
	aliases, contracts := map[[2]string]int64{}, map[string]ContractAnswer{}
	for _, a := range s.Aliases {
		key := [2]string{strings.ToLower(a.Address), strings.ToLower(a.Alias)}
		aliases[key] = max(aliases[key], a.Created)
	}
	if s.Contracts != nil {
		for _, c := range s.Contracts.Answers {
			contracts[strings.ToLower(c.Voter)] = c
		}
	}
	for i, signer := range o.signers {
		v := e.Votes[i]
		switch voter := strings.ToLower(v.Voter); signer.Class {
		case signature.Verified:
			o.Signed.Verified.add(v)
		case signature.Alias:
			if created, listed := aliases[[2]string{voter, strings.ToLower(signer.Address)}]; listed {
				o.signedBy(i, aliasOf(v, created))
			} else {
				addTo(o.Signed.Unchecked, AliasUnlisted, v)
				o.signers[i].Class = signature.Unchecked
			}
		case signature.Contract:
			answer, asked := contracts[voter]
			o.signedBy(i, contractOf(signer, answer, asked))
		default:
			addTo(o.Signed.Unchecked, whyUnchecked(signer), v)
		}
	}
	return nil
}

func (o *Outcome) signedBy(i int, by Authority) {
	o.signers[i].Class = by.class()
	if by == another {
		o.Signed.Another.add(o.Evidence.Votes[i])
		o.anothers = append(o.anothers, i)
		return
	}
	addTo(o.Signed.Others, by, o.Evidence.Votes[i])
}

// whyUnchecked is the reason why nothing is known of who signed: that of the content, if it has one.
func whyUnchecked(s signature.Signer) signature.Reason {
	if s.Reason == signature.NotRebuilt && s.Content.Reason != "" && s.Content.Reason != signature.NotHash {
		return s.Content.Reason
	}
	return s.Reason
}

// longAliases is when aliases began to be good for 90 days instead of 30, 2026-05-26.
const longAliases = 1779753600

// aliasOf judges an alias by the time when it was made.
func aliasOf(v snapshot.Vote, created int64) Authority {
	days := int64(30)
	if v.Created >= longAliases-14*24*3600 { // the day of deployment is not known
		days = 90
	}
	if created < v.Created-days*24*3600-int64(ClockSlack/time.Second) {
		return AliasExpired
	}
	return AliasListed
}

// contractOf judges a signature that is not of the voter's key, but may be of his contract. Where
// there is no contract, a signature of another key is not the voter's.
func contractOf(s signature.Signer, answer ContractAnswer, asked bool) Authority {
	switch {
	case !asked:
		return ContractNotAsked
	case isValid(answer.Result) && answer.NoContract && s.Address == "":
		return ContractMade
	case isValid(answer.Result): // an account may have had code at its vote only (EIP-7702)
		return ContractConfirms
	case answer.NoContract && s.Address != "":
		return another
	case answer.NoContract:
		return ContractMissing
	}
	return ContractRefuses
}

// checkSignatures reports who signed the votes.
func (o *Outcome) checkSignatures() {
	s := o.Signed
	if s == nil {
		return
	}
	parts := []string{fmt.Sprintf("signed by the voter: %v, of %d", s.Verified, len(o.Evidence.Votes))}
	if len(s.Others) > 0 {
		parts = append(parts, "by a contract or an alias: "+groups(s.Others, func(a Authority) string { return reasons[a] }))
	}
	if len(s.Unchecked) > 0 {
		parts = append(parts, "not checkable: "+groups(s.Unchecked, inWords))
	}
	o.find(Info, SignaturesChecked, "%s", strings.Join(parts, ". "))
	open := len(s.Unchecked) > 0
	for by := range s.Others {
		open = open || !by.settled()
	}
	if open {
		o.doubts++
	}
	if g := s.Unchecked[AliasUnlisted]; g.Votes > 0 {
		o.find(Warning, SignatureOfUnlisted, "%v: signed by another key, which the hub does not list as an alias of the "+
			"voter, who may have revoked it since, or did not cast the vote", g)
	}
	first := len(o.Findings)
	for _, i := range o.anothers {
		v := o.Evidence.Votes[i]
		o.find(Failure, SignatureOfAnother, "voter %s, power %s: signed by %s, though the hub says by the voter, "+
			"and no contract of the voter confirms it", v.Voter, double(v.VP), o.signers[i].Address)
	}
	o.shorten(first)
}
