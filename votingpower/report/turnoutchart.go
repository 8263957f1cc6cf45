package report

import (
	"fmt"
	"math/big"
	"slices"
)

// segment is a part of the turnout.
type segment struct {
	name, alt string   // alt is for a font that lacks a character of the name
	power     *big.Rat // nil where it is not known
	fill      string
}

// segments are the choices and the invalid votes, or the turnout as one where the scores are not
// parts of it: approval gives a vote to several choices, and a model may count some votes only.
func (v *Vote) segments() (parts []segment, whole bool) {
	whole = len(v.Turnout.Counts) > 0 || v.Turnout.Winner ||
		!slices.Contains([]string{"", "single-choice", "basic", "weighted"}, v.Type)
	for i, score := range v.Scores {
		s := segment{score.Choice, fmt.Sprintf("Choice %d", i+1), nil, v.choiceColor(i)}
		if score.Hub != "" {
			s.power = rational(score.Hub)
		}
		if i >= 5 {
			last := &parts[4]
			last.name, last.alt = fmt.Sprintf("%d more choices", i-3), ""
			if last.power != nil && s.power != nil {
				last.power = new(big.Rat).Add(last.power, s.power)
			} else {
				last.power = nil
			}
			continue
		}
		parts = append(parts, s)
	}
	if v.InvalidVotes > 0 {
		parts = append(parts, segment{"Invalid choices", "", rational(v.InvalidPower), hatched})
	}
	return parts, whole
}

// drawTurnout draws the turnout as a part of the circulating voting power, with the quorum.
func (r *Report) drawTurnout() *canvas {
	v, power, quorum := r.document.Vote, rational(r.document.VotingPower.Tokens), rational(r.document.Quorum.Tokens)
	words, good, bad := r.headline()
	title, took := words+": the turnout is not known", ""
	var turnout *big.Rat
	if v.Turnout.Tokens != "" {
		turnout = rational(v.Turnout.Tokens)
		title = fmt.Sprintf("%s: turnout of %s %s, quorum of %s %s",
			words, rounded(turnout), r.symbol(), rounded(quorum), r.symbol())
		took = ": " + percent(turnout, power) + " of the voting power took part"
	}
	if took != "" && (len(v.Turnout.Counts) > 0 || v.Turnout.Winner) {
		took = ": " + percent(turnout, power) + " of the voting power counts"
	}
	c, top := r.begin("turnout", title)
	if good || bad {
		c.mark(margin+7, top+38, good)
	}
	c.label(42, top+44, fit(words+took, 20, true, 628), 20, true, textColor, "start")
	c.foreign(margin, top+69, v.Title, "Proposal "+shortHash(v.ID), 14, c.width-2*margin, mutedColor)

	parts, whole := v.segments()
	if turnout == nil {
		c.label(margin, top+110, "The turnout is not known yet.", 14, false, textColor, "start")
		return r.end(c, c.choices(top+150, parts, nil, r.symbol(), whole)+47)
	}
	drawn := parts
	if whole {
		drawn = []segment{{"Turnout", "", turnout, accentColor}}
	}
	axis := gaugeAxis(power, turnout, quorum)
	c.gauge(top+122, axis, power, drawn, r.symbol())
	c.gaugeLabels(top+122, axis, power, turnout, quorum)
	y := c.choices(top+266, parts, turnout, r.symbol(), whole)
	return r.end(c, y+47)
}

// gaugeAxis is the end of the gauge: all of the voting power, or 50, 20 or 10% of it where 80% of
// that holds turnout and quorum.
func gaugeAxis(power, turnout, quorum *big.Rat) *big.Rat {
	most := turnout
	if quorum.Cmp(most) > 0 {
		most = quorum
	}
	for _, cut := range []int64{10, 20, 50} {
		end := new(big.Rat).Mul(power, big.NewRat(cut, 100))
		if most.Cmp(new(big.Rat).Mul(end, big.NewRat(8, 10))) <= 0 {
			return end
		}
	}
	if power.Cmp(most) > 0 {
		return power
	}
	return most
}

