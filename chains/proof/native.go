package proof

import (
	"fmt"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/perpdao/perpquorum/chains"
)

// legacyEther is the contract that keeps the native balances of Optimism before
// Bedrock, as the first mapping in its storage: accounts themselves have none.
var legacyEther = common.HexToAddress("0xDeadDeAddeAddEAddeadDEaDDEAdDeaDDeAD0000")

func isNativeBalance(c chains.Call) bool {
	return len(c.Data) == 0 && c.Signature == chains.NativeBalance(c.To).Signature
}

// nativeBalance reads the balance of an account as one word.
func (m *machine) nativeBalance(address common.Address) ([]byte, error) {
	// Bedrock and London came to Optimism together.
	if m.header.BaseFee == nil {
		if a, err := m.state.account(legacyEther); err != nil {
			return nil, err
		} else if a != nil && common.Hash(a.CodeHash) != types.EmptyCodeHash {
			return m.legacyBalance(address)
		}
	}
	a, err := m.state.account(address)
	if err != nil {
		return nil, err
	}
	if a == nil {
		return make([]byte, common.HashLength), nil
	}
	word := a.Balance.Bytes32()
	return word[:], nil
}

func (m *machine) legacyBalance(address common.Address) ([]byte, error) {
	if m.id != chains.Optimism {
		return nil, fmt.Errorf("%w: native balances are kept by the contract %v", ErrNotProvable, legacyEther)
	}
	slot := crypto.Keccak256Hash(common.LeftPadBytes(address[:], common.HashLength), make([]byte, common.HashLength))
	v, err := m.state.Storage(legacyEther, slot)
	return v[:], err
}
