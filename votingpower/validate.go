package votingpower

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ethereum/go-ethereum/common"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/perpdao/perpquorum/chains"
)

const (
	maxDecimals   = 36 // keeps amounts printable; ERC-20 tokens have 0 to 18, some 24 or 27
	maxStrategies = 20 // Snapshot takes 10
	maxTerms      = 200
)

// Check returns the first mistake in m, with its path in the JSON form, such as
// excluded[3].address. ParseModel calls it; it is for models that are built in Go.
func (m *Model) Check() error {
	if m == nil {
		return errors.New("there is no model")
	}
	c := checker{model: m, tokens: map[chains.ID]int{}}
	c.texts()
	c.numbers()
	c.tokenList()
	c.excluded()
	c.escrows()
	c.custom()
	c.quorum()
	c.strategies()
	return c.err
}

// checker keeps the first fault.
type checker struct {
	model  *Model
	tokens map[chains.ID]int // index of the chain's token
	err    error
}

func (c *checker) fail(at jsontext.Pointer, format string, args ...any) {
	if c.err == nil {
		c.err = &fault{at: at, msg: fmt.Sprintf(format, args...)}
	}
}

// place identifies a contract or account.
type place struct {
	chain   chains.ID
	address common.Address
}

func (c *checker) numbers() {
	if c.model.Decimals > maxDecimals {
		c.fail("/decimals", "found %d, want 0 to %d", c.model.Decimals, maxDecimals)
	}
	if c.model.Network == 0 {
		c.fail("/network", "is missing, want a chain such as ethereum")
	}
}

func (c *checker) tokenList() {
	supply := false
	for i, token := range c.model.Tokens {
		c.row("tokens", i, place{token.Chain, token.Address}, token.Label, token.Source)
		if first, ok := c.tokens[token.Chain]; ok {
			c.fail(at("tokens", i, "chain"), "%v has a token already, tokens[%d]: want one per chain", token.Chain, first)
		}
		c.tokens[token.Chain] = i
		supply = supply || token.Supply
	}
	if !supply && !slices.ContainsFunc(c.model.Custom, func(t CustomTerm) bool { return t.Sign == "+" }) {
		c.fail("/tokens", `no token has "supply": true, so there is no supply to sum`)
	}
}

// row checks what tokens, wallets and escrows share.
func (c *checker) row(list string, i int, p place, label, source string) {
	c.text(list, i, "label", label, true)
	c.text(list, i, "source", source, false)
	if p.chain == 0 {
		c.fail(at(list, i, "chain"), "is missing, want a chain such as ethereum")
	}
	if p.address == (common.Address{}) {
		c.fail(at(list, i, "address"), "is the zero address")
	}
	if _, ok := c.tokens[p.chain]; !ok && list != "tokens" {
		c.fail(at(list, i, "chain"), "the model has no token on %v: add one to tokens", p.chain)
	}
}

func (c *checker) excluded() {
	wallets := c.model.Excluded
	seen := map[place][]int{}
	for i, w := range wallets {
		p := place{w.Chain, w.Address}
		c.row("excluded", i, p, w.Label, w.Source)
		c.instants("excluded", i, w.From, w.Until)
		for _, j := range seen[p] {
			if overlap(w.From, w.Until, wallets[j].From, wallets[j].Until) {
				c.fail(at("excluded", i, "address"), "%v on %v is excluded by excluded[%d] already, at times that overlap",
					w.Address, w.Chain, j)
			}
		}
		seen[p] = append(seen[p], i)
	}
	for i, e := range c.model.Escrows {
		if js := seen[place{e.Chain, e.Address}]; len(js) > 0 {
			c.fail(at("excluded", js[0], "address"),
				"%v is escrows[%d]: what is locked in it would be subtracted twice", e.Address, i)
		}
	}
}

func (c *checker) instants(list string, i int, from, until time.Time) {
	if err := checkTime(from); err != nil && !from.IsZero() {
		c.fail(at(list, i, "from"), "%v", err)
	}
	if err := checkTime(until); err != nil && !until.IsZero() {
		c.fail(at(list, i, "until"), "%v", err)
	}
	if !from.IsZero() && !until.IsZero() && !from.Before(until) {
		c.fail(at(list, i, "until"), "found %s, want a time after from", formatTime(until))
	}
}

// overlap reports whether some t is both from a to b and from c to d.
func overlap(a, b, c, d time.Time) bool {
	before := func(until, from time.Time) bool { return !until.IsZero() && !from.IsZero() && !until.After(from) }
	return !before(b, c) && !before(d, a)
}

func (c *checker) escrows() {
	seen := map[place]int{}
	for i, e := range c.model.Escrows {
		p := place{e.Chain, e.Address}
		c.row("escrows", i, p, e.Label, e.Source)
		if j, ok := seen[p]; ok {
			c.fail(at("escrows", i, "address"), "%v on %v is escrows[%d] already", e.Address, e.Chain, j)
		}
		if j, ok := c.tokens[e.Chain]; ok && c.model.Tokens[j].Address == e.Address {
			c.fail(at("escrows", i, "address"), "%v is tokens[%d]: its supply would be counted twice", e.Address, j)
		}
		seen[p] = i
		c.getter(i, "weight", e.Address, e.Weight)
		c.getter(i, "locked", e.Address, e.Locked)
		if e.Weight == e.Locked {
			c.fail(at("escrows", i, "locked"), "%.80q is the weight too: the escrow would count for nothing", e.Locked)
		}
	}
}

