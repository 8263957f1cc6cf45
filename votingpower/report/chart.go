package report

import (
	"errors"
	"fmt"
	"io"
	"math/big"
	"strings"

	"github.com/perpdao/perpquorum/votingpower"
	"github.com/perpdao/perpquorum/votingpower/vote"
)

// Chart is a picture of a report.
type Chart string

// The charts.
const (
	TurnoutChart   Chart = "turnout"   // the votes against the quorum
	WaterfallChart Chart = "waterfall" // how the circulating voting power comes about
)

// Charts lists all charts.
func Charts() []Chart { return []Chart{TurnoutChart, WaterfallChart} }

// ErrNoVote says that a report has no vote, of which a turnout could be drawn.
var ErrNoVote = errors.New("the report has no vote, and so no turnout")

// RenderChart writes a chart as SVG or PNG, in one Write. "" is the turnout where there is a
// vote, and else the waterfall. Marks that take away a figure's weight and the bundle's hash
// stand inside the picture.
func (r *Report) RenderChart(w io.Writer, format Format, chart Chart) error {
	if chart == "" && r.document.Vote != nil {
		chart = TurnoutChart
	}
	var c *canvas
	switch {
	case chart == TurnoutChart && r.document.Vote == nil:
		return ErrNoVote
	case chart == TurnoutChart:
		c = r.drawTurnout()
	default:
		c = r.drawWaterfall()
	}
	if format == PNG {
		return c.writePNG(w)
	}
	return c.writeSVG(w)
}

// The colors of charts.
const (
	textColor    = "#15191c"
	mutedColor   = "#56616a"
	rowColor     = "#dde2e6"
	emptyColor   = "#edf0f2"
	accentColor  = "#1f5c99"
	plusColor    = "#5b93c9"
	neutralColor = "#87919a"
	goodColor    = "#1b6e3c"
	badColor     = "#b42318"
	warnGround   = "#fff1cc"
	warnInk      = "#5c3b00"
	warnLine     = "#d99a00"
	light        = "#ffffff"
)

// choiceColors are those of the first five choices.
var choiceColors = []string{accentColor, plusColor, "#0e2f52", "#4179b5", "#2a4a6b"}

// choiceColor is that of the choice with an index.
func (v *Vote) choiceColor(i int) string {
	if v.Type == "basic" && i == 2 { // Abstain
		return neutralColor
	}
	return choiceColors[min(i, len(choiceColors)-1)]
}

// chartWidth is that of a forum's column, and margin what is left free at both sides, in pixels.
const chartWidth, margin = 690.0, 20.0

// begin starts a chart with its marks and its heading, and returns where the rest begins.
func (r *Report) begin(id, title string) (c *canvas, top float64) { return begin(id, title, r.marks()) }

func begin(id, title, marks string) (c *canvas, top float64) {
	c = &canvas{id: id, title: title, width: chartWidth}
	if text := strings.ToUpper(marks); text != "" {
		c.title, top = text+". "+title, 30
		c.bar(0, 0, c.width, 30, warnGround, "")
		c.bar(0, 0, 6, 30, warnLine, "")
		c.label(margin, 20, fit(text, 13, true, c.width-2*margin), 13, true, warnInk, "start")
	}
	return c, top
}

// end closes a chart with a line about where it comes from.
func (r *Report) end(c *canvas, y float64) *canvas {
	of, hash := "bundle", r.document.Bundle
	if hash == "" {
		of, hash = "evidence", r.document.Evidence
	}
	c.description = fmt.Sprintf("%s SHA-256 of the %s: %s.", strings.TrimSpace(c.description), of, hash)
	c.line(rowColor, 1, margin, y, c.width-margin, y)
	c.label(margin, y+19, "as of "+r.document.At.UTC, 12, false, mutedColor, "start")
	c.label(c.width-margin, y+19, of+" "+shortHash(hash), 12, false, mutedColor, "end")
	c.height = y + 35
	return c
}

// mark draws a tick or a cross around a point.
func (c *canvas) mark(x, y float64, good bool) {
	if good {
		c.line(goodColor, 2.2, x-5, y, x-1.5, y+4, x+5.5, y-4.5)
		return
	}
	c.line(badColor, 2.2, x-4.5, y-4.5, x+4.5, y+4.5)
	c.line(badColor, 2.2, x-4.5, y+4.5, x+4.5, y-4.5)
}

// rational reads a number of the document, which wrote it itself; "" is 0.
func rational(number string) *big.Rat {
	r, ok := new(big.Rat).SetString(number)
	if !ok {
		return new(big.Rat)
	}
	return r
}

// ratio is how long a bar of part is where one of whole is 1, as a float64 for drawing alone.
func ratio(part, whole *big.Rat) float64 {
	if whole.Sign() == 0 {
		return 0
	}
	length, _ := new(big.Rat).Quo(part, whole).Float64()
	return length
}

// percent writes a part of a whole with one decimal.
func percent(part, whole *big.Rat) string {
	if whole.Sign() == 0 {
		return "–"
	}
	share := new(big.Rat).Quo(part, whole)
	return strings.TrimSuffix(grouped(share.Mul(share, big.NewRat(100, 1)).FloatString(1)), ".0") + "%"
}

// millions writes an amount for the eye: two decimals of a million, or three decimals.
func millions(tokens *big.Rat) string {
	if million := big.NewRat(1e6, 1); tokens.Cmp(million) >= 0 {
		return grouped(new(big.Rat).Quo(tokens, million).FloatString(2)) + " M"
	}
	return rounded(tokens)
}

// column writes an amount so that points stand below each other, unless nothing would be left of it.
func column(tokens *big.Rat) string {
	text := tokens.FloatString(3)
	if tokens.Sign() != 0 && strings.Trim(text, "-0.") == "" {
		text = votingpower.Decimal(tokens)
	}
	return grouped(text)
}

// shortHash is the beginning and the end of a hash or an address.
func shortHash(hash string) string {
	if len(hash) < 20 {
		return hash
	}
	return hash[:8] + "…" + hash[len(hash)-6:]
}

// headline says the verdict of a vote in a few words, and whether that is good, bad or neither.
func (r *Report) headline() (words string, good, bad bool) {
	switch r.document.Verdict {
	case vote.Reached:
		return "Quorum reached", true, false
	case vote.NotReached:
		return "Quorum not reached", false, true
	case vote.NotFinal:
		return "Not final yet", false, false
	case vote.NotEstablished:
		return "Quorum not established", false, false
	}
	return "Figures disagree: no verdict to rely on", false, true
}

func (r *Report) symbol() string { return unit(r.document.Model.Symbol) }

// unit is a token's symbol, in quotes where it could pass for something else.
func unit(symbol string) string {
	if plainSymbol.MatchString(symbol) {
		return symbol
	}
	return fmt.Sprintf("%.40s", quoted(symbol, 12))
}
