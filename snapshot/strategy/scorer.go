package strategy

import (
	"encoding/json"
	"fmt"
	"math/big"
	"strconv"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"

	"github.com/perpdao/perpquorum/chains"
)

// scorer is one parsed strategy at a place: the pair of calls and score.
type scorer interface {
	// places lists where the strategy reads.
	places() []Place
	// calls lists what is read for a voter; it depends on blocks only where a
	// strategy is skipped before a start block.
	calls(v voter, blocks blocks) ([]read, error)
	// score works the answers to those calls out into a score.
	score(v voter, blocks blocks, answer answers) (Score, error)
}

// voter is a voter's address. Starknet addresses have no EVM form.
type voter struct {
	text string
	evm  common.Address
	star bool
}

// read is one call at one place.
type read struct {
	place Place
	call  chains.Call
}

// blocks holds the block chosen for each place.
type blocks map[Place]chains.Block

// answers looks up the return data of a read.
type answers func(read) (hexutil.Bytes, error)

// word reads the answer to r as one uint256.
func (a answers) word(r read) (*big.Int, error) {
	data, err := a(r)
	if err != nil {
		return nil, err
	}
	if len(data) != 32 {
		return nil, fmt.Errorf("%s of %s: found %d bytes, want one 32-byte word", r.call.Signature, r.call.To, len(data))
	}
	return new(big.Int).SetBytes(data), nil
}

// unverifiable is the error of a strategy that cannot be recomputed from chain state.
type unverifiable struct{ reason string }

func (u unverifiable) Error() string { return u.reason }

func cannot(format string, args ...any) error { return unverifiable{fmt.Sprintf(format, args...)} }

// parse reads one strategy at the place where it runs. An error of type
// unverifiable says that the strategy is left to the hub.
func parse(spec Spec, at Place) (scorer, error) {
	params := spec.Params
	if absent(params) {
		params = json.RawMessage("{}")
	}
	switch spec.Name {
	case "erc20-balance-of":
		return parseERC20BalanceOf(params, at)
	case "erc20-votes":
		return parseERC20Votes(params, at)
	case "comp-like-votes":
		return parseCompLikeVotes(params, at)
	case "erc20-with-balance":
		return parseERC20WithBalance(params, at)
	case "erc20-balance-of-weighted":
		return parseERC20BalanceOfWeighted(params, at)
	case "erc20-balance-of-coeff":
		return parseERC20BalanceOfCoeff(params, at)
	case "eth-balance", "native-balance":
		return parseNativeBalance(params, at)
	case "erc721":
		return parseERC721(params, at)
	case "erc721-with-multiplier":
		return parseERC721WithMultiplier(params, at)
	case "erc1155-balance-of":
		return parseERC1155BalanceOf(params, at)
	case "contract-call":
		return parseContractCall(params, at)
	case "ticket":
		return parseTicket(params)
	case "whitelist":
		return parseWhitelist(params)
	case "whitelist-weighted":
		return parseWhitelistWeighted(params)
	case "weighted":
		return parseWeighted(params, at)
	case "math":
		return parseMath(params, at)
	case "multichain":
		return parseMultichain(params, at)
	}
	return nil, cannot("%s", reasonFor(spec.Name))
}

// network reads a strategy's network; empty means the place's own chain.
func network(text string, at Place) (chains.ID, error) {
	if text == "" {
		return at.Chain, nil
	}
	id, err := strconv.ParseUint(text, 10, 64)
	if err != nil || strconv.FormatUint(id, 10) != text || id == 0 {
		return 0, cannot("network %q is not an EIP-155 chain id", clip([]byte(text)))
	}
	return chains.ID(id), nil
}

// gated wraps a top-level strategy with its start and end parameters: outside
// start ≤ block ≤ end, in blocks of the strategy's own chain, everyone's score is 0.
type gated struct {
	scorer
	at         Place
	start, end *big.Rat
}

func gate(inner scorer, params json.RawMessage, at Place) (scorer, error) {
	var p struct{ Start, End json.RawMessage }
	if len(params) == 0 || decode(params, &p) != nil {
		return inner, nil
	}
	g := gated{scorer: inner, at: at}
	for _, bound := range []struct {
		raw  json.RawMessage
		name string
		into **big.Rat
		skip bool
	}{{p.Start, "start", &g.start, absent(p.Start)}, {p.End, "end", &g.end, falsy(p.End)}} {
		if bound.skip {
			continue
		}
		n, err := parseNumber(bound.raw)
		if err != nil {
			return nil, cannot("params.%s: %v", bound.name, err)
		}
		*bound.into = n.Exact
	}
	if g.start == nil && g.end == nil {
		return inner, nil
	}
	return g, nil
}

// places includes the strategy's own chain, whose block the bounds are compared with.
func (g gated) places() []Place { return append([]Place{g.at}, g.scorer.places()...) }

func (g gated) closed(blocks blocks) bool {
	block := new(big.Rat).SetUint64(blocks[g.at].Number())
	return g.start != nil && g.start.Cmp(block) > 0 || g.end != nil && block.Cmp(g.end) > 0
}

func (g gated) calls(v voter, blocks blocks) ([]read, error) {
	if g.closed(blocks) {
		return nil, nil
	}
	return g.scorer.calls(v, blocks)
}

func (g gated) score(v voter, blocks blocks, answer answers) (Score, error) {
	if g.closed(blocks) {
		return zero(), nil
	}
	return g.scorer.score(v, blocks, answer)
}
