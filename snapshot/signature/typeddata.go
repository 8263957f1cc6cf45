package signature

import (
	"encoding/binary"
	"strings"
	"sync"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
)

// This is as much of EIP-712 as Snapshot's messages need: one struct of texts,
// numbers, addresses, hashes and lists of them. Each value is one word of 32 bytes.

func hashText(s string) common.Hash { return crypto.Keccak256Hash([]byte(s)) }

func hashTexts(list []string) common.Hash { return hashList(list, hashText) }

func hashList[T any](list []T, encode func(T) common.Hash) common.Hash {
	words := make([]byte, 0, 32*len(list))
	for _, item := range list {
		word := encode(item)
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

// domain is Snapshot's own, in which some wallets name a chain.
type domain struct {
	chainID   uint64 // 0 for none
	separator common.Hash
}

func newDomain(chainID uint64) domain {
	fields, chain := "string name,string version", []byte(nil)
	if chainID != 0 {
		word := numberWord(chainID)
		fields, chain = fields+",uint256 chainId", word[:]
	}
	typ, name, version := hashText("EIP712Domain("+fields+")"), hashText("snapshot"), hashText("0.1.4")
	return domain{chainID, crypto.Keccak256Hash(typ[:], name[:], version[:], chain)}
}

// hash is what a wallet signs for a message, and its id.
func (d domain) hash(structHash common.Hash) common.Hash {
	return crypto.Keccak256Hash([]byte{0x19, 0x01}, d.separator[:], structHash[:])
}

// domains lists the one without a chain, and those of the EVM main networks that
// snapshot.js 0.17.5 knows (networks.json), where such a wallet may be.
var domains = sync.OnceValue(func() []domain {
	chains := []uint64{
		1, 10, 56, 100, 137, 8453, 42161, 43114, 250, 5000, 59144, 81457, 534352, 324, 1101, 42220, 1284, 1285, 1088, 8, 19,
		24, 25, 30, 46, 61, 66, 75, 82, 108, 109, 122, 144, 146, 148, 151, 169, 204, 246, 252, 269, 291, 314, 321, 336, 369,
		416, 592, 813, 841, 888, 1116, 1329, 1480, 1514, 1559, 2000, 2109, 2152, 2222, 2400, 3338, 4162, 4200, 4337, 4663,
		4689, 5555, 7341, 7560, 8217, 9001, 10000, 13371, 16718, 26514, 29548, 33139, 42170, 47805, 53935, 57073, 69000,
		88811, 810180, 1313161554, 1666600000,
	}
	list := []domain{newDomain(0)}
	for _, chainID := range chains {
		list = append(list, newDomain(chainID))
	}
	return list
})
