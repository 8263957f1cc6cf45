package chains

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/core/types"
)

// Block is one block of a chain with what proves it: its header and the header before
// it. Two adjacent headers prove the rule "first block at or after t"; see Proves.
type Block struct {
	Hash   common.Hash
	Header *types.Header
	// Parent is the header before Header, or nil for block 0.
	Parent *types.Header
	// NewFields and ParentNewFields are fields at the end of Header and Parent that a fork newer
	// than this program added, in RLP, one after the other. The hashes cover them.
	NewFields, ParentNewFields []byte
	// Pinned says that the block was named by number, not found by time.
	Pinned bool
	// Unfinalized says that the block was newer than the chain's finalized block when it
	// was read, so a reorg can still replace it.
	Unfinalized bool
	// FinalByAge says that no endpoint knew the finalized block, and that this one was more
	// than a day older than the head.
	FinalByAge bool
}

// Number returns the block's number.
func (b Block) Number() uint64 { return b.Header.Number.Uint64() }

// Time returns the block's timestamp, in whole seconds, UTC.
func (b Block) Time() time.Time { return time.Unix(int64(b.Header.Time), 0).UTC() }

// Check recomputes what can be recomputed without a node: the hash of Header, that
// Parent is the block before it, and that time does not run backwards.
func (b Block) Check() error {
	switch h := b.Header; {
	case h == nil || h.Number == nil:
		return errors.New("block without header")
	case !h.Number.IsUint64():
		return fmt.Errorf("block number %v is out of range", h.Number)
	case headerHash(h, b.NewFields) != b.Hash:
		return fmt.Errorf("block %d: header hashes to %v, found %v", h.Number, headerHash(h, b.NewFields), b.Hash)
	case b.Parent == nil && b.Number() == 0:
		return nil
	case b.Number() == 0:
		return errors.New("block 0 has a parent header")
	case b.Parent == nil:
		return fmt.Errorf("block %d: parent header missing", h.Number)
	}
	switch p := b.Parent; {
	case p.Number == nil || !p.Number.IsUint64() || p.Number.Uint64()+1 != b.Number():
		return fmt.Errorf("block %d: parent header has number %v", b.Number(), p.Number)
	case headerHash(p, b.ParentNewFields) != b.Header.ParentHash:
		return fmt.Errorf("block %d: parent header hashes to %v, want parentHash %v",
			b.Number(), headerHash(p, b.ParentNewFields), b.Header.ParentHash)
	case p.Time > b.Header.Time:
		return fmt.Errorf("block %d: timestamp %d is before its parent's %d", b.Number(), b.Header.Time, p.Time)
	}
	return nil
}

// Proves reports whether b is the first block at or after t: parent.time < t ≤
// block.time, with block.parentHash = hash(parent). Block 0 proves every t at or
// before its own time.
func (b Block) Proves(t time.Time) error {
	if err := b.Check(); err != nil {
		return err
	}
	at := t.UTC().Format(time.RFC3339Nano)
	if b.Time().Before(t) {
		return fmt.Errorf("block %d has time %v, before %v", b.Number(), utc(b.Header.Time), at)
	}
	if b.Parent != nil && !time.Unix(int64(b.Parent.Time), 0).Before(t) {
		return fmt.Errorf("block %d is not the first at or after %v: block %d has time %v",
			b.Number(), at, b.Number()-1, utc(b.Parent.Time))
	}
	return nil
}

// blockJSON is the text form of Block. The headers are RLP, so the hash covers every
// byte. Number and time repeat them for a human reader and must agree.
type blockJSON struct {
	Number      uint64        `json:"number"`
	Time        uint64        `json:"time"`
	Hash        common.Hash   `json:"hash"`
	Header      hexutil.Bytes `json:"header"`
	Parent      hexutil.Bytes `json:"parent,omitempty"`
	Pinned      bool          `json:"pinned,omitempty"`
	Unfinalized bool          `json:"unfinalized,omitempty"`
	FinalByAge  bool          `json:"final_by_age,omitempty"`
}

// MarshalJSON writes number, time, hash and both headers as RLP in hex.
func (b Block) MarshalJSON() ([]byte, error) {
	if err := b.Check(); err != nil {
		return nil, err
	}
	j := blockJSON{
		Number: b.Number(), Time: b.Header.Time, Hash: b.Hash, Header: encodeHeader(b.Header, b.NewFields),
		Pinned: b.Pinned, Unfinalized: b.Unfinalized, FinalByAge: b.FinalByAge,
	}
	if b.Parent != nil {
		j.Parent = encodeHeader(b.Parent, b.ParentNewFields)
	}
	return json.Marshal(j)
}

// UnmarshalJSON reads the form written by MarshalJSON. It refuses a block that does not
// pass Check, unknown keys, and a number or time that differs from the header.
func (b *Block) UnmarshalJSON(data []byte) error {
	var j blockJSON
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&j); err != nil {
		return err
	}
	out := Block{Hash: j.Hash, Pinned: j.Pinned, Unfinalized: j.Unfinalized, FinalByAge: j.FinalByAge}
	var err error
	if out.Header, out.NewFields, err = decodeHeader(j.Header); err != nil {
		return fmt.Errorf("block %d: header: %w", j.Number, err)
	}
	if len(j.Parent) > 0 {
		if out.Parent, out.ParentNewFields, err = decodeHeader(j.Parent); err != nil {
			return fmt.Errorf("block %d: parent header: %w", j.Number, err)
		}
	}
	if err := out.Check(); err != nil {
		return err
	}
	if j.Number != out.Number() || j.Time != out.Header.Time {
		return fmt.Errorf("block %d at %d: the header says block %d at %d",
			j.Number, j.Time, out.Number(), out.Header.Time)
	}
	*b = out
	return nil
}
