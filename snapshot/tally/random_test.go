package tally_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
)

// randomElection has 1 to 12 choices, 1 to 4 strategies and up to 14 votes;
// most choices are valid ones, the others are odd in every way JSON allows.
func randomElection(rnd *rand.Rand, typ string) oracleElection {
	e := oracleElection{Type: typ, Choices: 1 + rnd.IntN(12), Strategies: 1 + rnd.IntN(4), Votes: []oracleVote{}}
	if rnd.IntN(3) > 0 {
		e.Choices = 1 + rnd.IntN(4)
	}
	odd := []float64{0, 0, 0.2, 0.6}[rnd.IntN(4)]
	scale := rnd.IntN(5) // one kind of power per election makes ties likely
	for range rnd.IntN(15) {
		v := oracleVote{Balance: randomPower(rnd, scale), Scores: make([]float64, e.Strategies)}
		for k := range v.Scores {
			v.Scores[k] = randomPower(rnd, scale)
		}
		if rnd.IntN(2) == 0 { // the usual case: vp is the sum of its parts
			v.Balance = 0
			for _, part := range v.Scores {
				v.Balance += part
			}
		}
		v.Choice = json.RawMessage(randomChoice(rnd, typ, e.Choices, odd))
		e.Votes = append(e.Votes, v)
	}
	return e
}

func randomPower(rnd *rand.Rand, scale int) float64 {
	if rnd.IntN(8) == 0 {
		return 0
	}
	switch scale {
	case 0:
		return 1
	case 1:
		return float64(rnd.IntN(5))
	case 2:
		return float64(rnd.IntN(10)) / 10
	case 3:
		return rnd.Float64() * math.Pow(10, float64(rnd.IntN(12)))
	}
	return []float64{5e-324, 1e-18, 1e-12, 0.1, 1e15, 1e21, math.MaxInt64}[rnd.IntN(7)]
}

func randomChoice(rnd *rand.Rand, typ string, n int, odd float64) string {
	if rnd.Float64() < odd {
		if rnd.IntN(4) == 0 {
			return randomJSON(rnd, n, 3)
		}
		return oddChoice(rnd, typ, n)
	}
	switch typ {
	case "single-choice", "basic":
		return strconv.Itoa(1 + rnd.IntN(n))
	case "approval":
		return list(permutation(rnd, n)[:rnd.IntN(n+1)])
	case "weighted", "quadratic":
		return object(rnd, permutation(rnd, n)[:1+rnd.IntN(n)], weight)
	}
	return list(permutation(rnd, n))
}

// oddChoice has the shape of a choice, with odd marks in it.
func oddChoice(rnd *rand.Rand, typ string, n int) string {
	var marks []string
	for _, i := range permutation(rnd, n) {
		switch rnd.IntN(12) {
		case 0, 1:
			marks = append(marks, oddMark(rnd, n))
		case 2:
			marks = append(marks, spelled(rnd, i))
		default:
			marks = append(marks, i)
		}
	}
	switch typ {
	case "single-choice", "basic":
		return oddMark(rnd, n)
	case "weighted", "quadratic":
		return object(rnd, marks, oddWeight)
	case "approval":
		marks = marks[:rnd.IntN(n+1)]
	default:
		if rnd.IntN(3) == 0 {
			marks = marks[:rnd.IntN(n+1)]
		}
	}
	return list(marks)
}

// spelled writes the number i in a way that JavaScript reads as i.
func spelled(rnd *rand.Rand, i string) string {
	forms := []string{`"%s"`, `"0%s"`, `" %s"`, `"%s.0"`, `"%se0"`, `[%s]`, `["%s"]`, `[["%s "]]`, `%s.0`, `%se0`,
		`"+%s"`, `"\ufeff%s\n"`, `"%s."`}
	if i == "1" {
		forms = append(forms, `%[1]s0e-1`, `"0x%s"`, `"0b%s"`, `"0O%s"`)
		if rnd.IntN(6) == 0 {
			return "true"
		}
	}
	return fmt.Sprintf(forms[rnd.IntN(len(forms))], i)
}

func oddMark(rnd *rand.Rand, n int) string {
	i := 1 + rnd.IntN(n)
	marks := []string{
		"0", "-1", "-0", "1.5", "1e400", "-1e400", "1e21", "1e-7", "9007199254740993", "null", "false",
		`""`, `" "`, `"x"`, `"Infinity"`, `"inf"`, `"1_0"`, `"0x"`, `"0x1p0"`, `"--1"`, `"\u00851"`, `"1n"`,
		"[]", "{}", "[1,2]", "[null]", "[true]", "[[]]", `{"1":1}`,
		strconv.Itoa(n + 1), strconv.Itoa(i), spelled(rnd, strconv.Itoa(i)),
		"1.0000000000000002", "1.00000000000000001",
	}
	return marks[rnd.IntN(len(marks))]
}

func weight(rnd *rand.Rand) string {
	return []string{"1", "0", "2", "3", "0.1", "100", strconv.FormatFloat(rnd.Float64()*100, 'g', -1, 64)}[rnd.IntN(7)]
}

func oddWeight(rnd *rand.Rand) string {
	if rnd.IntN(6) > 0 {
		return weight(rnd)
	}
	return []string{"1e308", "1e400", "5e-324", "-0", "0", "-1", `"1"`, "true", "null", "1e15", "[1]"}[rnd.IntN(11)]
}

func list(marks []string) string { return "[" + strings.Join(marks, ",") + "]" }

// object takes marks as keys, now and then one of them twice.
func object(rnd *rand.Rand, marks []string, weight func(*rand.Rand) string) string {
	var members []string
	for _, m := range marks {
		if !strings.HasPrefix(m, `"`) {
			m = strconv.Quote(strings.ReplaceAll(m, `"`, ""))
		}
		members = append(members, m+":"+weight(rnd))
		if rnd.IntN(40) == 0 {
			members = append(members, m+":"+weight(rnd))
		}
	}
	return "{" + strings.Join(members, ",") + "}"
}

func permutation(rnd *rand.Rand, n int) []string {
	var marks []string
	for _, i := range rnd.Perm(n) {
		marks = append(marks, strconv.Itoa(i+1))
	}
	return marks
}

// randomJSON is any JSON value. It has no object with a key that JavaScript
// calls when it converts to text.
func randomJSON(rnd *rand.Rand, n, depth int) string {
	kind := rnd.IntN(5)
	if depth == 0 || kind < 3 {
		return oddMark(rnd, n)
	}
	var items []string
	for range rnd.IntN(4) {
		items = append(items, randomJSON(rnd, n, depth-1))
	}
	if kind == 3 {
		return list(items)
	}
	return object(rnd, items, func(rnd *rand.Rand) string { return randomJSON(rnd, n, depth-1) })
}
