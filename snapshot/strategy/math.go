package strategy

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strings"
)

// operation combines one, two or three operand scores.
type operation struct {
	operands int
	apply    func(x []Score) (Score, error)
}

// computed is the math strategy. All operands run where it runs.
type computed struct {
	group // the operands
	apply func(x []Score) (Score, error)
}

// operations lists the operations by name. "a-if-x-b" reads: operand 2 where
// operand 1 is x than operand 3, else operand 1. Comparisons are made on doubles,
// because Snapshot's are.
func operations() map[string]operation {
	choose := func(holds func(x, b float64) bool) operation {
		return operation{3, func(x []Score) (Score, error) {
			if holds(x[0].Value, x[2].Value) {
				return x[1], nil
			}
			return x[0], nil
		}}
	}
	return map[string]operation{
		"square-root": {1, func(x []Score) (Score, error) { return Score{Value: math.Sqrt(x[0].Value)}, nil }},
		"cube-root":   {1, func(x []Score) (Score, error) { return Score{Value: math.Cbrt(x[0].Value)}, nil }},
		"min":         {2, func(x []Score) (Score, error) { return pick(x[0], x[1], x[0].Value <= x[1].Value), nil }},
		"max":         {2, func(x []Score) (Score, error) { return pick(x[0], x[1], x[0].Value >= x[1].Value), nil }},
		"multiply":    {2, func(x []Score) (Score, error) { return x[0].times(x[1]), nil }},
		"minus":       {2, minus},
		"divide":      {2, divide},
		"a-if-lt-b":   choose(func(x, b float64) bool { return x < b }),
		"a-if-lte-b":  choose(func(x, b float64) bool { return x <= b }),
		"a-if-gt-b":   choose(func(x, b float64) bool { return x > b }),
		"a-if-gte-b":  choose(func(x, b float64) bool { return x >= b }),
	}
}

func pick(a, b Score, first bool) Score {
	if first || math.IsNaN(a.Value) { // not a number is neither less nor more, and comes out
		return a
	}
	return b
}

// minus never goes below 0.
func minus(x []Score) (Score, error) {
	if !(x[0].Value > x[1].Value) { // in this form, because a comparison with not-a-number is false
		return zero(), nil
	}
	out := Score{Value: x[0].Value - x[1].Value}
	if x[0].Exact != nil && x[1].Exact != nil {
		out.Exact = bounded(new(big.Rat).Sub(x[0].Exact, x[1].Exact))
	}
	return out, nil
}

func divide(x []Score) (Score, error) {
	if x[1].Value == 0 {
		return Score{}, errors.New("math: division by zero, which fails on Snapshot for every voter")
	}
	out := Score{Value: x[0].Value / x[1].Value}
	if x[0].Exact != nil && x[1].Exact != nil && x[1].Exact.Sign() != 0 {
		out.Exact = bounded(new(big.Rat).Quo(x[0].Exact, x[1].Exact))
	}
	return out, nil
}

// operand is one operand in the parameters.
type operand struct {
	Type     string          `json:"type"`
	Strategy nested          `json:"strategy"`
	Value    json.RawMessage `json:"value"`
}

func parseMath(params json.RawMessage, at site) (scorer, error) {
	var p struct {
		Operation string    `json:"operation"`
		Operands  []operand `json:"operands"`
		Strategy  *nested   `json:"strategy"` // the older form: one operand
	}
	if err := decode(params, &p); err != nil {
		return nil, err
	}
	if p.Strategy != nil {
		if p.Operands != nil {
			return nil, errors.New("params: strategy and operands exclude each other")
		}
		p.Operands = []operand{{Type: "strategy", Strategy: *p.Strategy}}
	}
	op, ok := operations()[p.Operation]
	if !ok {
		return nil, fmt.Errorf("operation %s is not known", clip([]byte(p.Operation)))
	}
	if len(p.Operands) != op.operands {
		return nil, fmt.Errorf("operation %s: found %d operands, want %d", p.Operation, len(p.Operands), op.operands)
	}
	c := computed{apply: op.apply}
	for i, o := range p.Operands {
		if err := o.check(p.Operation, i); err != nil {
			return nil, fmt.Errorf("operands[%d]: %w", i, err)
		}
		inner, err := parseOperand(o, at)
		if err != nil {
			return nil, fmt.Errorf("operands[%d]: %w", i, err)
		}
		c.group = append(c.group, inner)
	}
	return c, nil
}

// check refuses constants that JavaScript does not turn into a number where they stand: a
// division by null is infinite, and what a comparison chooses is the score as it is written.
func (o operand) check(operation string, i int) error {
	chosen := strings.HasPrefix(operation, "a-if-") && i < 2
	if o.Type == "constant" && (operation == "divide" && i == 1 && absent(o.Value) ||
		chosen && len(o.Value) > 0 && strings.ContainsRune(`"{`, rune(o.Value[0]))) {
		return fmt.Errorf("found the constant %s, want a number", clip(o.Value))
	}
	return nil
}

func parseOperand(o operand, at site) (scorer, error) {
	switch o.Type {
	case "constant":
		value, err := factor(o.Value, "value")
		return constant{value}, err
	case "strategy":
		// The score service would look up another network's multicall contract
		// and call it on this network: not a cross-chain read, and not one to repeat.
		if id, err := network(o.Strategy.network(), at.Place); err != nil || id != at.Chain {
			return nil, errors.New("it names another network than the strategy's own, which math does not read")
		}
		return parse(o.Strategy.spec(), at.inside())
	}
	return nil, fmt.Errorf("type %s is not known", clip([]byte(o.Type)))
}

func (c computed) basis() (sources []Source, plain bool) {
	sources, _ = c.group.basis()
	return sources, false
}

func (c computed) score(v voter, in *inputs) (Score, error) {
	x := make([]Score, len(c.group))
	for i, o := range c.group {
		var err error
		if x[i], err = o.score(v, in); err != nil {
			return Score{}, err
		}
		if x[i].missing && i == 0 {
			return x[0], nil
		}
		if x[i].missing {
			x[i] = notANumber()
		}
	}
	return c.apply(x)
}