// gauge draws parts of the turnout beside each other.
func (c *canvas) gauge(y float64, axis, power *big.Rat, parts []segment, symbol string) {
	width := c.width - 2*margin
	c.bar(margin, y, width, 46, emptyColor, "circulating voting power that did not vote")
	sum := new(big.Rat)
	for _, part := range parts {
		if part.power == nil {
			continue
		}
		left := margin + width*ratio(sum, axis)
		length := width * ratio(part.power, axis)
		sum.Add(sum, part.power)
		tip := fmt.Sprintf("%s: %s %s", clean(part.name, maxName), rounded(part.power), symbol)
		c.description += tip + ". "
		c.bar(left, y, max(length-1.5, 1), 46, part.fill, tip)
	}
	c.description += fmt.Sprintf("Circulating voting power: %s %s.", rounded(power), symbol)
}

// gaugeLabels draws the lines of quorum and turnout, and the axis.
func (c *canvas) gaugeLabels(y float64, axis, power, turnout, quorum *big.Rat) {
	width := c.width - 2*margin
	at := func(tokens *big.Rat) float64 { return margin + width*min(ratio(tokens, axis), 1) }
	q, t := at(quorum), at(turnout)
	write := apart(millions, turnout, quorum)
	c.line(light, 5, q, y-8, q, y+54)
	c.line(textColor, 2, q, y-12, q, y+54)
	c.label(q, y-18, fmt.Sprintf("Quorum %s · %s", percent(quorum, power), write(quorum)), 13, true, textColor,
		side(q, c.width))
	c.line(textColor, 1.5, t, y+46, t, y+56)
	c.label(t, y+71, fmt.Sprintf("Turnout %s · %s", percent(turnout, power), write(turnout)), 13, true, textColor,
		side(t, c.width))
	c.line(neutralColor, 1, margin, y+92, c.width-margin, y+92)
	for i, anchor := range []string{"start", "middle", "middle", "middle", "end"} {
		x, part := margin+width*float64(i)/4, new(big.Rat).Mul(axis, big.NewRat(int64(i), 4))
		c.line(neutralColor, 1, x, y+92, x, y+97)
		text := percent(part, power)
		if i == 4 {
			text += " of voting power"
		}
		c.label(x, y+111, text, 12, false, mutedColor, anchor)
	}
}

// side is where a label at x has room.
func side(x, width float64) string {
	if x > width/2 {
		return "end"
	}
	return "start"
}

// choices lists the parts with their figures, and returns where the list ends.
func (c *canvas) choices(y float64, parts []segment, turnout *big.Rat, symbol string, whole bool) float64 {
	heading := "of turnout"
	if whole {
		heading = "to turnout"
	}
	c.label(44, y, "Choice", 12, false, mutedColor, "start")
	c.label(566, y, symbol, 12, false, mutedColor, "end")
	c.label(c.width-margin, y, heading, 12, false, mutedColor, "end")
	y += 9
	for _, part := range parts {
		c.line(rowColor, 1, margin, y, c.width-margin, y)
		c.bar(margin, y+9, 14, 14, part.fill, "")
		c.foreign(44, y+21, clean(part.name, maxName), part.alt, 14, 330, textColor)
		if part.power != nil {
			c.label(566, y+21, column(part.power), 14, false, textColor, "end")
		}
		if part.power != nil && turnout != nil {
			c.label(c.width-margin, y+21, percent(part.power, turnout), 14, false, textColor, "end")
		}
		y += 32
	}
	c.line(neutralColor, 1, margin, y, c.width-margin, y)
	c.label(44, y+21, "Turnout", 14, true, textColor, "start")
	if turnout == nil {
		c.label(566, y+21, "not known yet", 14, true, textColor, "end")
		return y
	}
	c.label(566, y+21, column(turnout), 14, true, textColor, "end")
	return y
}
