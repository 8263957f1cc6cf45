package chains

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/big"
	"regexp"
	"slices"
	"strings"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/rlp"
)

// header is a block's header as an endpoint showed it.
type header struct {
	*types.Header
	hash common.Hash // as the endpoint gives it
	// more is the RLP of fields of a fork newer than this program, which follow the others.
	more []byte
	// full says that a header which is not sound has all fields that one must have, and
	// strange names those that no known form has.
	full    bool
	strange []string
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
	more, strange := newFields(raw)
	var full types.Header
	if err := json.Unmarshal(raw, &full); err != nil {
		h.strange = strange
		return h, fmt.Errorf("block header: %w", err)
	}
	if full.Hash() == h.hash {
		h.Header, h.sound = &full, true
		return h, nil
	}
	if h.more, h.sound = fitting(&full, more, nil, h.hash); h.sound {
		h.Header = &full
		return h, nil
	}
	h.full, h.strange = true, strange
	return h, fmt.Errorf("block %d: the header hashes to %v, but its hash is given as %v", h.Number, full.Hash(), h.hash)
}

// blockKeys are the keys of a block object that are in no header's hash, or are not of its end.
var blockKeys = strings.Fields("hash size totalDifficulty uncles transactions withdrawals author sealFields " +
	"l1BlockNumber sendCount sendRoot milliTimestamp")

// newFields returns the RLP of the fields of a block object that are not known here, and
// their names, in the order of the names.
func newFields(raw json.RawMessage) (fields []rlp.RawValue, names []string) {
	var given map[string]any
	_ = json.Unmarshal(raw, &given) // its caller has read it as an object
	var known map[string]any
	empty, _ := json.Marshal(&types.Header{})
	_ = json.Unmarshal(empty, &known)
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if _, ok := known[name]; ok || slices.Contains(blockKeys, name) {
			continue
		}
		names = append(names, name)
		text, _ := given[name].(string)
		if digits, ok := strings.CutPrefix(text, "0x"); ok {
			if len(digits)%2 == 1 { // a quantity, which in RLP has no leading zeros
				digits = strings.TrimPrefix("0"+digits, "00")
			}
			if data, err := hex.DecodeString(digits); err == nil {
				field, _ := rlp.EncodeToBytes(data)
				fields = append(fields, field)
			}
		}
	}
	return fields, names
}

// maxNewFields bounds the fields of forks newer than this program: all orders of them are tried.
const maxNewFields = 4

// fitting returns fields in the order in which h, with them at its end, has the given hash.
// The reply's own order says nothing, since nodes sort the keys.
func fitting(h *types.Header, fields []rlp.RawValue, chosen []byte, hash common.Hash) (more []byte, ok bool) {
	if len(chosen) > 0 && headerHash(h, chosen) == hash {
		return chosen, true
	}
	for i := range fields {
		if len(fields) > maxNewFields {
			break
		}
		rest := slices.Concat(fields[:i], fields[i+1:])
		if more, ok = fitting(h, rest, slices.Concat(chosen, fields[i]), hash); ok {
			return more, true
		}
	}
	return nil, false
}

// headerHash is the hash of a header that ends with more fields, given in RLP.
func headerHash(h *types.Header, more []byte) common.Hash {
	if len(more) == 0 {
		return h.Hash()
	}
	return crypto.Keccak256Hash(encodeHeader(h, more))
}

// encodeHeader returns the RLP of a header that ends with more fields, given in RLP.
func encodeHeader(h *types.Header, more []byte) []byte {
	raw, _ := rlp.EncodeToBytes(h) // no field of a header fails
	content, _, _ := rlp.SplitList(raw)
	return rlpList(content, more)
}

func rlpList(parts ...[]byte) []byte {
	buf := rlp.NewEncoderBuffer(nil)
	list := buf.List()
	for _, part := range parts {
		_, _ = buf.Write(part)
	}
	buf.ListEnd(list)
	return buf.ToBytes()
}

// decodeHeader decodes an RLP header, and returns the fields at its end that only a newer
// fork knows. Together they must encode to the same bytes, so that no second spelling of a
// header passes.
func decodeHeader(raw []byte) (h *types.Header, more []byte, err error) {
	content, _, err := rlp.SplitList(raw)
	if err != nil {
		return nil, nil, err
	}
	ends := []int{0} // of its first n fields
	for rest := content; len(rest) > 0; ends = append(ends, len(content)-len(rest)) {
		if _, _, rest, err = rlp.Split(rest); err != nil {
			return nil, nil, err
		}
	}
	for known := len(ends) - 1; known >= max(len(ends)-1-maxNewFields, 0); known-- {
		h, more = new(types.Header), content[ends[known]:]
		failed := rlp.DecodeBytes(rlpList(content[:ends[known]]), h)
		if failed == nil && bytes.Equal(encodeHeader(h, more), raw) {
			return h, more, nil
		}
		err = cmp.Or(err, failed, errors.New("not in canonical RLP form"))
	}
	return nil, nil, err
}
