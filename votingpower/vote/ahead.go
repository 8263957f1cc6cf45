package vote

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/snapshot/strategy"
)

// readAhead reads the power of voters as they arrive, so that the nodes, which remember it, have
// most of it when the list is complete. It reports no error: the reading of the complete list
// meets it again, if it is one there.
func (plan *readPlan) readAhead(
	ctx context.Context, nodes map[chains.ID]chains.Node, arrived <-chan []string, ahead bool,
) {
	query := plan.power // without voters at first, which finds the blocks
	for more := true; more; query.Voters, more = next(arrived) {
		if ahead {
			_, err := strategy.Collect(ctx, nodes, query)
			ahead = err == nil
		}
	}
}

// next are the voters that arrived since the last reading.
func next(arrived <-chan []string) (voters []string, more bool) {
	voters, more = <-arrived
	for len(arrived) > 0 {
		voters = append(voters, <-arrived...)
	}
	return voters, more
}

// memory is a node that remembers the blocks and the answers of bulk reads, and shows progress.
type memory struct {
	chains.Node
	options Options

	mu      sync.Mutex
	blocks  map[blockKey]chains.Block
	answers map[answerKey]chains.Answer
	faults  int // of endpoints, when the answers were read
}

type blockKey struct{ number, time int64 }

type answerKey struct {
	block common.Hash
	to    common.Address
	data  string
}

// provingMemory also proves what it is asked to prove, and remembers nothing of that.
type provingMemory struct {
	*memory
	prover
}

type prover interface {
	Prove(context.Context, chains.Block, []chains.Call) ([]chains.Answer, chains.Witness, error)
	Blame(endpoint, code string, reason error)
}

// remember gives nodes a memory.
func (o Options) remember(nodes map[chains.ID]chains.Node) map[chains.ID]chains.Node {
	remembering := map[chains.ID]chains.Node{}
	for id, n := range nodes {
		m := &memory{Node: n, options: o, blocks: map[blockKey]chains.Block{}, answers: map[answerKey]chains.Answer{}}
		remembering[id] = m
		if p, proves := n.(chains.Prover); proves {
			remembering[id] = provingMemory{m, p}
		}
	}
	return remembering
}

func (m *memory) BlockAt(ctx context.Context, t time.Time) (chains.Block, error) {
	return m.block(blockKey{time: t.UnixNano()}, func() (chains.Block, error) { return m.Node.BlockAt(ctx, t) })
}

func (m *memory) BlockByNumber(ctx context.Context, n uint64) (chains.Block, error) {
	key := blockKey{number: int64(n), time: -1}
	return m.block(key, func() (chains.Block, error) { return m.Node.BlockByNumber(ctx, n) })
}

func (m *memory) block(key blockKey, read func() (chains.Block, error)) (b chains.Block, err error) {
	m.mu.Lock()
	b, known := m.blocks[key]
	m.mu.Unlock()
	if known {
		return b, nil
	}
	if b, err = read(); err == nil {
		m.mu.Lock()
		m.blocks[key] = b
		m.mu.Unlock()
	}
	return b, err
}

func (m *memory) CallAt(ctx context.Context, b chains.Block, calls []chains.Call) ([]chains.Answer, error) {
	answers, err := m.Node.CallAt(ctx, b, calls)
	m.forget(err)
	return answers, err
}

// BulkCallAt makes the calls that were not made before. After a reorg, and when an endpoint was
// caught, nothing that was read before or meanwhile counts.
func (m *memory) BulkCallAt(ctx context.Context, b chains.Block, calls []chains.Call) ([]chains.Answer, error) {
	answers := make([]chains.Answer, len(calls))
	places, missing, faults := m.recall(b, calls, answers)
	if len(missing) == 0 {
		return answers, nil
	}
	read, err := m.Node.BulkCallAt(ctx, b, missing)
	if m.forget(err); err != nil || len(read) != len(missing) {
		return read, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	calm := len(m.Faults()) == faults
	for i, answer := range read {
		if answers[places[i]] = answer; calm {
			m.answers[keyOf(b, missing[i])] = answer
		}
	}
	return answers, nil
}

// Logs says how far it is, since the events of years may take hundreds of requests.
func (m *memory) Logs(ctx context.Context, b chains.Block, f chains.Filter) ([]types.Log, error) {
	id, _ := m.Chain()
	f.Progress = func(blocks, of uint64) {
		m.options.progress("reading delegations on %v, %s/%s blocks", id, thousands(int(blocks)), thousands(int(of)))
	}
	return m.Node.Logs(ctx, b, f)
}

// forget forgets everything after a reorg.
func (m *memory) forget(err error) {
	if errors.Is(err, chains.ErrReorg) {
		m.mu.Lock()
		defer m.mu.Unlock()
		clear(m.blocks)
		clear(m.answers)
	}
}

// recall fills in the answers that are known, and lists the calls without one and their places. It
// returns how many faults were met so far.
func (m *memory) recall(
	b chains.Block, calls []chains.Call, answers []chains.Answer,
) (places []int, missing []chains.Call, faults int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if n := len(m.Faults()); n != m.faults {
		m.faults = n
		clear(m.answers)
	}
	for i, c := range calls {
		answer, known := m.answers[keyOf(b, c)]
		if !known {
			places, missing = append(places, i), append(missing, c)
		}
		answers[i] = answer
	}
	return places, missing, m.faults
}

func keyOf(b chains.Block, c chains.Call) answerKey { return answerKey{b.Hash, c.To, string(c.Data)} }
