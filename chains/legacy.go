package chains

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"slices"

	"github.com/ethereum/go-ethereum/common"
)

// Before Bedrock, an endpoint of Optimism gets state from an l2geth behind it. op-reth
// answers from a state of its own, which is empty, whenever l2geth fails, call by call. So
// each figure is read by an eth_call that proves in itself that l2geth ran it: as COINBASE
// its EVM alone gives the fee vault, whatever the header says.

// feeVault is what COINBASE gives in l2geth.
var feeVault = common.HexToAddress("0x4200000000000000000000000000000000000011")

// errSilent: the endpoint itself answered in place of l2geth, or what came is no answer.
var errSilent = errors.New("the legacy node behind it did not answer")

// isLegacy reports whether the state is from before Bedrock.
func isLegacy(id ID, number uint64) bool { return id == Optimism && number < bedrockBlock }

// checkLegacy checks that a run was at the block and that l2geth ran it.
func (r *runs) checkLegacy(block, others []innerResult) error {
	if _, err := words(slices.Concat(block, others)); err != nil {
		return fmt.Errorf("%w: %w", errSilent, err)
	}
	if err := checkBlock(block, r.block.Header); err != nil {
		return err
	}
	number := func(i int) *big.Int { return new(big.Int).SetBytes(others[i].ReturnData) }
	vault := common.BytesToAddress(others[2].ReturnData)
	switch {
	case number(1).Cmp(new(big.Int).SetUint64(uint64(r.id))) != 0:
		return broken(r.endpoint, "the call ran on chain %v, want %d", number(1), uint64(r.id))
	case vault != feeVault || number(0).Sign() == 0:
		return fmt.Errorf("%w: the call ran with coinbase %v and WETH of balance %v", errSilent, vault, number(0))
	}
	return nil
}

// explainLegacy finds out why a call returned nothing: whether there is code at its address is
// asked of l2geth as well.
func (r *runs) explainLegacy(ctx context.Context, call Call) error {
	if r.way.canary == multicall { // it cannot ask that
		return r.explainEmpty(ctx, call)
	}
	code := runs{stateBatch: r.stateBatch, size: 1}
	code.calls, code.marks, code.unseen = []Call{codeSize(call.To)}, marks{}, false
	switch err := code.ask(ctx); {
	case err != nil:
		return err
	case new(big.Int).SetBytes(code.out.data[0]).Sign() == 0:
		return r.failed(call, r.noContract(call))
	}
	return r.failed(call, errEmpty)
}
