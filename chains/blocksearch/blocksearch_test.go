package blocksearch_test

import (
	"context"
	"errors"
	"math/bits"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/perpdao/perpquorum/chains/blocksearch"
	"github.com/perpdao/perpquorum/fixtures/modelchain"
)

// trip is what one search took.
type trip struct {
	found           uint64
	rounds, headers int
}

// search looks for the first block at or after target in a chain given by its
// times. It demands that each round asks for blocks that could still be the one.
func search(t testing.TB, target, head uint64, time func(uint64) uint64, h blocksearch.Hints) trip {
	t.Helper()
	var took trip
	first, last := uint64(0), head // the candidates that are left
	fetch := func(_ context.Context, numbers []uint64, _ bool) ([]blocksearch.Moment, error) {
		if len(numbers) == 0 || !slices.IsSorted(numbers) || numbers[0] < first || numbers[len(numbers)-1] >= last {
			t.Fatalf("candidates %d to %d: asked for %d", first, last, numbers)
		}
		var read []blocksearch.Moment
		for _, n := range numbers {
			read = append(read, blocksearch.Moment{Number: n, Time: time(n)})
			if time(n) < target {
				first = max(first, n+1)
			} else {
				last = min(last, n)
			}
		}
		took.rounds++
		took.headers += len(numbers)
		if took.rounds > 1000 {
			t.Fatalf("no end: %d to %d", first, last)
		}
		return read, nil
	}
	var err error
	took.found, err = blocksearch.First(t.Context(), fetch, target,
		blocksearch.Moment{Number: head, Time: time(head)}, h)
	if err != nil {
		t.Fatal(err)
	}
	return took
}

// The hints of the public chains, at the times of their models.
func ethereumHints() blocksearch.Hints {
	merge := momentOf(modelchain.Ethereum(), 15537394)
	return blocksearch.Hints{Moments: []blocksearch.Moment{momentOf(modelchain.Ethereum(), 1), merge}, Fork: merge,
		Step: 12}
}

func optimismHints() blocksearch.Hints {
	bedrock := momentOf(modelchain.Optimism(), 105235063)
	return blocksearch.Hints{Moments: []blocksearch.Moment{momentOf(modelchain.Optimism(), 1), bedrock},
		Fork: bedrock, Step: 2}
}

func momentOf(c *modelchain.Chain, n uint64) blocksearch.Moment {
	return blocksearch.Moment{Number: n, Time: c.Time(n)}
}

// TestModelledChains bounds the search over chains of real length: the
// rounds and headers that 95 % of random times need at most.
func TestModelledChains(t *testing.T) {
	t.Parallel()
	for _, era := range modelledEras() {
		t.Run(era.name, func(t *testing.T) {
			var rounds, headers []int
			for _, at := range era.samples(era.tests) {
				took := search(t, at, era.chain.Head, era.chain.Time, era.hints)
				if n := took.found; era.chain.Time(n) < at || n > 0 && era.chain.Time(n-1) >= at {
					t.Fatalf("time %d: found block %d at %d", at, n, era.chain.Time(n))
				}
				rounds, headers = append(rounds, took.rounds), append(headers, took.headers)
			}
			slices.Sort(rounds)
			slices.Sort(headers)
			p95 := len(rounds) * 95 / 100
			t.Logf("rounds: median %d, 95 %% %d, most %d; headers: median %d, 95 %% %d, most %d",
				rounds[p95*10/19], rounds[p95], rounds[len(rounds)-1],
				headers[p95*10/19], headers[p95], headers[len(headers)-1])
			if rounds[p95] > era.rounds {
				t.Errorf("95 %% of searches take up to %d rounds, want %d", rounds[p95], era.rounds)
			}
			if headers[p95] > era.headers {
				t.Errorf("95 %% of searches read up to %d headers, want %d", headers[p95], era.headers)
			}
		})
	}
}

// modelledEra is a part of a modelled chain, and what 95 % of the searches in it may take.
type modelledEra struct {
	name            string
	chain           *modelchain.Chain
	hints           blocksearch.Hints
	from, to        uint64 // times
	tests           int
	rounds, headers int
}

func modelledEras() []modelledEra {
	eth, op := modelchain.Ethereum(), modelchain.Optimism()
	ethHints, opHints := ethereumHints(), optimismHints()
	ethStart, merge := ethHints.Moments[0].Time, ethHints.Fork.Time
	opStart, bedrock := opHints.Moments[0].Time, opHints.Fork.Time
	return []modelledEra{
		{"ethereum before the merge", eth, ethHints, ethStart, merge, 400, 4, 97},
		{"ethereum after the merge", eth, ethHints, merge + 1, eth.Time(eth.Finalized), 400, 2, 40},
		{"optimism before bedrock", op, opHints, opStart, bedrock, 1000, 4, 97},
		{"optimism after bedrock", op, opHints, bedrock + 1, op.Time(op.Finalized), 400, 1, 2},
	}
}

