package signature

import (
	"iter"
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

func (m message) check(verdict Verdict, d domain) Check {
	return Check{
		Verdict: verdict, Type: m.form.name, Era: m.form.era, ChainID: d.chainID,
		Field: m.odd.field, Signed: m.odd.signed,
	}
}

// find looks for a message whose hash is the id, first in Snapshot's own domain,
// which is the first of the list, and then in the others. The server takes them
// with any form.
func (r readings) find(forms []form, id common.Hash, domains []domain) (message, domain, bool) {
	var tried []message
	for i := range forms {
		for m := range r.messages(&forms[i]) {
			if domains[0].hash(m.hash) == id {
				return m, domains[0], true
			}
			tried = append(tried, m)
		}
	}
	for _, d := range domains[1:] {
		for _, m := range tried {
			if d.hash(m.hash) == id {
				return m, d, true
			}
		}
	}
	return message{}, domain{}, false
}

// messages are those of a form, that of the row's own values first. Each has at most one value
// that is not what the row says.
func (r readings) messages(f *form) iter.Seq[message] {
	return func(yield func(message) bool) {
		words := make([]byte, 32*(1+len(f.fields)))
		copy(words, f.hash[:])
		var fill func(i int, odd reading) (more bool)
		fill = func(i int, odd reading) (more bool) {
			if i == len(f.fields) {
				return yield(message{crypto.Keccak256Hash(words), f, odd})
			}
			for _, value := range r[f.fields[i]] {
				next := odd
				if value.field != "" {
					next = value
				}
				copy(words[32*(i+1):], value.word[:])
				if (value.field == "" || odd.field == "") && !fill(i+1, next) {
					return false
				}
			}
			return true
		}
		fill(0, reading{})
	}
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
		if m, d, ok := with.find(has, id, domains()[:1]); ok {
			return m.check(Differs, d), true
		}
	}
	return Check{}, false
}
