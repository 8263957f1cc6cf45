package vote

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/snapshot"
	"github.com/perpdao/perpquorum/snapshot/signature"
)

// Signatures is what the hub and the proposal's chain say about who signed the votes.
type Signatures struct {
	// Messages are the hub's, in the order of the votes, as far as it has them.
	Messages []snapshot.Message `json:"messages"`
	// Aliases are those of the hub, of the votes that another key than the voter's signed.
	Aliases []snapshot.Alias `json:"aliases,omitempty"`
	// Contracts is there if voters' contracts were asked.
	Contracts *Contracts `json:"contracts,omitempty"`
}

// Contracts holds what voters' contracts say of signatures (EIP-1271). They are asked at the first
// block at or after the end of the vote, because a Safe may sign on the chain after a vote's time, and
// those that do not confirm a signature then at the first block at or after that time, because their
// owners may have changed since. Snapshot's server asked in between.
type Contracts struct {
	Block   chains.Block     `json:"block"` // at the end
	Answers []ContractAnswer `json:"answers"`
}

// ContractAnswer is the answer of a voter's contract.
type ContractAnswer struct {
	Voter  string        `json:"voter"`
	Result hexutil.Bytes `json:"result"` // of isValidSignature; empty if it does not confirm the signature
	// NoContract: there is none at the end of the vote. A result is then that of the contract which
	// the factory in the signature (EIP-6492) would have made at the vote's time.
	NoContract bool `json:"no_contract,omitempty"`
	// AtVote is the block at the vote's time, if the contract confirms the signature there alone.
	AtVote *chains.Block `json:"at_vote,omitempty"`
}

const (
	// freeRequests is how many requests of the hub signatures may take that nobody asked for.
	freeRequests = 10
	// maxAsked bounds how many contracts are asked, those of the most power first.
	maxAsked = 50
)

// readSignatures reads the signatures of the votes. If nobody asked for them, they are left out where
// that takes many requests or the hub does not give them.
func (e *Evidence) readSignatures(ctx context.Context, hub *snapshot.Client, nodes map[chains.ID]chains.Node,
	o Options) error {
	if !o.Signatures && len(e.Votes) > freeRequests*snapshot.MessagesOfRequest {
		return nil
	}
	o.progress("reading the signatures of %s votes", thousands(len(e.Votes)))
	s, err := e.signatures(ctx, hub, nodes)
	if err != nil && (o.Signatures || ctx.Err() != nil) {
		return err
	}
	e.Signatures = s
	return nil
}

func (e *Evidence) signatures(ctx context.Context, hub *snapshot.Client, nodes map[chains.ID]chains.Node) (
	*Signatures, error) {
	ids := make([]string, len(e.Votes))
	for i, v := range e.Votes {
		ids[i] = v.ID
	}
	messages, err := hub.Messages(ctx, e.Proposal, ids)
	if err != nil {
		return nil, err
	}
	s := &Signatures{Messages: messages}
	signers := signature.CheckSigners(e.Proposal, e.Votes, signature.CheckVotes(e.Proposal, e.Votes), messages)
	var aliases []snapshot.Alias
	var contracts []int
	for i, signer := range signers {
		switch {
		case signer.Class == signature.Alias:
			aliases = append(aliases, snapshot.Alias{Address: e.Votes[i].Voter, Alias: signer.Address})
		case signer.Class == signature.Contract && common.IsHexAddress(e.Votes[i].Voter):
			contracts = append(contracts, i)
		}
	}
	if s.Aliases, err = hub.Aliases(ctx, aliases); err != nil {
		return nil, err
	}
	query, err := PowerQuery(e.Proposal, nil, nil)
	if err == nil && len(contracts) > 0 && e.Proposal.Status(time.Unix(e.ReadAt, 0)).Final {
		s.Contracts, err = e.askContracts(ctx, nodes[query.Network], messages, contracts)
	}
	return s, err
}

// askContracts asks the contracts of voters. Where the chain cannot be read at the end of the vote,
// the others are not asked; that is no error.
func (e *Evidence) askContracts(ctx context.Context, node chains.Node, messages []snapshot.Message, votes []int) (
	*Contracts, error) {
	if node == nil {
		return nil, nil
	}
	block, ok := blockAt(ctx, node, e.Proposal.End)
	if !ok {
		return nil, ctx.Err()
	}
	slices.SortStableFunc(votes, func(a, b int) int { return cmp.Compare(e.Votes[b].VP, e.Votes[a].VP) })
	c := &Contracts{Block: block, Answers: []ContractAnswer{}}
	for _, i := range votes[:min(len(votes), maxAsked)] {
		m := messages[slices.IndexFunc(messages, func(m snapshot.Message) bool { return m.ID == e.Votes[i].ID })]
		sig, factory, making, err := signature.ForContract(m.Sig)
		if err != nil || !strings.EqualFold(m.Address, e.Votes[i].Voter) {
			continue
		}
		answer, err := askContract(ctx, node, block, e.Votes[i], sig, nil)
		if err != nil {
			break
		}
		if !isValid(answer.Result) && len(sig) > 0 {
			if then, ok := blockAt(ctx, node, e.Votes[i].Created); ok {
				before, err := askContract(ctx, node, then, e.Votes[i], sig, &chains.Call{To: factory, Data: making})
				if err == nil && isValid(before.Result) {
					answer.Result, answer.AtVote = before.Result, &then
				}
			}
		}
		c.Answers = append(c.Answers, answer)
	}
	return c, ctx.Err()
}

// blockAt finds a block that nothing replaces any more.
func blockAt(ctx context.Context, node chains.Node, unix int64) (chains.Block, bool) {
	block, err := node.BlockAt(ctx, time.Unix(unix, 0))
	return block, err == nil && !block.Unfinalized
}

// valid are the first bytes of the answer of a contract that confirms a signature, in the order in
// which Snapshot's server asks: EIP-1271 as it is, and its draft.
var valid = [][]byte{{0x16, 0x26, 0xba, 0x7e}, {0x20, 0xc1, 0x3b, 0x0b}}

func isValid(result []byte) bool {
	return slices.ContainsFunc(valid, func(magic []byte) bool { return bytes.HasPrefix(result, magic) })
}

// askContract asks a voter's contract, or that which a factory makes first, if there is none.
func askContract(ctx context.Context, node chains.Node, block chains.Block, v snapshot.Vote, sig []byte,
	factory *chains.Call) (answer ContractAnswer, err error) {
	answer = ContractAnswer{Voter: v.Voter, Result: hexutil.Bytes{}}
	to, hash := common.HexToAddress(v.Voter), common.HexToHash(v.ID)
	today, err := chains.NewCall(to, "isValidSignature(bytes32,bytes)", hash, sig)
	draft, errDraft := chains.NewCall(to, "isValidSignature(bytes,bytes)", hash.Bytes(), sig)
	if err := errors.Join(err, errDraft); err != nil {
		return answer, err
	}
	asked := []chains.Call{today, draft}
	for i := 0; i < len(asked); i++ {
		switch found, err := node.CallAt(ctx, block, asked[i:i+1]); {
		case errors.Is(err, chains.ErrNoContract):
			if answer.NoContract = true; factory == nil || i > 0 {
				return answer, nil
			}
			asked[1] = chains.CallAfter(*factory, today)
		case errors.Is(err, chains.ErrReverted):
		case err != nil:
			return answer, err
		case isValid(found[0].Data):
			answer.Result = found[0].Data
			return answer, nil
		}
	}
	return answer, nil
}
