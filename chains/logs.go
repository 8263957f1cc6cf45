package chains

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/core/types"

	"github.com/perpdao/perpquorum/chains/jsonrpc"
)

// Filter chooses events of one contract. Topics lists, for each topic in turn, the values
// that pass; an empty list passes any.
type Filter struct {
	Contract common.Address
	Topics   [][]common.Hash
	First    uint64 // the block to begin with
	// Progress, if it is not nil, is told how many blocks of all were read.
	Progress func(blocks, of uint64)
}

// How eth_getLogs is asked: many providers bound the blocks or the events of one request.
const (
	mostRequests = 3000    // of one Filter
	mostLogs     = 2 << 20 // events of one Filter
	logsWave     = 8       // requests side by side, once the span is known
)

// Logs returns the events that pass the filter, up to and with block b, in the order of the
// chain. A range that an endpoint refuses is halved. Nothing proves that an endpoint shows all
// events: one that has dropped old ones may return none. Dialer.Agree compares several.
func (c *Client) Logs(ctx context.Context, b Block, f Filter) ([]types.Log, error) {
	if err := b.Check(); err != nil {
		return nil, err
	}
	readings, err := ask(ctx, c.pool, func(ctx context.Context, n *node) ([]types.Log, error) {
		if err := n.state.stillThere(ctx, b); err != nil {
			return nil, err
		}
		return n.logs(ctx, f, b.Number())
	}, differentLogs)
	if err != nil {
		return nil, onChain(c.ID, err)
	}
	return readings[0].value, nil
}

func differentLogs(x, y reading[[]types.Log]) error {
	same := slices.EqualFunc(x.value, y.value, func(a, b types.Log) bool {
		return a.BlockHash == b.BlockHash && a.Index == b.Index && slices.Equal(a.Topics, b.Topics)
	})
	if !same {
		return fmt.Errorf("%s has %d events, %s has %d, and not the same: %w",
			x.label(), len(x.value), y.label(), len(y.value), ErrDisagree)
	}
	return nil
}

// logs reads the events from the endpoint, at first all in one request.
func (n *node) logs(ctx context.Context, f Filter, last uint64) (out []types.Log, err error) {
	span, wave := uint64(1<<62), 1
	for next := f.First; next <= last && len(out) <= mostLogs; {
		var reqs []jsonrpc.Request
		for from := next; from <= last && len(reqs) < wave; from += span {
			reqs = append(reqs, f.request(from, min(from+span-1, last)))
		}
		replies, err := n.endpoint.Send(ctx, reqs)
		for i := 0; i < len(replies) && err == nil; i++ {
			if err = replies[i].Err; err == nil {
				out, err = f.take(n.endpoint, out, replies[i].Raw, next, min(next+span-1, last))
				next += span
			}
		}
		span = min(span, last-f.First+1)
		switch {
		case err == nil:
			if wave = logsWave; f.Progress != nil {
				f.Progress(min(next, last+1)-f.First, last+1-f.First)
			}
		case !tooWide(err) || span == 1 || (last-next)/(span/2) >= mostRequests:
			return nil, err
		default:
			span /= 2
		}
	}
	if len(out) > mostLogs {
		return nil, fmt.Errorf("found more than %d events of %v", mostLogs, f.Contract)
	}
	return out, nil
}

// tooWide reports whether fewer blocks in one request may help.
func tooWide(err error) bool {
	failure, ok := errors.AsType[*EndpointError](err)
	return ok && slices.Contains([]jsonrpc.Class{jsonrpc.ClassGas, jsonrpc.ClassSize, jsonrpc.ClassTimeout,
		jsonrpc.ClassParams, jsonrpc.ClassUnsupported, jsonrpc.ClassUnknown}, failure.Class)
}

func (f Filter) request(first, last uint64) jsonrpc.Request {
	return jsonrpc.Request{Method: "eth_getLogs", Params: []any{map[string]any{
		"address": f.Contract, "topics": f.Topics,
		"fromBlock": hexutil.Uint64(first), "toBlock": hexutil.Uint64(last),
	}}}
}

// take appends the events of a reply, each of which must be one that was asked for, and behind
// the one before it.
func (f Filter) take(
	e *jsonrpc.Endpoint, out []types.Log, raw json.RawMessage, first, last uint64,
) ([]types.Log, error) {
	var logs []types.Log
	if err := json.Unmarshal(raw, &logs); err != nil || logs == nil {
		return nil, broken(e, "found no list of events: %v", err)
	}
	for _, l := range logs {
		before := len(out) > 0 && !follows(l, out[len(out)-1])
		if before || l.Removed || l.BlockNumber < first || l.BlockNumber > last || !f.passes(l) {
			return nil, broken(e, "found event %d of block %d, which was not asked for or is out of order",
				l.Index, l.BlockNumber)
		}
		out = append(out, l)
	}
	return out, nil
}

func follows(l, before types.Log) bool {
	return l.BlockNumber > before.BlockNumber || l.BlockNumber == before.BlockNumber && l.Index > before.Index
}

func (f Filter) passes(l types.Log) bool {
	if l.Address != f.Contract || len(l.Topics) < len(f.Topics) {
		return false
	}
	for i, some := range f.Topics {
		if len(some) > 0 && !slices.Contains(some, l.Topics[i]) {
			return false
		}
	}
	return true
}
