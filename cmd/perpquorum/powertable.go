package main

import (
	"cmp"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/snapshot/strategy"
	"github.com/perpdao/perpquorum/votingpower"
)

// powerTable is the product of the command power. Its JSON keys are part of the
// program's interface. Figures are voting power as decimal strings.
type powerTable struct {
	Format string `json:"format"` // powerFormat
	// Of says whose strategies these are.
	Of         string          `json:"strategies_of"`
	Strategies []powerStrategy `json:"strategies"`
	Blocks     []blockRow      `json:"blocks"`
	Rows       []powerRow      `json:"voters"`
}

const powerFormat = "perpquorum-power/1"

type powerStrategy struct {
	Name string `json:"name"`
	// Unverifiable says why it cannot be recomputed from the chains; "" if it is.
	Unverifiable string `json:"unverifiable,omitempty"`
	// Doubt says why its figures may be off; "" if nothing is known that could make them so.
	Doubt string `json:"doubt,omitempty"`
}

// powerRow is one voter at one choice of blocks.
type powerRow struct {
	Voter  string   `json:"voter"`
	Blocks string   `json:"at,omitempty"`   // which of several blocks with one timestamp
	Scores []string `json:"by_strategy"`    // "" where unverifiable
	Total  string   `json:"total"`          // of what could be recomputed
	Whole  bool     `json:"total_is_whole"` // no strategy was unverifiable
}

func newPowerTable(of string, e *strategy.Evidence) (*powerTable, error) {
	result, err := strategy.Compute(e)
	if err != nil {
		return nil, err
	}
	t := &powerTable{
		Format: powerFormat, Of: of, Strategies: []powerStrategy{}, Rows: []powerRow{}, Blocks: powerBlocks(e),
	}
	whole := true
	for k, s := range result.Query.Strategies {
		t.Strategies = append(t.Strategies, powerStrategy{s.Name, result.Unverifiable[k], result.Doubts[k]})
		whole = whole && result.Unverifiable[k] == ""
	}
	for i, voter := range result.Query.Voters {
		for _, power := range result.Powers {
			row := powerRow{Voter: voter, Blocks: power.Blocks, Whole: whole, Scores: []string{}}
			var counted []strategy.Score
			for k, score := range power.Scores[i] {
				if result.Unverifiable[k] != "" {
					row.Scores = append(row.Scores, "")
					continue
				}
				counted = append(counted, score)
				row.Scores = append(row.Scores, scoreText(score.Value, score.Exact))
			}
			row.Total = scoreText(strategy.Total(counted))
			t.Rows = append(t.Rows, row)
		}
	}
	return t, nil
}

func powerBlocks(e *strategy.Evidence) (blocks []blockRow) {
	for place, reading := range e.Places {
		for _, s := range reading.Sampled {
			row := newBlockRow(place.Chain, s.Block, reading.Development)
			if row.Level = s.Level; s.Level == "" && s.Witness != nil { // no answer rests on anything else
				row.Level = chains.Proven
			}
			blocks = append(blocks, row)
		}
	}
	slices.SortFunc(blocks, func(a, b blockRow) int {
		return cmp.Or(cmp.Compare(a.Chain, b.Chain), cmp.Compare(a.Number, b.Number))
	})
	return slices.Compact(blocks)
}

// scoreText is the exact figure, or else the double that Snapshot computes.
func scoreText(value float64, exact *big.Rat) string {
	if exact == nil {
		return strconv.FormatFloat(value, 'f', -1, 64)
	}
	return votingpower.Decimal(exact)
}

// cells is the table of text, and of csv without the marks, with its heading.
func (t *powerTable) cells() [][]string {
	heading := []string{"voter"}
	if len(t.Rows) > 0 && t.Rows[0].Blocks != "" {
		heading = append(heading, "at")
	}
	for k, s := range t.Strategies {
		heading = append(heading, fmt.Sprintf("%d %s", k+1, printable(s.Name)))
	}
	if len(t.Rows) > 0 && !t.Rows[0].Whole {
		heading = append(heading, "total without unverifiable")
	} else {
		heading = append(heading, "total")
	}
	table := [][]string{heading}
	for _, r := range t.Rows {
		row := []string{r.Voter}
		if r.Blocks != "" {
			row = append(row, r.Blocks)
		}
		for _, score := range r.Scores {
			row = append(row, cmp.Or(score, "unverifiable"))
		}
		table = append(table, append(row, r.Total))
	}
	return table
}

// marked is the table of csv: each line has the blocks and their marks, as it may be read alone.
func (t *powerTable) marked() [][]string {
	var blocks []string
	for _, b := range t.Blocks {
		blocks = append(blocks, fmt.Sprintf("%s block %d%s", b.Chain, b.Number, b.marks(", ")))
	}
	table := t.cells()
	table[0] = append(table[0], "marks")
	for i := range t.Rows {
		table[i+1] = append(table[i+1], strings.Join(blocks, " · "))
	}
	return table
}

// text lists the figures of each voter below each other: side by side they need wide screens.
func (t *powerTable) text() string {
	var out strings.Builder
	fmt.Fprintf(&out, "Strategies of %s:\n", printable(t.Of))
	for k, s := range t.Strategies {
		line := fmt.Sprintf("%d %s", k+1, quote(printable(s.Name)))
		if s.Unverifiable != "" {
			line += ": unverifiable here: " + printable(s.Unverifiable)
		} else if s.Doubt != "" {
			line += ": " + s.Doubt
		}
		fmt.Fprintln(&out, line)
	}
	fmt.Fprintln(&out)
	for _, b := range t.Blocks {
		fmt.Fprintf(&out, "%s block %d, %s%s\n", b.Chain, b.Number, b.Time.UTC, b.marks(", "))
	}
	cells := t.cells()
	for _, row := range cells[1:] {
		fmt.Fprintf(&out, "\n%s\n", row[0])
		for k, cell := range row[1:] {
			fmt.Fprintf(&out, "    %-32s %s\n", cells[0][k+1], cell)
		}
	}
	return out.String()
}
