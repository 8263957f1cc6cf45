package tally

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestAddTimes compares with one addition after the other, bit for bit: sums and terms of all sizes, and
// terms of which half a unit in the last place of the sum is left.
func TestAddTimes(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 9))
	size := func() float64 { return rnd.Float64() * math.Pow(10, float64(rnd.IntN(40)-20)) }
	for range 300_000 {
		sum, x, n := size(), size(), rnd.IntN(60)
		switch rnd.IntN(8) {
		case 0:
			x = float64(rnd.IntN(5))
		case 1:
			x = math.Ldexp(sum, -rnd.IntN(56))
		case 2:
			x = math.Ldexp(float64(rnd.IntN(16)), math.Ilogb(sum)-54)
		case 3:
			sum, x = 0, 5e-324*float64(rnd.IntN(3))
		}
		want := sum
		for range n {
			want += x
		}
		if got := addTimes(sum, x, n); got != want {
			t.Fatalf("%d times %v and %v: found %v, want %v", n, x, sum, got, want)
		}
	}
}
