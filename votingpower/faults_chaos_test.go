package votingpower_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/fixtures/faultrpc"
	"github.com/perpdao/perpquorum/fixtures/testenv"
	"github.com/perpdao/perpquorum/votingpower"
)

// TestChaos is row 73 of the matrix of faults: each reply is faulty with a
// probability of one in five, the fault drawn from all that one endpoint cannot
// hide. Then the voting power is right or there is none. CHAOS_SEEDS sets the
// number of runs; without it there are 50.
func TestChaos(t *testing.T) {
	seeds := testenv.Runs(t, 50)
	public := publicChains()
	local := map[chains.ID]*faultrpc.Chain{chains.Ethereum: faultrpc.Development(1, 300, 12, 12, 24),
		chains.Optimism: faultrpc.Development(10, 300, 0, 0, 15, 2)}
	faults := faultrpc.Detectable()
	right, happened, drawn := 0, 0, map[string]int{}
	for seed := range uint64(seeds) {
		t.Run("row 73: seed "+strconv.FormatUint(seed, 10), func(t *testing.T) {
			r := &run{servers: map[chains.ID][]*faultrpc.Server{}, when: pinnedTo(oldBlock, oldOptimism),
				clock: faultrpc.NewClock()}
			from, endpoints := public, 1+int(seed%2)
			if seed%4 >= 2 { // by time, on development chains
				from, r.dialer.AllowDev = local, true
				r.when = votingpower.When{At: time.Unix(1_700_000_000+int64(seed*13%1200), 0)}
			}
			if seed%3 == 2 {
				r.dialer.MaxBatch = []int{1, 3, 10}[seed%9/3]
			}
			for id, c := range from {
				for k := range endpoints {
					s := faultrpc.NewServer(c)
					s.Clock = r.clock
					s.Chaos = &faultrpc.Chaos{Prob: 0.2, Seed: seed*100 + uint64(id)*10 + uint64(k), Faults: faults}
					r.servers[id] = append(r.servers[id], s)
				}
			}
			if _, err := r.do(t); err == nil {
				right++
			} else {
				t.Log(err)
			}
			for _, servers := range r.servers {
				for _, s := range servers {
					for name, n := range s.Chaos.Drawn() {
						drawn[name] += n
						happened += n
					}
				}
			}
		})
	}
	t.Logf("%d of %d runs were right, through %d faults of %d kinds", right, seeds, happened, len(drawn))
	if right < seeds/4 || happened < seeds {
		t.Errorf("%d of %d runs were right, through %d faults: the test shows little", right, seeds, happened)
	}
}