// custom checks the terms, and that none adds or subtracts what another part of the model does.
func (c *checker) custom() {
	m := c.model
	if len(m.Custom) > 0 && m.Format == ModelFormat1 {
		c.fail("/terms", "needs the format %q", ModelFormat)
	}
	if len(m.Custom) > maxTerms {
		c.fail("/terms", "has %d terms, want at most %d", len(m.Custom), maxTerms)
	}
	terms := make([]Term, len(m.Custom))
	for i, t := range m.Custom {
		c.text("terms", i, "label", t.Label, true)
		c.instants("terms", i, t.From, t.Until)
		if t.Sign != "+" && t.Sign != "-" {
			c.fail(at("terms", i, "sign"), `found %.80q, want "+" or "-"`, t.Sign)
		}
		c.contractRead(at("terms", i, ""), t.ContractRead)
		if c.err != nil {
			return
		}
		terms[i], c.err = t.term("", 0, "", m.Decimals)
		for j, other := range m.Custom[:i] {
			if terms[i].same(terms[j]) && overlap(t.From, t.Until, other.From, other.Until) {
				c.fail(at("terms", i, ""), "is terms[%d] again, at times that overlap", j)
			}
		}
		c.countedTwice(i, terms[i])
	}
}

// countedTwice refuses a custom term that reads what a token or an escrow of the model does.
func (c *checker) countedTwice(i int, t Term) {
	read := t.Call.Signature
	for j, token := range c.model.Tokens {
		same := t.Chain == token.Chain && t.Call.To == token.Address
		if same && (token.Supply && read == "totalSupply()" || strings.HasPrefix(read, "balanceOf(")) {
			c.fail(at("terms", i, ""), "reads the supply or a balance of tokens[%d]: "+
				"use supply and excluded, or list the token's supply as a term too", j)
		}
	}
	for j, escrow := range c.model.Escrows {
		if t.Chain == escrow.Chain && t.Call.To == escrow.Address && (read == escrow.Weight || read == escrow.Locked) {
			c.fail(at("terms", i, ""), "reads %s, which escrows[%d] does already", read, j)
		}
	}
}

// contractRead checks a read by making the call.
func (c *checker) contractRead(at jsontext.Pointer, r ContractRead) {
	switch {
	case r.Chain == 0:
		c.fail(at+"/chain", "is missing, want a chain such as ethereum")
	case r.Contract == (common.Address{}):
		c.fail(at+"/contract", "is the zero address")
	case len(r.Call) > maxText:
		c.fail(at+"/call", "has %d bytes, want at most %d", len(r.Call), maxText)
		return
	case utf8.RuneCountInString(r.Source) > maxCharacters("source"):
		c.fail(at+"/source", "has %d characters, want at most %d", utf8.RuneCountInString(r.Source), maxCharacters("source"))
	}
	if err := printable(r.Source); err != nil {
		c.fail(at+"/source", "%v", err)
	}
	if _, err := r.term("", 0, "", c.model.Decimals); err != nil {
		c.fail(at, "%v", err)
	}
}

// getter demands a function that can be called without arguments.
func (c *checker) getter(i int, key string, to common.Address, signature string) {
	if !strings.HasSuffix(signature, "()") {
		c.fail(at("escrows", i, key), `found %.80q, want a function without arguments such as "totalSupply()"`, signature)
	} else if _, err := chains.NewCall(to, signature); err != nil {
		c.fail(at("escrows", i, key), "%v", err)
	}
}

var chainNumber = regexp.MustCompile(`^[1-9][0-9]{0,19}$`)

func (c *checker) strategies() {
	list := c.model.Strategies
	if len(list) > 0 && c.model.Format == ModelFormat1 {
		c.fail("/strategies", "needs the format %q", ModelFormat)
	}
	if len(list) > maxStrategies {
		c.fail("/strategies", "has %d strategies, want at most %d", len(list), maxStrategies)
	}
	for i, s := range list {
		c.text("strategies", i, "name", s.Name, true)
		if !chainNumber.MatchString(s.Network) {
			c.fail(at("strategies", i, "network"), `found %.80q, want a chain id in decimal digits such as "1"`, s.Network)
		}
		if _, err := canonicalObject(s.Params); err != nil {
			c.fail(at("strategies", i, "params"), "%v", err)
		}
	}
}

// at is the place of a key of the i-th row of a list, or of list itself if i < 0.
func at(list string, i int, key string) jsontext.Pointer {
	place := jsontext.Pointer("/" + list)
	if i >= 0 {
		place = place.AppendToken(strconv.Itoa(i))
	}
	if key != "" {
		place = place.AppendToken(key)
	}
	return place
}
