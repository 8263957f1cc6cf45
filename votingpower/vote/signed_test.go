package vote_test

import (
	"context"
	"crypto/ecdsa"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/fixtures/hub"
	"github.com/perpdao/perpquorum/snapshot"
	"github.com/perpdao/perpquorum/votingpower"
	"github.com/perpdao/perpquorum/votingpower/vote"
)

// key is a made-up private key.
func key(name string) *ecdsa.PrivateKey {
	key, err := crypto.ToECDSA(crypto.Keccak256([]byte("SYNTHETIC " + name)))
	if err != nil {
		panic(err)
	}
	return key
}

func addressOf(key *ecdsa.PrivateKey) string { return crypto.PubkeyToAddress(key.PublicKey).Hex() }

// signedVotes is a vote that reached the quorum, signed by every voter.
func signedVotes(t testing.TB) *vote.Evidence {
	e := signed(t, hub.ProposalForm)
	e.Proposal.Privacy = ""
	e.Proposal.ID = hub.SignedID(hub.ProposalForm, e.Proposal)
	for i := range e.Votes {
		e.Votes[i].Voter = addressOf(key(fmt.Sprint("voter ", i)))
	}
	askAgain(t, e)
	cast(t, e)
	e.Signatures = &vote.Signatures{}
	for i, v := range e.Votes {
		m := (&hub.Vote{ID: v.ID}).SignedBy(key(fmt.Sprint("voter ", i)))
		e.Signatures.Messages = append(e.Signatures.Messages, snapshot.Message(m))
	}
	return e
}

var (
	confirmed = hexutil.MustDecode("0x1626ba7e" + strings.Repeat("00", 28))
	inDraft   = hexutil.MustDecode("0x20c13b0b" + strings.Repeat("00", 28))
	other     = hexutil.MustDecode("0xffffffff" + strings.Repeat("00", 28))
)

// sign puts another signature in the place of the second voter's.
func sign(e *vote.Evidence, address, sig string) {
	e.Signatures.Messages[1].Address, e.Signatures.Messages[1].Sig = address, sig
}

// byStranger lets somebody else sign the second vote, as who the hub names.
func byStranger(e *vote.Evidence, named string) {
	sign(e, named, (&hub.Vote{ID: e.Votes[1].ID}).SignedBy(key("stranger")).Sig)
}

// answered lets the second voter's contract answer, at the end of the vote.
func answered(e *vote.Evidence, result []byte, missing bool) {
	e.Signatures.Contracts = &vote.Contracts{
		Block:   blockAt(snapshotBlock+84, e.Proposal.End-4, e.Proposal.End+8),
		Answers: []vote.ContractAnswer{{Voter: e.Votes[1].Voter, Result: result, NoContract: missing}},
	}
}

// alias makes the stranger's key an alias of the second voter, so many days before the vote.
func alias(e *vote.Evidence, days int64) {
	byStranger(e, addressOf(key("stranger")))
	e.Signatures.Aliases = []snapshot.Alias{{Address: strings.ToLower(e.Votes[1].Voter),
		Alias: addressOf(key("stranger")), Created: e.Votes[1].Created - days*24*3600}}
}

