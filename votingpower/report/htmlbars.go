package report

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/perpdao/perpquorum/votingpower"
)

// The bars of a page are as long as a part of its width, in percent, so that they fit every screen.

// classes are the style classes of the colors of charts.
var classes = map[string]string{
	choiceColors[0]: "c1", choiceColors[1]: "c2", choiceColors[2]: "c3", choiceColors[3]: "c4", choiceColors[4]: "c5",
	neutralColor: "neutral", hatched: "hatch",
}

// along writes where part is on a bar of whole, in percent from 0 to 100.
func along(part, whole *big.Rat) string { return lengthOf(min(max(ratio(part, whole), 0), 1)) }

func lengthOf(x float64) string {
	return strings.TrimSuffix(strings.TrimRight(strconv.FormatFloat(x*100, 'f', 3, 64), "0"), ".")
}

// span is a part of a bar.
type span struct{ Class, Start, Length, End string }

func spanOf(fill string, from, to, whole *big.Rat) span {
	if from.Cmp(to) > 0 {
		from, to = to, from
	}
	start, end := min(max(ratio(from, whole), 0), 1), min(max(ratio(to, whole), 0), 1)
	return span{classes[fill], lengthOf(start), lengthOf(end - start), lengthOf(end)}
}

// turnoutGauge is the turnout as a part of the circulating voting power, with the quorum.
type turnoutGauge struct {
	Cut, Text       string
	Parts           []span
	Quorum, Turnout gaugeMark
	Ticks           []gaugeMark
}

type gaugeMark struct{ At, Anchor, Share, More string }

// gauge is nil where the turnout is not known.
func (r *Report) gauge() *turnoutGauge {
	v, power, quorum := r.document.Vote, rational(r.document.VotingPower.Tokens), rational(r.document.Quorum.Tokens)
	if v.Turnout.Tokens == "" {
		return nil
	}
	turnout := rational(v.Turnout.Tokens)
	axis, g := gaugeAxis(power, turnout, quorum), turnoutGauge{}
	if axis.Cmp(power) < 0 {
		g.Cut = percent(axis, power)
	}
	parts, whole := v.segments()
	if whole {
		parts = []segment{{"Turnout", "", turnout, accentColor}}
	}
	at := new(big.Rat)
	for _, part := range parts {
		if part.power == nil {
			continue
		}
		end := new(big.Rat).Add(at, part.power)
		g.Parts = append(g.Parts, spanOf(part.fill, at, end, axis))
		g.Text += fmt.Sprintf("%s: %s. ", clean(part.name, maxName), rounded(part.power))
		at = end
	}
	g.Text += fmt.Sprintf("Turnout: %s. Quorum: %s. Circulating voting power: %s %s.",
		r.shown(v.Turnout.Tokens), r.shown(r.document.Quorum.Tokens), rounded(power), r.symbol())
	mark := func(amount *big.Rat) gaugeMark {
		m := gaugeMark{along(amount, axis), side(ratio(amount, axis), 1), percent(amount, power), " · " + millions(amount)}
		if turnout.Cmp(quorum) != 0 && millions(turnout) == millions(quorum) {
			m.Share, m.More = "", "" // no verdict is read off a rounded figure
		}
		return m
	}
	g.Quorum, g.Turnout = mark(quorum), mark(turnout)
	for i, anchor := range []string{"start", "middle", "middle", "middle", "end"} {
		part := new(big.Rat).Mul(axis, big.NewRat(int64(i), 4))
		g.Ticks = append(g.Ticks, gaugeMark{At: along(part, axis), Anchor: anchor, Share: percent(part, power)})
	}
	return &g
}

// listed are the first rows of a list, and how many more it has.
type listed[T any] struct {
	Rows []T
	More int
}

// The most rows of a list on a page, so that its size has a bound.
const (
	mostChoices = 100
	mostVoters  = 50
)

type choiceBar struct {
	choiceRow
	span
}

