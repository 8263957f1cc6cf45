package report

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/perpdao/perpquorum/votingpower/vote"
)

// mostDrawn is how many votes a chart of a history has at most: the newest.
const mostDrawn = 60

// historyChart is a chart of a history while it is drawn.
type historyChart struct {
	*canvas
	votes       []HistoryVote // oldest first
	most        *big.Rat      // the end of the axis
	left, right float64       // of the axis
	top, base   float64       // of the bars
}

// draw draws each vote's turnout as a bar, and the quorums as a line over them. What is not known is
// not drawn, and a turnout that nothing establishes is hatched.
func (h *History) draw() *canvas {
	drawn := slices.Clone(h.Votes[:min(len(h.Votes), mostDrawn)])
	slices.Reverse(drawn)
	count := map[vote.Verdict]int{}
	for _, v := range drawn {
		count[v.Verdict]++
	}
	title, settled := "Turnout and quorum of "+votes(len(drawn)), count[vote.Reached]+count[vote.NotReached]
	if settled > 0 {
		title = fmt.Sprintf("%d of %s reached the quorum", count[vote.Reached], votes(settled))
	}
	if open := len(drawn) - settled; settled > 0 && open > 0 {
		title += fmt.Sprintf("; %d more not settled", open)
	}
	c, top := begin("history", clean(h.Space, maxName)+": "+title, strings.Join(h.marks(), " · "))
	c.label(margin, top+44, fit(title, 20, true, 650), 20, true, textColor, "start")
	text := fmt.Sprintf("Turnout in %s, in %s, and the quorum at each snapshot", quoted(h.Space, 40), unit(h.Symbol))
	c.label(margin, top+69, fit(text, 14, false, 650), 14, false, mutedColor, "start")
	chart := historyChart{c, drawn, nil, 76, 566, top + 110, top + 316}
	chart.axis()
	for i := range drawn {
		chart.bar(i)
	}
	for _, stroke := range []struct {
		color string
		width float64
	}{{light, 4}, {textColor, 2}} {
		chart.quorums(stroke.color, stroke.width)
	}
	origin := "turnout as the hub says it"
	if h.Checked {
		origin = "each judged at its own snapshot"
	}
	if len(h.Votes) > len(drawn) {
		origin = fmt.Sprintf("the newest %d of %d; ", len(drawn), len(h.Votes)) + origin
	}
	chart.legend(h.Checked, origin)
	return c
}

// axis draws lines at round amounts, at most five above zero.
func (c *historyChart) axis() {
	most := new(big.Rat)
	for _, v := range c.votes {
		for _, amount := range []*big.Rat{known(v.Quorum), known(v.Turnout)} {
			if amount != nil && amount.Cmp(most) > 0 {
				most = amount
			}
		}
	}
	step := big.NewRat(1, 1000)
	for i := 0; new(big.Rat).Mul(step, big.NewRat(5, 1)).Cmp(most) < 0; i++ {
		step = new(big.Rat).Mul(step, []*big.Rat{big.NewRat(2, 1), big.NewRat(5, 2), big.NewRat(2, 1)}[i%3])
	}
	c.most = new(big.Rat)
	for n := int64(0); n == 0 || c.most.Cmp(most) < 0; n++ {
		c.most = new(big.Rat).Mul(step, big.NewRat(n+1, 1))
	}
	for at := new(big.Rat); at.Cmp(c.most) <= 0; at = new(big.Rat).Add(at, step) {
		y := c.y(at)
		c.line(rowColor, 1, c.left, y, c.right, y)
		c.label(c.left-8, y+4, strings.Replace(millions(at), ".00 M", " M", 1), 12, false, mutedColor, "end")
	}
}

// known reads an amount of a row; nil where it is not known.
func known(amount string) *big.Rat {
	if amount == "" {
		return nil
	}
	return rational(amount)
}

func (c *historyChart) y(amount *big.Rat) float64 {
	return c.base - (c.base-c.top)*ratio(amount, c.most)
}

// x is where the slot of a vote begins.
func (c *historyChart) x(i int) float64 {
	return c.left + (c.right-c.left)*float64(i)/float64(max(len(c.votes), 1))
}

func (c *historyChart) bar(i int) {
	v, slot := c.votes[i], c.x(i+1)-c.x(i)
	middle, width := c.x(i)+slot/2, min(slot*.58, 34)
	fill := map[vote.Verdict]string{"": plusColor, vote.Reached: accentColor, vote.NotReached: neutralColor}[v.Verdict]
	if fill == "" {
		fill = hatched
	}
	tip := fmt.Sprintf("%s, %s: turnout %s, quorum %s, %s", v.name(), day(v.End), short(v.Turnout), short(v.Quorum),
		v.word())
	if margin := v.margin(); margin != "" {
		tip += ", margin " + margin
	}
	c.description += tip + ". "
	if turnout := known(v.Turnout); turnout != nil {
		c.canvas.bar(middle-width/2, c.y(turnout), width, c.base-c.y(turnout), fill, tip)
	} else {
		c.label(middle, c.base-6, "?", 13, true, mutedColor, "middle")
	}
	switch v.Verdict {
	case vote.Reached, vote.NotReached:
		c.mark(middle, c.base+18, v.Verdict == vote.Reached)
	case vote.Disagrees:
		c.label(middle, c.base+23, "!", 15, true, badColor, "middle")
	}
	if every := (len(c.votes) + 9) / 10; (len(c.votes)-1-i)%every == 0 && v.End.Unix != 0 {
		end := time.Unix(v.End.Unix, 0).UTC()
		c.label(middle, c.base+42, end.Format("2 Jan"), 12, false, textColor, "middle")
		c.label(middle, c.base+58, end.Format("2006"), 12, false, mutedColor, "middle")
	}
}

// quorums draws the quorum of each vote across its slot, and joins those of neighbors.
func (c *historyChart) quorums(stroke string, width float64) {
	var last *big.Rat
	for i, v := range c.votes {
		quorum := known(v.Quorum)
		if quorum != nil && last != nil {
			c.line(stroke, width, c.x(i), c.y(last), c.x(i), c.y(quorum))
		}
		if quorum != nil {
			c.line(stroke, width, c.x(i), c.y(quorum), c.x(i+1), c.y(quorum))
		}
		last = quorum
	}
	if last != nil && stroke == textColor {
		c.label(c.right+8, c.y(last)-2, "Quorum", 13, true, textColor, "start")
		c.label(c.right+8, c.y(last)+14, millions(last), 12, false, mutedColor, "start")
	}
}

func (c *historyChart) legend(checked bool, origin string) {
	y := c.base + 81
	c.line(rowColor, 1, margin, y, c.width-margin, y)
	if checked {
		c.mark(26, y+15, true)
		c.label(38, y+19, "reached", 12, false, mutedColor, "start")
		c.mark(106, y+15, false)
		c.label(118, y+19, "missed", 12, false, mutedColor, "start")
		c.label(180, y+19, "! disagrees", 12, false, mutedColor, "start")
		c.canvas.bar(266, y+9, 12, 12, hatched, "")
		c.label(284, y+19, "not settled", 12, false, mutedColor, "start")
	}
	c.label(c.width-margin, y+19, origin, 12, false, mutedColor, "end")
	c.height = y + 35
}