// TestSignatures: who signed is the voter, a contract, an alias, somebody else, or not known. What is not
// known accuses nobody.
func TestSignatures(t *testing.T) {
	const (
		three    = "info signatures: signed by the voter: 3 votes of power 12000007.5, of 4. "
		others   = three + "by a contract or an alias: 1 vote of power 4000000.125: "
		unknown  = three + "not checkable: 1 vote of power 4000000.125: "
		another  = "failure signature-of-another: voter "
		unlisted = "warning signature-of-unlisted-key: 1 vote of power 4000000.125: signed by another key, which"
	)
	type E = *vote.Evidence
	stranger := addressOf(key("stranger"))
	voter := addressOf(key("voter 1"))
	tests := map[string]struct {
		change          func(e E)
		want            []string
		verdict, strict vote.Verdict
	}{
		"all of them": {func(E) {}, []string{"info signatures: signed by the voter: 4 votes of power 16000007.625, of 4"},
			vote.Reached, vote.Reached},
		"none is given": {func(e E) { e.Signatures.Messages = slices.Delete(e.Signatures.Messages, 1, 2) },
			[]string{unknown + "the hub gives no signature"}, vote.Reached, vote.NotEstablished},
		"words": {func(e E) { sign(e, voter, "0xsigned") },
			[]string{unknown + "the signature is not readable"}, vote.Reached, vote.NotEstablished},
		"an alias": {func(e E) { alias(e, 29) },
			[]string{others + "an alias that the hub lists"}, vote.Reached, vote.Reached},
		"an alias made again later": {func(e E) { alias(e, -1) },
			[]string{others + "an alias that the hub lists"}, vote.Reached, vote.Reached},
		"an old alias": {func(e E) { alias(e, 31) },
			[]string{others + "an alias that was too old by then"}, vote.Reached, vote.NotEstablished},
		"an alias of another voter": {func(e E) { alias(e, 1); e.Signatures.Aliases[0].Address = e.Votes[0].Voter },
			[]string{unknown + string(vote.AliasUnlisted), unlisted}, vote.Reached, vote.NotEstablished},
		"no alias, or a revoked one": {func(e E) { byStranger(e, stranger) },
			[]string{unknown + string(vote.AliasUnlisted), unlisted}, vote.Reached, vote.NotEstablished},
		"a stranger, or a contract's owner": {func(e E) { byStranger(e, voter) },
			[]string{others + "the voter's contract was not asked"}, vote.Reached, vote.NotEstablished},
		"a contract's owner": {func(e E) { byStranger(e, voter); answered(e, confirmed, false) },
			[]string{others + "the voter's contract confirms it"}, vote.Reached, vote.Reached},
		"a stranger, and no contract": {func(e E) { byStranger(e, voter); answered(e, nil, true) },
			[]string{three[:len(three)-2], another + voter + ", power 4000000.125: signed by " + stranger},
			vote.Disagrees, vote.Disagrees},
		"a contract's owner, when there was one": {func(e E) {
			byStranger(e, voter)
			answered(e, confirmed, true)
		}, []string{others + "the voter's contract confirms it"}, vote.Reached, vote.Reached},
		"a Safe": {func(e E) { sign(e, voter, "0x"); answered(e, inDraft, false) },
			[]string{others + "the voter's contract confirms it"}, vote.Reached, vote.Reached},
		"a Safe that refuses": {func(e E) { sign(e, voter, "0x"); answered(e, nil, false) },
			[]string{others + "the voter's contract does not confirm it"}, vote.Reached, vote.NotEstablished},
		"a Safe with another answer": {func(e E) { sign(e, voter, "0x"); answered(e, other, false) },
			[]string{others + "the voter's contract does not confirm it"}, vote.Reached, vote.NotEstablished},
		"a Safe that is not there": {func(e E) { sign(e, voter, "0x"); answered(e, nil, true) },
			[]string{others + "the voter's contract is not there"}, vote.Reached, vote.NotEstablished},
		"a wallet that its factory would make": {func(e E) {
			sign(e, voter, wrapped("0x5161"))
			answered(e, confirmed, true)
		}, []string{others + "the voter's contract confirms it, which its factory would make"}, vote.Reached, vote.Reached},
		"another contract's answer": {func(e E) {
			sign(e, voter, "0x")
			answered(e, confirmed, false)
			e.Signatures.Contracts.Answers[0].Voter = e.Votes[0].Voter
		}, []string{others + "the voter's contract was not asked"}, vote.Reached, vote.NotEstablished},
		"another choice": {func(e E) { e.Votes[1].Choice = json.RawMessage("3") },
			[]string{unknown + "the row is not what was signed"}, vote.Disagrees, vote.Disagrees},
		"metadata": {func(e E) { e.Votes[1].Metadata = json.RawMessage(`{"a":1}`) },
			[]string{unknown + "the metadata was signed as text"}, vote.Reached, vote.NotEstablished},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			e := signedVotes(t)
			test.change(e)
			recount(t, e)
			for strict, want := range map[bool]vote.Verdict{false: test.verdict, true: test.strict} {
				e.Strict = strict
				o := check(t, e)
				wants(t, about(o, "signature"), test.want...)
				if o.Verdict != want {
					t.Errorf("strict %t: verdict %s, want %s: %v", strict, o.Verdict, want, noticed(o))
				}
			}
		})
	}
}

