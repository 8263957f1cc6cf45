package signature

import (
	"maps"
	"slices"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
)

// reading is one value that a field may have had when it was signed.
type reading struct {
	word common.Hash // the EIP-712 encoding
	// field and signed name a value that is not what the row says; they are
	// empty for the row's own value, however it may have been spelled.
	field, signed string
}

// readings holds the values to try for each declaration of a form, such as
// "string space". A form with a declaration that has none is not tried.
type readings map[string][]reading

func (r readings) add(declaration string, words ...common.Hash) {
	for _, word := range words {
		r[declaration] = append(r[declaration], reading{word: word})
	}
}

// addTexts adds texts that all mean what the row says.
func (r readings) addTexts(declaration string, texts ...string) {
	for _, text := range texts {
		r.add(declaration, hashText(text))
	}
}

// addOther adds a text that the row does not say.
func (r readings) addOther(declaration, field, text string) {
	r[declaration] = append(r[declaration], reading{hashText(text), field, text})
}

// message is a message that may have been signed, without its domain.
type message struct {
	hash common.Hash
	form *form
	odd  reading // the one value that is not what the row says
}

func (m message) check(verdict Verdict, chainID uint64) Check {
	return Check{
		Verdict: verdict, Type: m.form.name, Era: m.form.era, ChainID: chainID,
		Field: m.odd.field, Signed: m.odd.signed,
	}
}

// find looks for a message whose hash is the id, first in the usual domain and
// then in those of the chains.
func (r readings) find(forms []form, id common.Hash, chains []uint64) (found message, chainID uint64, ok bool) {
	var tried []message
	plain := domainSeparator(0)
	for i := range forms {
		for _, m := range r.messages(&forms[i]) {
			if messageHash(plain, m.hash) == id {
				return m, 0, true
			}
			tried = append(tried, m)
		}
	}
	for _, chainID := range chains {
		separator := domainSeparator(chainID)
		for _, m := range tried {
			if messageHash(separator, m.hash) == id {
				return m, chainID, true
			}
		}
	}
	return message{}, 0, false
}

// messages lists the messages of a form, of which each has at most one value
// that is not what the row says.
func (r readings) messages(f *form) []message {
	words := make([]byte, 32*(1+len(f.fields)))
	copy(words, f.hash[:])
	var list []message
	var fill func(i int, odd reading)
	fill = func(i int, odd reading) {
		if i == len(f.fields) {
			list = append(list, message{crypto.Keccak256Hash(words), f, odd})
			return
		}
		for _, value := range r[f.fields[i]] {
			copy(words[32*(i+1):], value.word[:])
			switch {
			case value.field == "":
				fill(i+1, odd)
			case odd.field == "":
				fill(i+1, value)
			}
		}
	}
	fill(0, reading{})
	return list
}

// changed looks for a message that was signed with another value in one field.
// The alternatives are by declaration.
func (r readings) changed(forms []form, id common.Hash, alternatives readings) (Check, bool) {
	for _, declaration := range slices.Sorted(maps.Keys(alternatives)) {
		with := maps.Clone(r)
		with[declaration] = alternatives[declaration]
		has := slices.DeleteFunc(slices.Clone(forms), func(f form) bool {
			return !slices.Contains(f.fields, declaration)
		})
		if m, _, ok := with.find(has, id, nil); ok {
			return m.check(Differs, 0), true
		}
	}
	return Check{}, false
}

// chains are the domains that wallets with a chain id in them may have used:
// the EVM main networks of snapshot.js 0.17.5 (networks.json).
var chains = []uint64{
	1, 10, 56, 100, 137, 8453, 42161, 43114, 250, 5000, 59144, 81457, 534352, 324, 1101, 42220, 1284, 1285, 1088, 8, 19,
	24, 25, 30, 46, 61, 66, 75, 82, 108, 109, 122, 144, 146, 148, 151, 169, 204, 246, 252, 269, 291, 314, 321, 336, 369,
	416, 592, 813, 841, 888, 1116, 1329, 1480, 1514, 1559, 2000, 2109, 2152, 2222, 2400, 3338, 4162, 4200, 4337, 4663,
	4689, 5555, 7341, 7560, 8217, 9001, 10000, 13371, 16718, 26514, 29548, 33139, 42170, 47805, 53935, 57073, 69000,
	88811, 810180, 1313161554, 1666600000,
}
