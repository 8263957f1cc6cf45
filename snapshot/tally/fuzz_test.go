package tally_test

import (
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/perpdao/perpquorum/snapshot/tally"
)

// FuzzRecount feeds any bytes as a choice to every voting type: no panic, no
// result that is not a number, and the validity that the rules, written down
// once more for plain JSON, ask for.
func FuzzRecount(f *testing.F) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for _, typ := range votingTypes {
		for range 20 {
			n := 1 + rnd.IntN(4)
			f.Add(randomChoice(rnd, typ, n, 0.7), uint8(n), 1.5)
		}
	}
	f.Add(`{"1":1e400,"2":1}`, uint8(2), 1e308)
	f.Add(`[true,2,3]`, uint8(3), 0.0)
	f.Add(`"0x04ab"`, uint8(3), math.NaN())
	f.Fuzz(func(t *testing.T, choice string, n uint8, vp float64) {
		for _, typ := range votingTypes {
			p, votes := poll(typ, int(n%13), cast{choice, vp}, cast{firstChoice(typ, int(n%13)), 2})
			counted, err := tally.Recount(p, votes)
			if err != nil {
				if !errors.Is(err, tally.ErrUncountable) {
					t.Errorf("%s: %v", typ, err)
				}
				continue
			}
			if want, plain := plainlyValid(typ, choice, int(n%13)); plain && counted.Valid[0] != want {
				t.Errorf("%s of %d: %s is valid: %t, want %t", typ, n%13, choice, counted.Valid[0], want)
			}
			if _, err := json.Marshal(counted); err != nil {
				t.Errorf("%s: %v", typ, err)
			}
			compare(t, p, counted)
			if c := compare(t, published(p, counted), counted); c.Verdict == tally.Disagrees {
				t.Errorf("%s: %q with itself: %s", typ, c.Verdict, toJSON(counted))
			}
		}
	})
}

// firstChoice is a valid choice of n.
func firstChoice(typ string, n int) string {
	return randomChoice(rand.New(rand.NewPCG(3, 4)), typ, max(n, 1), 0)
}

// plainlyValid decides validity for choices without JavaScript's coercions:
// plain is false where an array holds anything but numbers, or an object has a
// key that is no plain decimal.
func plainlyValid(typ, choice string, n int) (valid, plain bool) {
	var v any
	if err := json.Unmarshal([]byte(choice), &v); err != nil {
		return false, false // beyond a double's range, which is no fault in JavaScript
	}
	isChoice := func(f float64) bool {
		for i := 1; i <= n; i++ {
			if f == float64(i) {
				return true
			}
		}
		return false
	}
	switch typ {
	case "single-choice", "basic":
		f, number := v.(float64)
		return number && isChoice(f), true
	case "weighted", "quadratic":
		return plainlyWeighted(v, n)
	}
	marks, array := v.([]any)
	if !array {
		return false, true
	}
	ranked := map[float64]bool{}
	for _, mark := range marks {
		f, number := mark.(float64)
		if !number {
			return false, false
		}
		if !isChoice(f) || ranked[f] {
			return false, true
		}
		ranked[f] = true
	}
	return typ == "approval" || len(marks) == n && n > 0, true
}

func plainlyWeighted(v any, n int) (valid, plain bool) {
	object, ok := v.(map[string]any)
	if !ok {
		return false, true
	}
	for key, weight := range object {
		if len(key) != 1 || key[0] < '0' || key[0] > '9' {
			return false, false
		}
		f, number := weight.(float64)
		if key == "0" || int(key[0]-'0') > n || !number || f < 0 {
			return false, true
		}
		valid = valid || f > 0
	}
	return valid, true
}
