package signature

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/ethereum/go-ethereum/accounts/abi"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/perpdao/perpquorum/snapshot"
)

// Class says what is known of who signed a vote.
type Class string

const (
	// Verified: the voter signed this very row.
	Verified Class = "signed by the voter"
	// Alias: another key signed, which is the one that the hub names. The voter
	// must have made it an alias, which a row of the hub's aliases shows; since
	// these can be revoked, a missing row proves nothing.
	Alias Class = "signed by another address"
	// Contract: only the contract at the address that the hub names can say
	// whether the signature is good (EIP-1271, EIP-6492, Starknet).
	Contract Class = "to be checked by a contract"
	// Unchecked: nothing is known, for the reason given.
	Unchecked Class = "not checkable"
)

const (
	NoSignature  Reason = "the hub gives no signature"
	BadSignature Reason = "the signature is not readable"
	NotRebuilt   Reason = "what was signed could not be rebuilt"
	RowDiffers   Reason = "the row is not what was signed"
)

// Signer is who signed a vote, as far as it can be told offline.
type Signer struct {
	Content Check  `json:"content"` // of the row, as CheckVote gives it
	Class   Class  `json:"class"`
	Reason  Reason `json:"reason,omitempty"` // why it is unchecked
	// Address is who signed the id, in EIP-55, or empty if no key can be recovered.
	// Where the content does not match, that says nothing about the row.
	Address string `json:"address,omitempty"`
	// BySignature is set if the id is not the hash of what was signed, as until 2022:
	// the signature alone proves the row.
	BySignature bool `json:"by_signature,omitempty"`
}

// CheckSigner finds who signed a vote for p, from the hub's message of the same id.
func CheckSigner(p *snapshot.Proposal, v *snapshot.Vote, m snapshot.Message) Signer {
	return signerOf(p, v, m, CheckVote(p, v))
}

func signerOf(p *snapshot.Proposal, v *snapshot.Vote, m snapshot.Message, content Check) Signer {
	s := Signer{Content: content, Class: Unchecked}
	id, typed := idHash(v.ID)
	switch {
	case m.Sig == "" || m.ID != v.ID:
		s.Reason = NoSignature
	case !typed:
		s.checkUnhashed(p, v, m)
	default:
		s.recover(id, v.Voter, m)
	}
	return s
}

// recover classifies the signature of a typed message.
func (s *Signer) recover(id common.Hash, voter string, m snapshot.Message) {
	signer, err := Recover(id, m.Sig)
	if err == nil {
		s.Address = signer.Hex()
	}
	switch {
	case s.Content.Verdict == Differs:
		s.Reason = RowDiffers
	case s.Content.Verdict != Matches:
		s.Reason = NotRebuilt
	case errors.Is(err, ErrSignature):
		s.Reason = BadSignature
	case err == nil && isAddress(voter, signer):
		s.Class = Verified
	case err == nil && isAddress(m.Address, signer):
		s.Class = Alias
	default:
		s.Class = Contract
	}
}

func isAddress(text string, address common.Address) bool {
	return common.IsHexAddress(text) && common.HexToAddress(text) == address
}

var (
	// ErrSignature is a signature that is not hexadecimal.
	ErrSignature = errors.New("not a signature")
	// ErrContractSignature is a signature that only a contract can check.
	ErrContractSignature = errors.New("a contract's signature")
)

// Recover returns the address whose key signed a hash: 65 bytes with a v of 0, 1
// or from 27 on, which count by their parity, or 64 bytes (EIP-2098), in
// hexadecimal with 0x. Any s counts, as on Snapshot's server. It returns
// [ErrContractSignature] for other bytes and for Starknet's numbers, and
// [ErrSignature] for anything else.
func Recover(hash common.Hash, sig string) (common.Address, error) {
	if strings.Contains(sig, ",") {
		return common.Address{}, fmt.Errorf("%w: found numbers with commas, as on Starknet", ErrContractSignature)
	}
	raw, err := hexBytes(sig)
	if err != nil {
		return common.Address{}, fmt.Errorf("%w: %w", ErrSignature, err)
	}
	rsv, ok := ordinary(raw)
	if !ok {
		return common.Address{}, fmt.Errorf(
			"%w: found %d bytes, want 64, or 65 with a v of 0, 1 or from 27 on", ErrContractSignature, len(raw))
	}
	key, err := crypto.SigToPub(hash[:], rsv)
	if err != nil {
		return common.Address{}, fmt.Errorf("%w: no key gives it: %w", ErrContractSignature, err)
	}
	return crypto.PubkeyToAddress(*key), nil
}

// wrapped ends a signature that brings the factory of a contract that may not exist yet (EIP-6492).
var wrapped = bytes.Repeat([]byte{0x64, 0x92}, 16)

// ForContract is what a contract at the signer's address is asked about: the bytes of a signature,
// or the one inside an EIP-6492 signature, which also has the call of a factory that makes the
// contract. It wraps ErrSignature for what is neither.
func ForContract(sig string) (inner []byte, factory common.Address, making []byte, err error) {
	raw, err := hexBytes(sig)
	if err != nil {
		return nil, factory, nil, fmt.Errorf("%w: %w", ErrSignature, err)
	}
	outer, ok := bytes.CutSuffix(raw, wrapped)
	if !ok {
		return raw, factory, nil, nil
	}
	parts, err := factorySignature.Unpack(outer)
	if err != nil {
		return nil, factory, nil, fmt.Errorf("%w: EIP-6492: %w", ErrSignature, err)
	}
	return parts[2].([]byte), parts[0].(common.Address), parts[1].([]byte), nil
}

// factorySignature is a factory, the call that makes the contract, and its signature.
var factorySignature = func() abi.Arguments {
	address, _ := abi.NewType("address", "", nil)
	data, _ := abi.NewType("bytes", "", nil)
	return abi.Arguments{{Type: address}, {Type: data}, {Type: data}}
}()

// ordinary gives a signature of a key the form that package crypto reads: r, s
// and a v of 0 or 1.
func ordinary(raw []byte) (rsv []byte, ok bool) {
	switch {
	case len(raw) == 64: // EIP-2098: the top bit of s is v
		rsv = append(raw, raw[32]>>7)
		rsv[32] &= 0x7f
		return rsv, true
	case len(raw) != 65:
		return nil, false
	case raw[64] < 2:
		return raw, true
	case raw[64] < 27:
		return nil, false
	}
	raw[64] = (raw[64] + 1) % 2
	return raw, true
}

// hexBytes reads hexadecimal in any case after 0x.
func hexBytes(s string) ([]byte, error) {
	digits, ok := strings.CutPrefix(s, "0x")
	if !ok {
		return nil, errors.New("0x is missing")
	}
	return hex.DecodeString(digits)
}
