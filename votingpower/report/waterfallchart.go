package report

import (
	"fmt"
	"math/big"

	"github.com/perpdao/perpquorum/votingpower"
)

// step is a row of the waterfall: what is added or taken away, or a sum.
type step struct {
	Sign, Name string
	Term       Term // with the contract that was read; empty for what is worked out
	Sum        bool
	where      string
	from, to   *big.Rat
	amount     *big.Rat
	fill       string
}

// steps go from nothing to the circulating voting power and the quorum.
func (d *Document) steps() (list []step) {
	at, supply := new(big.Rat), d.CirculatingSupply
	subtotal := func(name string, amount *big.Rat) {
		list = append(list, step{Sign: "=", Name: name, Sum: true, from: new(big.Rat), to: amount, amount: amount,
			fill: accentColor})
	}
	for _, term := range d.Terms {
		if supply != nil && (term.Group == votingpower.GroupEscrow || term.Group == votingpower.GroupTerm) {
			subtotal("Circulating supply", rational(supply.Tokens))
			supply = nil
		}
		amount := rational(term.Amount.Tokens)
		s := step{Sign: "+", Name: term.Label, Term: term, from: at, to: new(big.Rat).Add(at, amount), amount: amount,
			fill: plusColor}
		if term.Sign == "-" {
			s.Sign, s.to, s.fill = "−", new(big.Rat).Sub(at, amount), neutralColor
		}
		for _, c := range d.Chains {
			if c.Chain == term.Chain {
				s.where = c.Name
			}
		}
		if term.Account != "" {
			s.where += " · " + shortHash(term.Account)
		}
		at, list = s.to, append(list, s)
	}
	if supply != nil {
		subtotal("Circulating supply", rational(supply.Tokens))
	}
	subtotal("Circulating voting power", rational(d.VotingPower.Tokens))
	subtotal("Quorum: "+basis(d.Quorum), rational(d.Quorum.Tokens))
	quorum := &list[len(list)-1]
	if quorum.Sign = "→"; d.Quorum.Read != nil {
		quorum.Term = *d.Quorum.Read
	}
	return list
}

// longest is where the longest bar ends.
func longest(steps []step) *big.Rat {
	most := new(big.Rat)
	for _, s := range steps {
		for _, end := range []*big.Rat{s.from, s.to} {
			if end.Cmp(most) > 0 {
				most = end
			}
		}
	}
	return most
}

// drawWaterfall draws how the terms add up to the circulating voting power.
func (r *Report) drawWaterfall() *canvas {
	d := r.document
	quorum := fmt.Sprintf("The quorum is %s %s", rounded(rational(d.Quorum.Tokens)), r.symbol())
	c, top := r.begin("waterfall", fmt.Sprintf("%s; the circulating voting power is %s %s",
		quorum, rounded(rational(d.VotingPower.Tokens)), r.symbol()))
	c.label(margin, top+44, fit(quorum, 20, true, c.width-2*margin), 20, true, textColor, "start")
	c.label(margin, top+69, fit(basis(d.Quorum)+"; circulating voting power "+rounded(rational(d.VotingPower.Tokens)),
		14, false, c.width-2*margin), 14, false, mutedColor, "start")
	c.label(c.width-margin, top+102, r.symbol(), 12, false, mutedColor, "end")
	steps, y := d.steps(), top+110
	most := longest(steps)
	for _, s := range steps {
		y = c.step(y, s, most)
		c.description += fmt.Sprintf("%s %s: %s. ", s.Sign, clean(s.Name, maxName), rounded(s.amount))
	}
	return r.end(c, y+24)
}

// step draws a row, and returns where the next begins.
func (c *canvas) step(y float64, s step, most *big.Rat) float64 {
	const left, width = 322.0, 196.0
	height, color := 34.0, rowColor
	if s.where != "" {
		height = 46
	}
	if s.Sum {
		color = neutralColor
	}
	c.line(color, 1, margin, y, c.width-margin, y)
	middle := y + height/2
	c.label(24, middle+5, s.Sign, 15, true, mutedColor, "middle")
	name := fit(clean(s.Name, maxName), 14, s.Sum, left-52)
	if s.where == "" {
		c.label(40, middle+5, name, 14, s.Sum, textColor, "start")
	} else {
		c.label(40, middle-3, name, 14, s.Sum, textColor, "start")
		c.label(40, middle+14, s.where, 12, false, mutedColor, "start")
	}
	from, to := left+width*max(ratio(s.from, most), 0), left+width*max(ratio(s.to, most), 0)
	c.bar(min(from, to), middle-8, max(from, to)-min(from, to), 16, s.fill, "")
	c.label(c.width-margin, middle+5, column(s.amount), 14, s.Sum, textColor, "end")
	return y + height
}
