package chains

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/big"

	"github.com/ethereum/go-ethereum/common"

	"github.com/perpdao/perpquorum/chains/jsonrpc"
)

// results reads the reply to a run of n calls.
func (r *runs) results(reply jsonrpc.Reply, inner []Call, n int) ([]innerResult, error) {
	if e, ok := errors.AsType[*EndpointError](reply.Err); ok {
		switch e.Class {
		case jsonrpc.ClassExecution, jsonrpc.ClassGas, jsonrpc.ClassUnknown:
			// l2geth has the same words for all that goes wrong in the EVM.
			if n > 1 || n == 1 && !r.legacy() {
				return nil, fmt.Errorf("%w: %w", ErrTooLarge, e)
			}
		case jsonrpc.ClassMissingState: // of another node than the balance beside it
			e.Err = errOdd
			return nil, e
		case jsonrpc.ClassArchive, jsonrpc.ClassLegacy, jsonrpc.ClassLag, jsonrpc.ClassReorg:
			return nil, e
		}
		return nil, fmt.Errorf("%w: %w", errNotAnswered, e)
	}
	results, err := r.way.canary.results(reply, inner)
	if err != nil && r.legacy() {
		err = fmt.Errorf("%w: %w", errSilent, err)
	}
	return results, err
}

// checkRun checks what a run says about itself, the first of its results, and returns those of
// the calls. No call of several may have had less than half of the gas.
func (r *runs) checkRun(results []innerResult, own int, sender nonceMark) ([]innerResult, error) {
	block := len(blockGetters(r.block.Header))
	marks := block + len(r.marks.calls)
	if err := r.checkEnvironment(results[:block], results[marks:own]); err != nil {
		return nil, err
	}
	bound, err := r.checkMarks(results[block:marks])
	if err != nil {
		return nil, err
	}
	calls := results[own:]
	if r.way.canary == deployless {
		address, gas := common.BytesToAddress(calls[0].ReturnData), calls[1]
		left := calls[len(calls)-1]
		if calls = calls[2 : len(calls)-1]; len(calls) > 1 && 2*gasOf(left) < gasOf(gas) {
			return nil, ErrTooLarge
		}
		if sender.account != (common.Address{}) {
			f, err := sender.judgeAddress(address)
			if err != nil {
				return nil, err
			}
			if bound, err = r.conclude(f, r.marks.twoSided); err != nil {
				return nil, err
			}
		}
	}
	r.out.bound = r.out.bound && bound
	return calls, nil
}

func gasOf(r innerResult) uint64 { return new(big.Int).SetBytes(r.ReturnData).Uint64() }

// checkEnvironment checks the block of a run, that the account known to hold ether does, and
// before Bedrock that l2geth ran it.
func (r *runs) checkEnvironment(block, others []innerResult) error {
	if r.legacy() {
		return r.checkLegacy(block, others)
	}
	if err := checkBlock(block, r.block.Header); err != nil || !r.hasKnown {
		return err
	}
	balance, err := words(others)
	if err == nil && new(big.Int).SetBytes(balance).Sign() == 0 {
		err = r.noEther()
	}
	return err
}

// keep takes the answer to call i, or notes that it must be read by itself.
func (r *runs) keep(i int, result innerResult) error {
	switch data := result.ReturnData; {
	case !result.Success && r.legacy():
		return r.failed(r.calls[i], fmt.Errorf("it failed or ran out of gas: %w", ErrReverted))
	case !result.Success || isRevertReason(data):
		r.left = append(r.left, i)
	case r.out.data[i] != nil && !bytes.Equal(r.out.data[i], data):
		return fmt.Errorf("%s of %v gave two accounts two answers at block %v: %w",
			r.calls[i].name(), r.calls[i].To, r.block.Header.Number, errElsewhere)
	default:
		r.out.data[i] = data
	}
	return nil
}

// explain finds out why a call returned nothing.
func (r *runs) explain(ctx context.Context, call Call) error {
	if r.legacy() {
		return r.explainLegacy(ctx, call)
	}
	return r.explainEmpty(ctx, call)
}