// TestSignaturesThatContradict: evidence about other votes, or of another block, is refused.
func TestSignaturesThatContradict(t *testing.T) {
	for name, change := range map[string]func(e *vote.Evidence){
		"of no vote": func(e *vote.Evidence) { e.Signatures.Messages[1].ID = "0x12" },
		"twice":      func(e *vote.Evidence) { e.Signatures.Messages[1] = e.Signatures.Messages[0] },
		"too early": func(e *vote.Evidence) {
			answered(e, confirmed, false)
			e.Signatures.Contracts.Block = blockAt(snapshotBlock+83, e.Proposal.End-16, e.Proposal.End-4)
		},
		"too late": func(e *vote.Evidence) {
			answered(e, confirmed, false)
			e.Signatures.Contracts.Block = blockAt(snapshotBlock+85, e.Proposal.End+8, e.Proposal.End+20)
		},
		"no block": func(e *vote.Evidence) { e.Signatures.Contracts = &vote.Contracts{} },
		"no block of a vote": func(e *vote.Evidence) {
			answered(e, confirmed, false)
			e.Signatures.Contracts.Answers[0].AtVote = new(chains.Block)
		},
		"at another time than the vote's": func(e *vote.Evidence) {
			answered(e, confirmed, false)
			e.Signatures.Contracts.Answers[0].AtVote = &e.Signatures.Contracts.Block
		},
		"no such block": func(e *vote.Evidence) {
			answered(e, confirmed, false)
			e.Signatures.Contracts.Block = blockAt(1, e.Proposal.End-4, e.Proposal.End+8)
		},
	} {
		e := signedVotes(t)
		change(e)
		if _, err := vote.Check(e); !errors.Is(err, votingpower.ErrEvidence) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// contractsNode is a node on which there are contracts, and a block at the end of the vote.
type contractsNode struct {
	chains.Node
	end       chains.Block
	contracts map[string][]byte // answers by address; those without an entry revert, with nil are missing
	until     string            // an address whose contract reverts at the end
	made      string            // an address at which a factory would make a contract
	gone      string            // an address without code at the end
}

func (n contractsNode) BlockAt(ctx context.Context, t time.Time) (chains.Block, error) {
	if n.end.Proves(t) == nil {
		return n.end, nil
	}
	if at := t.Unix(); at > snapshotTime { // of a vote
		return blockAt(17290000, at-5, at+7), nil
	}
	return n.Node.BlockAt(ctx, t)
}

func (n contractsNode) CallAt(ctx context.Context, b chains.Block, calls []chains.Call) ([]chains.Answer, error) {
	if !strings.HasPrefix(calls[0].Signature, "isValidSignature") {
		return n.Node.CallAt(ctx, b, calls)
	}
	to := calls[0].To.Hex()
	switch answer, ok := n.contracts[to]; {
	case to == n.made && b.Hash != n.end.Hash && strings.Contains(calls[0].Signature, " after "):
		return []chains.Answer{{Data: confirmed}}, nil
	case !ok, to == n.until && b.Hash == n.end.Hash:
		return nil, chains.ErrReverted
	case answer == nil, to == n.gone && b.Hash == n.end.Hash:
		return nil, chains.ErrNoContract
	default:
		return []chains.Answer{{Data: answer}}, nil
	}
}

// wrapped is a signature of a contract with the factory that makes it (EIP-6492).
func wrapped(sig string) string {
	word := func(n int) string { return fmt.Sprintf("%064x", n) }
	return "0x" + word(7) + word(0x60) + word(0x80) + word(0) + word(len(sig)/2-1) + sig[2:] +
		strings.Repeat("00", 31-(len(sig)/2-2)%32) + strings.Repeat("6492", 16)
}

// signatureWorld is the example's vote on a hub, with signatures of all kinds, and on nodes with contracts.
func signatureWorld(t *testing.T) (*hub.Hub, *snapshot.Client, vote.Dial, *vote.Evidence) {
	e := exampleVote()
	for i := range e.Votes {
		e.Votes[i].Voter = addressOf(key(fmt.Sprint("voter ", i)))
	}
	o := replayedHub(e)
	for i := range o.Votes {
		o.Messages = append(o.Messages, o.Votes[i].SignedBy(key(fmt.Sprint("voter ", i))))
	}
	stranger := key("stranger")
	o.Messages[0] = o.Votes[0].SignedBy(stranger)
	o.Messages[1] = o.Votes[1].SignedBy(stranger)
	o.Aliases = []hub.Alias{{Address: e.Votes[1].Voter, Alias: addressOf(stranger), Created: e.Votes[1].Created}}
	o.Messages[2].Sig = "0x"
	o.Messages[4].Sig = o.Votes[4].SignedBy(stranger).Sig
	o.Messages[5].Sig = wrapped(o.Messages[5].Sig)
	o.Messages[6].Sig = "0x"
	o.Messages[7].Sig = o.Votes[7].SignedBy(stranger).Sig
	o.Messages[8].Sig = wrapped("0x5161")
	o.Messages[9].Sig = o.Votes[9].SignedBy(stranger).Sig
	contracts := map[string][]byte{e.Votes[2].Voter: confirmed, e.Votes[4].Voter: nil, e.Votes[5].Voter: confirmed,
		e.Votes[7].Voter: inDraft, e.Votes[8].Voter: nil, e.Votes[9].Voter: confirmed}
	o.Messages = slices.Delete(o.Messages, 3, 4)
	h := hub.New(o)
	url, stop := h.Start()
	t.Cleanup(stop)
	dial := func(_ context.Context, ids, _ []chains.ID) (map[chains.ID]chains.Node, error) {
		nodes := map[chains.ID]chains.Node{}
		for _, id := range ids {
			end := blockAt(17300000, e.Proposal.End-4, e.Proposal.End+8)
			nodes[id] = contractsNode{newReplayed(e, id), end, contracts, e.Votes[7].Voter, e.Votes[8].Voter,
				e.Votes[9].Voter}
		}
		return nodes, nil
	}
	return h, &snapshot.Client{Endpoint: url, Retries: -1}, dial, e
}

// TestCollectSignatures reads signatures of all kinds, and asks contracts.
func TestCollectSignatures(t *testing.T) {
	h, client, dial, e := signatureWorld(t)
	ref := snapshot.ProposalRef{ID: e.Proposal.ID}
	got, err := vote.Collect(t.Context(), client, dial, e.Circulating.Model, ref, vote.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(h.Requests()); n != 5 { // proposal, votes, proposal, messages, aliases
		t.Errorf("%d requests", n)
	}
	groups := map[string]int{}
	signed := check(t, got).Signed
	for by, g := range signed.Others {
		groups[string(by)] = g.Votes
	}
	for why, g := range signed.Unchecked {
		groups[string(why)] = g.Votes
	}
	want := map[string]int{
		"alias-listed": 1, "contract-confirms": 4, "the hub gives no signature": 1,
		"contract-refuses": 1, "contract-made": 1, string(vote.AliasUnlisted): 1,
	}
	if !maps.Equal(groups, want) || signed.Verified.Votes != 14 || signed.Another.Votes != 1 {
		t.Errorf("found %v, %d by voters, %d by others", groups, signed.Verified.Votes, signed.Another.Votes)
	}
}

// TestSignaturesNotGiven: a hub that keeps its messages to itself ends a check only if somebody asked for
// them.
func TestSignaturesNotGiven(t *testing.T) {
	for root := range map[string]bool{"messages": true, "aliases": true} {
		h, client, dial, e := signatureWorld(t)
		h.Update(func(o *hub.Options) {
			o.Fault = func(r hub.Request) *hub.Fault {
				if r.Root == root {
					return &hub.Fault{Message: "not today"}
				}
				return nil
			}
		})
		ref := snapshot.ProposalRef{ID: e.Proposal.ID}
		got, err := vote.Collect(t.Context(), client, dial, e.Circulating.Model, ref, vote.Options{})
		if err != nil || got.Signatures != nil || len(about(check(t, got), "signature")) > 0 {
			t.Errorf("%s: error %v", root, err)
		}
		_, err = vote.Collect(t.Context(), client, dial, e.Circulating.Model, ref, vote.Options{Signatures: true})
		if !errors.Is(err, snapshot.ErrRefused) {
			t.Errorf("%s, asked for: error %v", root, err)
		}
	}
}
