package signature

import (
	"encoding/binary"
	"strings"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
)

// This is as much of EIP-712 as Snapshot's messages need: one struct of texts,
// numbers, addresses, hashes and lists of them. Each value is one word of 32 bytes.

func hashText(s string) common.Hash { return crypto.Keccak256Hash([]byte(s)) }

func hashTexts(list []string) common.Hash {
	words := make([]byte, 0, 32*len(list))
	for _, s := range list {
		word := hashText(s)
		words = append(words, word[:]...)
	}
	return crypto.Keccak256Hash(words)
}

func hashNumbers(list []uint32) common.Hash {
	words := make([]byte, 0, 32*len(list))
	for _, n := range list {
		word := numberWord(uint64(n))
		words = append(words, word[:]...)
	}
	return crypto.Keccak256Hash(words)
}

func numberWord(n uint64) (word common.Hash) {
	binary.BigEndian.PutUint64(word[24:], n)
	return word
}

// form is one type of message, which Snapshot's clients signed at some time.
type form struct {
	name   string   // as EIP-712 writes it
	era    string   // when, for proposals
	fields []string // such as "string space"
	hash   common.Hash
}

func newForm(primary, era, fields string) form {
	name := primary + "(" + fields + ")"
	return form{name: name, era: era, fields: strings.Split(fields, ","), hash: hashText(name)}
}

// domainSeparator is that of Snapshot's domain; some wallets' messages name a
// chain in it, others (0) do not.
func domainSeparator(chainID uint64) common.Hash {
	fields, chain := "string name,string version", []byte(nil)
	if chainID != 0 {
		word := numberWord(chainID)
		fields, chain = fields+",uint256 chainId", word[:]
	}
	typ, name, version := hashText("EIP712Domain("+fields+")"), hashText("snapshot"), hashText("0.1.4")
	return crypto.Keccak256Hash(typ[:], name[:], version[:], chain)
}

func messageHash(separator, structHash common.Hash) common.Hash {
	return crypto.Keccak256Hash([]byte{0x19, 0x01}, separator[:], structHash[:])
}