// samples returns n random times of the era, the same ones each time.
func (e *modelledEra) samples(n int) []uint64 {
	r := rand.New(rand.NewPCG(1, e.from))
	out := make([]uint64, n)
	for i := range out {
		out[i] = e.from + r.Uint64N(e.to-e.from)
	}
	return out
}

// TestStrangeChains finds every kind of place in chains that no hint fits, within
// two rounds for each factor of eight.
func TestStrangeChains(t *testing.T) {
	t.Parallel()
	plateau := func(n uint64) uint64 { // 5000 equal timestamps in the middle, two gaps of hours
		switch {
		case n < 400_000:
			return 1_500_000_000 + n
		case n < 405_000:
			return 1_500_410_000
		}
		return 1_500_020_000 + n
	}
	for _, test := range []struct {
		name         string
		head, target uint64
		time         func(n uint64) uint64
		want         uint64
	}{
		{"plateau", 1_000_000, 1_500_410_000, plateau, 400_000},
		{"gap before the plateau", 1_000_000, 1_500_405_000, plateau, 400_000},
		{"gap after the plateau", 1_000_000, 1_500_410_001, plateau, 405_000},
		{"all at once", 1 << 40, 77, func(n uint64) uint64 { return 77 * min(n, 1) }, 1},
		{"all but the last at once", 1 << 40, 2, func(n uint64) uint64 { return 1 + n>>40 }, 1 << 40},
		{"exponential", 50, 1 << 33, func(n uint64) uint64 { return 1 << n }, 33},
		{"logarithmic", 1 << 50, 41, func(n uint64) uint64 { return uint64(bits.Len64(n)) }, 1 << 40},
		{"one block", 0, 5, func(n uint64) uint64 { return 5 }, 0},
		{"one block, earlier", 0, 0, func(n uint64) uint64 { return 5 }, 0},
		{"two blocks", 1, 1, func(n uint64) uint64 { return 5 * n }, 1},
		{"three blocks", 2, 6, func(n uint64) uint64 { return 5 * n }, 2},
	} {
		for _, h := range []blocksearch.Hints{{}, ethereumHints(), optimismHints()} {
			took := search(t, test.target, test.head, test.time, h)
			if took.found != test.want {
				t.Errorf("%s: found block %d, want %d", test.name, took.found, test.want)
			}
			if most := 2 + 2*(bits.Len64(test.head)+2)/3; took.rounds > most {
				t.Errorf("%s: %d rounds, want at most %d", test.name, took.rounds, most)
			}
		}
	}
}

func TestTimeThatRunsBackwards(t *testing.T) {
	t.Parallel()
	type moments = []blocksearch.Moment
	for _, test := range []struct {
		name   string
		rounds []moments // what each round brings, whatever was asked for
		says   string
	}{
		{"before the target", []moments{{{10, 90}, {20, 80}}}, "block 10 has time 90, but block 20 has time 80"},
		{"after the target", []moments{{{10, 120}, {20, 110}}}, "block 10 has time 120, but block 20 has time 110"},
		{"after the end", []moments{{{999, 201}}}, "block 999 has time 201, but block 1000 has time 200"},
		{"around the target", []moments{{{10, 120}, {20, 90}}}, "block 10 has time 120, but block 20 has time 90"},
		{"across rounds", []moments{{{10, 90}, {500, 150}}, {{11, 80}}},
			"block 10 has time 90, but block 11 has time 80"},
	} {
		fetch := func(context.Context, []uint64, bool) ([]blocksearch.Moment, error) {
			read := test.rounds[0]
			test.rounds = test.rounds[1:]
			return read, nil
		}
		_, err := blocksearch.First(t.Context(), fetch, 100, blocksearch.Moment{Number: 1000, Time: 200},
			blocksearch.Hints{})
		if !errors.Is(err, blocksearch.ErrNotOneChain) || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: found error %v", test.name, err)
		}
	}
}

var errMissing = errors.New("missing")

// aroundHoles searches where some blocks are missing, or only seem to be, which shows when one
// of them must be read.
func aroundHoles(t testing.TB, target, head uint64, time func(uint64) uint64, h blocksearch.Hints,
	missing func(uint64) bool, always bool) (found uint64, rounds int, err error) {
	t.Helper()
	fetch := func(_ context.Context, numbers []uint64, must bool) (read []blocksearch.Moment, err error) {
		if rounds++; rounds > 1000 || len(numbers) == 0 || must && len(numbers) != 1 {
			t.Fatalf("round %d asks for %d", rounds, numbers)
		}
		for _, n := range numbers {
			switch {
			case !missing(n) || must && !always:
				read = append(read, blocksearch.Moment{Number: n, Time: time(n)})
			case must:
				err = errMissing
			}
		}
		return read, err
	}
	found, err = blocksearch.First(t.Context(), fetch, target, blocksearch.Moment{Number: head, Time: time(head)}, h)
	return found, rounds, err
}

