package signature_test

import (
	"crypto/ecdsa"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/common/math"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/signer/core/apitypes"
)

// voterKey is made up; voter is its address.
var (
	voterKey = keyOf("voter")
	voter    = crypto.PubkeyToAddress(voterKey.PublicKey).Hex()
)

func keyOf(name string) *ecdsa.PrivateKey {
	key, err := crypto.ToECDSA(crypto.Keccak256([]byte(name)))
	if err != nil {
		panic(err)
	}
	return key
}

// typedHash is go-ethereum's EIP-712 hash of a message of type primary, whose
// fields are written like "string from,uint64 timestamp".
func typedHash(t testing.TB, primary, fields string, chainID int64, message map[string]any) common.Hash {
	t.Helper()
	d := apitypes.TypedData{
		Types:       apitypes.Types{"EIP712Domain": {{Name: "name", Type: "string"}, {Name: "version", Type: "string"}}},
		PrimaryType: primary,
		Domain:      apitypes.TypedDataDomain{Name: "snapshot", Version: "0.1.4"},
		Message:     message,
	}
	if chainID != 0 {
		d.Domain.ChainId = math.NewHexOrDecimal256(chainID)
		d.Types["EIP712Domain"] = append(d.Types["EIP712Domain"], apitypes.Type{Name: "chainId", Type: "uint256"})
	}
	for declaration := range strings.SplitSeq(fields, ",") {
		kind, name, _ := strings.Cut(declaration, " ")
		d.Types[primary] = append(d.Types[primary], apitypes.Type{Name: name, Type: kind})
	}
	hash, _, err := apitypes.TypedDataAndHash(d)
	if err != nil {
		t.Fatal(err)
	}
	return common.BytesToHash(hash)
}

// sign returns the 65 bytes of a wallet's signature, with a v of 27 or 28.
func sign(t testing.TB, key *ecdsa.PrivateKey, hash common.Hash) []byte {
	t.Helper()
	sig, err := crypto.Sign(hash[:], key)
	if err != nil {
		t.Fatal(err)
	}
	sig[64] += 27
	return sig
}

func hexOf(b []byte) string { return hexutil.Encode(b) }
