package chains

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"regexp"
	"sync"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/core/types"

	"github.com/perpdao/perpquorum/chains/jsonrpc"
)

// headers reads the headers of the given blocks in one round. Every header has
// the number that was asked for, and hashes to what the endpoint says it does.
func (c *Client) headers(ctx context.Context, numbers []uint64) ([]*types.Header, error) {
	if len(numbers) == 0 {
		return nil, nil
	}
	hs, _, err := ask(ctx, c.pool, func(ctx context.Context, n *node) ([]*types.Header, error) {
		return n.headers.read(ctx, numbers)
	}, differentHeaders)
	return hs, err
}

// differentHeaders compares what two endpoints say about the same blocks.
func differentHeaders(x, y reading[[]*types.Header]) error {
	for i, a := range x.value {
		if b := y.value[i]; a.Hash() != b.Hash() {
			return fmt.Errorf("block %d: %s has hash %v, %s has hash %v: %w",
				a.Number, x.label(), a.Hash(), y.label(), b.Hash(), ErrDisagree)
		}
	}
	return nil
}

// headerReader reads headers from one endpoint and remembers which it showed.
type headerReader struct {
	id       ID
	endpoint *jsonrpc.Endpoint

	mu    sync.Mutex
	tip   tips
	shown map[common.Hash]bool
}

// lagPauses are the waits before a block that must exist, and was answered with
// null, is asked for again: behind a load balancer another node may answer.
var lagPauses = [...]time.Duration{time.Second, 3 * time.Second, 6 * time.Second}

// read returns the headers of the given blocks. A null answer is asked for again
// after a pause, if the block must exist.
func (r *headerReader) read(ctx context.Context, numbers []uint64) ([]*types.Header, error) {
	out := make([]*types.Header, len(numbers))
	for attempt := 0; ; attempt++ {
		missing, err := r.fill(ctx, numbers, out)
		if err != nil || len(missing) == 0 {
			return out, err
		}
		n := numbers[missing[0]]
		if attempt == 0 {
			t, err := r.freshTips(ctx)
			if err != nil {
				return nil, err
			}
			if n > t.head.Number.Uint64() {
				return nil, &TooNewError{Number: n, Newest: t.head, Err: ErrNoBlockYet}
			}
		}
		if attempt == len(lagPauses) {
			return nil, r.missing(n)
		}
		if err := r.endpoint.Clock().Sleep(ctx, lagPauses[attempt]); err != nil {
			return nil, err
		}
	}
}

// fill asks for the headers that out lacks. It returns the indices of those that
// were answered with null.
func (r *headerReader) fill(ctx context.Context, numbers []uint64, out []*types.Header) (missing []int, err error) {
	var want []int
	var reqs []jsonrpc.Request
	for i, h := range out {
		if h == nil {
			want, reqs = append(want, i), append(reqs, headerRequest(numbers[i]))
		}
	}
	replies, err := r.endpoint.Send(ctx, reqs)
	if err != nil {
		return nil, err
	}
	for k, i := range want {
		if replies[k].Null() {
			missing = append(missing, i)
			continue
		}
		if out[i], err = r.parse(replies[k], numbers[i]); err != nil {
			return nil, err
		}
	}
	return missing, nil
}

func headerRequest(n uint64) jsonrpc.Request {
	return jsonrpc.Request{Method: "eth_getBlockByNumber", Params: []any{hexutil.Uint64(n), false}}
}

// parse reads the reply for block n.
func (r *headerReader) parse(reply jsonrpc.Reply, n uint64) (*types.Header, error) {
	h, err := r.parseTagged(reply)
	if err != nil {
		return nil, err
	}
	if h.Number.Uint64() != n {
		return nil, broken(r.endpoint, "asked for block %d, found block %d", n, h.Number)
	}
	return h, nil
}

// parseTagged reads the reply for a block that was asked for by tag.
func (r *headerReader) parseTagged(reply jsonrpc.Reply) (*types.Header, error) {
	if reply.Err != nil {
		return nil, reply.Err
	}
	if reply.Null() {
		return nil, broken(r.endpoint, "found null, want a block")
	}
	h, err := parseHeader(reply.Raw)
	if err != nil {
		return nil, broken(r.endpoint, "%v", err)
	}
	r.remember(h.Hash())
	return h, nil
}

// padded finds quantities of a header that some endpoints write with leading zeros.
var padded = regexp.MustCompile(`"(number|timestamp|difficulty|gasLimit|gasUsed|baseFeePerGas|blobGasUsed|` +
	`excessBlobGas)"\s*:\s*"0x0+([0-9a-fA-F]+)"`)

// parseHeader decodes a block object. The header must hash to the object's own
// hash, so that each field that matters was really read.
func parseHeader(raw json.RawMessage) (*types.Header, error) {
	var h types.Header
	var named struct {
		Hash *common.Hash `json:"hash"`
	}
	if !bytes.HasPrefix(raw, []byte("{")) {
		return nil, fmt.Errorf("found %.80s, which is not a header", raw)
	}
	err := json.Unmarshal(raw, &h)
	if err != nil {
		h = types.Header{}
		err = json.Unmarshal(padded.ReplaceAll(raw, []byte(`"$1":"0x$2"`)), &h)
	}
	if err != nil {
		return nil, fmt.Errorf("block header: %w", err)
	}
	if err := json.Unmarshal(raw, &named); err != nil {
		return nil, fmt.Errorf("block header: %w", err)
	}
	if named.Hash == nil {
		return nil, errors.New("block header: found no hash")
	}
	if !h.Number.IsUint64() || h.Time > math.MaxInt64 {
		return nil, fmt.Errorf("block header: number %v or timestamp %d is out of range", h.Number, h.Time)
	}
	if got := h.Hash(); got != *named.Hash {
		return nil, fmt.Errorf("block %d: the header hashes to %v, but its hash is given as %v: "+
			"the header was altered, or it has fields of a fork that is newer than this program",
			h.Number, got, *named.Hash)
	}
	return &h, nil
}

// maxShown bounds the memory for header hashes of a long-lived client.
const maxShown = 4096

// remember notes that this endpoint showed the header with the given hash.
func (r *headerReader) remember(h common.Hash) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.shown == nil || len(r.shown) >= maxShown {
		r.shown = map[common.Hash]bool{}
	}
	r.shown[h] = true
}

func (r *headerReader) hasShown(h common.Hash) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.shown[h]
}

// missing is the failure of an endpoint that does not show a block at or below its head.
func (r *headerReader) missing(n uint64) error {
	e := r.endpoint.Fail(jsonrpc.ClassMissingState,
		"it answers null for the block's header, though the block is not above its head")
	e.Block = fmt.Sprintf("block %d (%v)", n, r.id)
	return e
}

func utc(seconds uint64) string {
	return time.Unix(int64(seconds), 0).UTC().Format(time.RFC3339)
}