// TestMissingBlocks finds blocks on nodes that do not have every header.
func TestMissingBlocks(t *testing.T) {
	t.Parallel()
	eth := modelchain.Ethereum()
	const merge = 15537394
	below := func(floor uint64) func(uint64) bool { return func(n uint64) bool { return n < floor } }
	only := func(hole uint64) func(uint64) bool { return func(n uint64) bool { return n == hole } }
	butGenesis := func(n uint64) bool { return n > 0 && n < 20_000_000 }
	for _, test := range []struct {
		name    string
		missing func(uint64) bool
		block   uint64 // sought by its own time
		hints   blocksearch.Hints
		rounds  int
		err     error
	}{
		{"no block before the merge", below(merge), 17_000_000, ethereumHints(), 3, nil},
		{"no block before the merge, one hour after it", below(merge), merge + 300, ethereumHints(), 3, nil},
		{"no old blocks, nothing known of the chain", below(20_000_000), 21_000_000, blocksearch.Hints{}, 7, nil},
		{"at the floor", below(20_000_000), 20_000_001, blocksearch.Hints{}, 12, nil},
		{"the parent is below the floor", below(20_000_000), 20_000_000, blocksearch.Hints{}, 12, errMissing},
		{"far below the floor", below(20_000_000), 2_000_000, blocksearch.Hints{}, 12, errMissing},
		{"only block 0 is old", butGenesis, 21_000_000, blocksearch.Hints{}, 8, nil},
		{"only block 0 is old, below the floor", butGenesis, 2_000_000, blocksearch.Hints{}, 20, errMissing},
		{"the merge is missing, before it", only(merge), merge - 1000, ethereumHints(), 12, nil},
		{"the merge is missing, after it", only(merge), merge + 1000, ethereumHints(), 3, nil},
		{"the block is missing", only(18_000_000), 18_000_000, ethereumHints(), 10, errMissing},
	} {
		t.Run(test.name, func(t *testing.T) {
			found, rounds, err := aroundHoles(t, eth.Time(test.block), eth.Head, eth.Time, test.hints, test.missing, true)
			if !errors.Is(err, test.err) || err == nil && found != test.block {
				t.Errorf("found block %d and error %v, want block %d and %v", found, err, test.block, test.err)
			}
			if rounds > test.rounds {
				t.Errorf("%d rounds, want at most %d", rounds, test.rounds)
			}
		})
	}
}

// FuzzSearch compares with a linear scan over chains made of steps: each byte of
// steps gives a run of blocks and the seconds before the next one.
func FuzzSearch(f *testing.F) {
	f.Add([]byte{}, uint64(0), uint64(3))
	f.Add([]byte{0}, uint64(0), uint64(1))
	f.Add([]byte{1, 255, 16, 0, 0, 0, 240}, uint64(1438269988), uint64(1438269999))
	f.Add([]byte{15, 15, 15, 15, 241, 2}, uint64(0), uint64(20))
	ethereum := ethereumHints()
	f.Fuzz(func(t *testing.T, steps []byte, start, target uint64) {
		start %= 1 << 40
		times := []uint64{start}
		for _, s := range steps[:min(len(steps), 500)] {
			next := times[len(times)-1] + uint64(s&15)*uint64(s&15)*uint64(s&15)
			for range 1 + int(s>>4)*int(s>>4) {
				times = append(times, next)
			}
		}
		head := uint64(len(times) - 1)
		target = start - min(start, 3) + target%(times[head]-start+4)
		want := slices.IndexFunc(times, func(x uint64) bool { return x >= target })
		if want < 0 {
			return // callers refuse times after the head
		}
		odd := blocksearch.Hints{
			Moments: []blocksearch.Moment{{Number: 1, Time: start + 1}, {Number: head / 2, Time: target}},
			Fork:    blocksearch.Moment{Number: head / 3, Time: start}, Step: 1 + target%7,
		}
		for _, h := range []blocksearch.Hints{{}, odd, ethereum} {
			if took := search(t, target, head, func(n uint64) uint64 { return times[n] },
				h); took.found != uint64(want) {
				t.Errorf("times %d: first at or after %d is block %d, found %d", times, target, want, took.found)
			}
			at := func(n uint64) uint64 { return times[n] }
			hole, floor := target%max(head, 1), target%(head+1)
			single := func(n uint64) bool { return n == hole }
			for name, test := range map[string]struct {
				missing  func(uint64) bool
				always   bool
				possible bool
			}{
				"floor":        {func(n uint64) bool { return n < floor }, true, uint64(max(want, 1)-1) >= floor},
				"one hole":     {single, true, want != int(hole) && want != int(hole)+1},
				"passing hole": {single, false, true},
				"many passing": {func(n uint64) bool { return n%3 != 0 }, false, true},
			} {
				found, _, err := aroundHoles(t, target, head, at, h, test.missing, test.always)
				if test.possible && err != nil || err == nil && found != uint64(want) {
					t.Errorf("%s, times %d: first at or after %d is block %d, found %d (%v)", name, times, target, want, found, err)
				}
			}
		}
	})
}
