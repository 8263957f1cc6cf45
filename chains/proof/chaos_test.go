package proof_test

import (
	"encoding/json"
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/perpdao/perpquorum/chains"
)

// mutate changes one random place of a JSON value.
func mutate(rng *rand.Rand, v any) any {
	switch v := v.(type) {
	case map[string]any:
		if key := anyOf(rng, slices.Sorted(maps.Keys(v))...); rng.IntN(20) > 0 {
			v[key] = mutate(rng, v[key])
		} else {
			delete(v, key)
		}
		return v
	case []any:
		if len(v) == 0 {
			return []any{"0x80"}
		}
		i, j := rng.IntN(len(v)), rng.IntN(len(v))
		switch rng.IntN(8) {
		case 0:
			return slices.Delete(v, i, i+1)
		case 1:
			return append(v, v[i])
		case 2:
			v[i], v[j] = v[j], v[i]
			return v
		}
		v[i] = mutate(rng, v[i])
		return v
	case string:
		if i := rng.IntN(len(v) + 1); rng.IntN(3) > 0 && i < len(v) {
			return v[:i] + anyOf(rng, strings.Split("0123456789abcdefxyz", "")...) + v[i+1:]
		} else if rng.IntN(2) > 0 {
			return v[:i]
		}
		return anyOf(rng, "", "0x", "0x0", "0x80", "0xc0", "latest")
	}
	return anyOf[any](rng, nil, "0x", 1e300, []any{}, map[string]any{})
}

// Whatever an endpoint makes of its replies, the proven figures are right, or there are none.
func TestChaos(t *testing.T) {
	want := honest(t)
	rng := rand.New(rand.NewPCG(5, 6))
	proven := 0
	for range times(t, 40) {
		often := 1 + rng.IntN(8)
		n, b, calls := snapshot(t, &between{answer: func(req request, resp *response) {
			asked := req.Method == "eth_getProof" || req.Method == "eth_getCode"
			var v any
			if !asked || rng.IntN(often) > 0 || json.Unmarshal(resp.Result, &v) != nil {
				return
			}
			resp.Result, _ = json.Marshal(mutate(rng, v))
		}})
		answers, w, err := n.Prove(t.Context(), b, calls)
		if err != nil {
			if !errors.Is(err, chains.ErrNoProofs) {
				t.Errorf("found error %v, want %v", err, chains.ErrNoProofs)
			}
			continue
		}
		proven++
		for i, a := range answers {
			if string(a.Data) != string(want[i].Data) {
				t.Errorf("%s: proven %v, want 0x%x; witness of %d", calls[i].Signature, a.Data, want[i].Data, len(w))
			}
		}
	}
	t.Logf("%d runs were proven", proven)
	if proven == 0 {
		t.Error("no run was proven, so that none could be wrong")
	}
}