// choiceBars are the choices, with bars that show their part of the turnout, or else compare their scores.
func (r *Report) choiceBars() listed[choiceBar] {
	v, rows := r.document.Vote, r.choices()
	longest := new(big.Rat)
	for _, row := range rows {
		if score := rational(row.Hub); score.Cmp(longest) > 0 {
			longest = score
		}
	}
	if _, whole := v.segments(); !whole && v.Turnout.Tokens != "" {
		longest = rational(v.Turnout.Tokens)
	}
	list := listed[choiceBar]{More: max(len(rows)-mostChoices, 0)}
	for i, row := range rows[:len(rows)-list.More] {
		fill := v.choiceColor(i)
		if row.Invalid {
			fill = hatched
		}
		list.Rows = append(list.Rows, choiceBar{row, spanOf(fill, new(big.Rat), rational(row.Hub), longest)})
	}
	return list
}

type sumBar struct {
	step
	span
	Rounded, Pad string // Pad puts the points of exact figures below each other
}

// sumBars are the steps to the quorum.
func (r *Report) sumBars() []sumBar {
	steps := r.document.steps()
	bars, most, decimals := make([]sumBar, len(steps)), longest(steps), 0
	for i, s := range steps {
		bars[i] = sumBar{s, spanOf(s.fill, s.from, s.to, most), column(s.amount), ""}
		_, fraction, _ := strings.Cut(s.Exact(), ".")
		decimals = max(decimals, len(fraction))
	}
	for i := range bars {
		whole, fraction, _ := strings.Cut(bars[i].Exact(), ".")
		if bars[i].Pad = strings.Repeat("0", decimals-len(fraction)); fraction == "" && decimals > 0 {
			bars[i].Pad = "." + bars[i].Pad
		}
		if strings.Contains(whole, "/") {
			bars[i].Pad = ""
		}
	}
	return bars
}

// voterRow is a vote. Hub and Recomputed are power in tokens; "" where it was not recomputed.
type voterRow struct {
	Address, Choice, Hub, Recomputed, Signature string
	Differs                                     bool
}

// largestVoters are those whose power does not agree, and then those with the most power on the hub.
func (r *Report) largestVoters() listed[voterRow] {
	o, cast := r.outcome, r.outcome.Evidence.Votes
	order, differs := make([]int, len(cast)), make([]int, len(cast))
	for i := range cast {
		if order[i] = i; o.Audit.Differing > 0 && o.Voter(i).Differs {
			differs[i] = 1
		}
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(differs[b]-differs[a], cmp.Compare(cast[b].VP, cast[a].VP))
	})
	list := listed[voterRow]{More: max(len(order)-mostVoters, 0)}
	for _, i := range order[:len(order)-list.More] {
		voter := o.Voter(i)
		row := voterRow{Address: cast[i].Voter, Hub: double(cast[i].VP), Signature: string(voter.Signature),
			Differs: voter.Differs, Choice: chosen(cast[i].Choice, o.Evidence.Proposal.Choices)}
		if o.Tally != nil && !o.Tally.Valid[i] {
			row.Choice = "invalid: " + quoted(string(cast[i].Choice), maxName)
		}
		if voter.Total != nil {
			row.Recomputed = votingpower.Decimal(voter.Total)
		}
		list.Rows = append(list.Rows, row)
	}
	return list
}

// chosen names what a vote is for, for a reader: a choice, several, or several with weights.
func chosen(choice json.RawMessage, names []string) string {
	name := func(i int) string {
		if i < 1 || i > len(names) {
			return strconv.Itoa(i)
		}
		return names[i-1]
	}
	var one int
	var several []int
	var weights map[int]json.Number
	var parts []string
	switch {
	case json.Unmarshal(choice, &one) == nil:
		parts = append(parts, name(one))
	case json.Unmarshal(choice, &several) == nil:
		for _, i := range several {
			parts = append(parts, name(i))
		}
	case json.Unmarshal(choice, &weights) == nil:
		for _, i := range slices.Sorted(maps.Keys(weights)) {
			parts = append(parts, name(i)+" × "+weights[i].String())
		}
	default:
		parts = append(parts, string(choice))
	}
	return clean(strings.Join(parts, ", "), maxName)
}
