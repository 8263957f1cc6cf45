package proof

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/state"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/rlp"
	"github.com/ethereum/go-ethereum/trie"

	"github.com/perpdao/perpquorum/chains"
)

// partialState is the state below a root, as far as a set of trie nodes and
// codes shows it. It implements state.Reader for go-ethereum's StateDB, which
// takes zero for what it cannot read: only fault tells the two apart.
type partialState struct {
	root     common.Hash
	blobs    blobs
	accounts map[common.Address]*types.StateAccount
	slots    map[read]common.Hash

	fault   error         // why the first read that failed did so
	misses  int           // how many reads failed because a blob is missing
	missing []read        // what they read, in their order
	wanted  map[read]bool // the same as a set
}

// read names a part of the state.
type read struct {
	part    part
	account common.Address
	slot    common.Hash // of storage alone
}

type part int

const (
	accountPart part = iota
	storagePart
	codePart
)

// String names the part for an error message.
func (r read) String() string {
	switch r.part {
	case storagePart:
		return fmt.Sprintf("storage slot %v of %v", r.slot, r.account)
	case codePart:
		return fmt.Sprintf("the code of %v", r.account)
	}
	return fmt.Sprintf("the account %v", r.account)
}

func newState(root common.Hash) *partialState {
	return &partialState{
		root: root, blobs: blobs{all: map[common.Hash]*blob{}},
		accounts: map[common.Address]*types.StateAccount{}, slots: map[read]common.Hash{}, wanted: map[read]bool{},
	}
}

// value returns what a trie has for a key, nil if it has nothing, or an error,
// which is recorded.
func (s *partialState) value(root common.Hash, key []byte, r read) ([]byte, error) {
	if root == types.EmptyRootHash {
		return nil, nil
	}
	s.blobs.lacking = common.Hash{}
	v, err := trie.VerifyProof(root, crypto.Keccak256(key), &s.blobs)
	switch {
	case err == nil:
		return v, nil
	case s.blobs.lacking != (common.Hash{}):
		return nil, s.miss(r)
	}
	return nil, s.fail(r, err)
}

// miss records that a blob is missing.
func (s *partialState) miss(r read) error {
	s.misses++
	if !s.wanted[r] {
		s.wanted[r] = true
		s.missing = append(s.missing, r)
	}
	err := fmt.Errorf("%w: the node or code with hash %v, which shows %v", errMissing, s.blobs.lacking, r)
	s.fault = cmp.Or(s.fault, err)
	return err
}

// fail records that the state contains what no state of Ethereum does.
func (s *partialState) fail(r read, why error) error {
	err := fmt.Errorf("%w: the chain keeps %v in another form than Ethereum: %w", ErrNotProvable, r, why)
	s.fault = cmp.Or(s.fault, err)
	return err
}

// Account implements state.Reader. An account that does not exist is nil.
func (s *partialState) Account(address common.Address) (*types.StateAccount, error) {
	a, err := s.account(address)
	if a != nil {
		a = a.Copy()
	}
	return a, err
}

func (s *partialState) account(address common.Address) (*types.StateAccount, error) {
	if a, known := s.accounts[address]; known {
		return a, nil
	}
	r := read{part: accountPart, account: address}
	raw, err := s.value(s.root, address[:], r)
	if err != nil {
		return nil, err
	}
	var a *types.StateAccount
	if raw != nil {
		a = new(types.StateAccount)
		if err := rlp.DecodeBytes(raw, a); err != nil {
			return nil, s.fail(r, err)
		}
		if len(a.CodeHash) != common.HashLength {
			return nil, s.fail(r, fmt.Errorf("code hash of %d bytes", len(a.CodeHash)))
		}
	}
	s.accounts[address] = a
	return a, nil
}

// Storage implements state.Reader. A slot that does not exist is zero.
func (s *partialState) Storage(address common.Address, slot common.Hash) (common.Hash, error) {
	r := read{storagePart, address, slot}
	if v, known := s.slots[r]; known {
		return v, nil
	}
	a, err := s.account(address)
	if err != nil || a == nil {
		return common.Hash{}, err
	}
	raw, err := s.value(a.Root, slot[:], r)
	if err != nil {
		return common.Hash{}, err
	}
	var v common.Hash
	if raw != nil {
		content, rest, err := rlp.SplitString(raw)
		if err != nil || len(rest) > 0 || len(content) > len(v) {
			return common.Hash{}, s.fail(r, fmt.Errorf("found 0x%x, want one RLP string of at most 32 bytes", raw))
		}
		v.SetBytes(content)
	}
	s.slots[r] = v
	return v, nil
}

// Code implements state.Reader.
func (s *partialState) Code(address common.Address, hash common.Hash) []byte {
	code, err := s.blobs.Get(hash[:])
	if err != nil {
		s.miss(read{part: codePart, account: address})
	}
	return code
}

// CodeSize implements state.Reader.
func (s *partialState) CodeSize(address common.Address, hash common.Hash) int {
	return len(s.Code(address, hash))
}

// Has implements state.Reader.
func (s *partialState) Has(_ common.Address, hash common.Hash) bool { return s.blobs.all[hash] != nil }

// blobs is a set of trie nodes and codes, each under the hash that is computed
// here. It implements ethdb.KeyValueReader for trie.VerifyProof.
type blobs struct {
	all     map[common.Hash]*blob
	lacking common.Hash // what was asked for last and is not there
}

type blob struct {
	data []byte
	used bool // something that was read depends on it
}

func (b *blobs) add(data []byte) {
	b.all[crypto.Keccak256Hash(data)] = &blob{data: data}
}

// witness returns what something depends on.
func (b *blobs) witness() chains.Witness {
	var hashes []common.Hash
	for hash, one := range b.all {
		if one.used {
			hashes = append(hashes, hash)
		}
	}
	slices.SortFunc(hashes, common.Hash.Cmp)
	w := make(chains.Witness, len(hashes))
	for i, hash := range hashes {
		w[i] = b.all[hash].data
	}
	return w
}

var errMissing = errors.New("missing")

func (b *blobs) Get(hash []byte) ([]byte, error) {
	one := b.all[common.Hash(hash)]
	if one == nil {
		b.lacking = common.Hash(hash)
		return nil, errMissing
	}
	one.used = true
	return one.data, nil
}

func (b *blobs) Has(hash []byte) (bool, error) { return b.all[common.Hash(hash)] != nil, nil }

// readOnly stands for the database behind a StateDB, which only writing needs.
type readOnly struct{ state.Database }

func (readOnly) Type() state.DatabaseType { return state.TypeMPT }
