package chains

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"regexp"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/core/types"
)

// header is a block's header as an endpoint showed it.
type header struct {
	*types.Header
	hash common.Hash // as the endpoint gives it
	// sound says that the header hashes to hash. Of any other header, only number and time
	// are there, and nothing proves them.
	sound bool
}

// Hash returns the block's hash.
func (h *header) Hash() common.Hash { return h.hash }

// padded finds quantities of a header that some endpoints write with leading zeros.
var padded = regexp.MustCompile(`"(number|timestamp|difficulty|gasLimit|gasUsed|baseFeePerGas|blobGasUsed|` +
	`excessBlobGas)"\s*:\s*"0x0+([0-9a-fA-F]+)"`)

// parseHeader decodes a block object. The error says why a header is not sound, or,
// without a header, why even its number and time cannot be read.
func parseHeader(raw json.RawMessage) (*header, error) {
	if !bytes.HasPrefix(raw, []byte("{")) {
		return nil, fmt.Errorf("found %.80s, which is not a header", raw)
	}
	h, err := decodeBlock(raw)
	if h == nil || !h.sound {
		if plain := padded.ReplaceAll(raw, []byte(`"$1":"0x$2"`)); !bytes.Equal(plain, raw) {
			return decodeBlock(plain)
		}
	}
	return h, err
}

func decodeBlock(raw json.RawMessage) (*header, error) {
	var named struct {
		Hash   *common.Hash    `json:"hash"`
		Number *hexutil.Uint64 `json:"number"`
		Time   *hexutil.Uint64 `json:"timestamp"`
	}
	switch err := json.Unmarshal(raw, &named); {
	case err != nil:
		return nil, fmt.Errorf("block header: %w", err)
	case named.Hash == nil || named.Number == nil || named.Time == nil:
		return nil, errors.New("block header: found no hash, number or timestamp")
	case uint64(*named.Time) > math.MaxInt64:
		return nil, fmt.Errorf("block header: timestamp %d is out of range", *named.Time)
	}
	h := &header{hash: *named.Hash, Header: &types.Header{
		Number: new(big.Int).SetUint64(uint64(*named.Number)), Time: uint64(*named.Time)}}
	var full types.Header
	if err := json.Unmarshal(raw, &full); err != nil {
		return h, fmt.Errorf("block header: %w", err)
	}
	if got := full.Hash(); got != h.hash {
		return h, fmt.Errorf("block %d: the header hashes to %v, but its hash is given as %v: "+
			"the header was altered, or it has fields of a fork that is newer than this program",
			h.Number, got, h.hash)
	}
	h.Header, h.sound = &full, true
	return h, nil
}
