package jsonrpc

import (
	"regexp"
	"strconv"
	"sync"
)

// commonSizes holds the batch sizes that providers are known to allow: paid plans
// and geth 1000, Erigon 100, public endpoints 10, free tiers 3, and no batches at all.
var commonSizes = []int{1000, 100, 10, 3, 1}

const (
	defaultBatch = 100
	// parallel is how many batches are under way at once, after one of that size was
	// answered.
	parallel = 4
)

// batchSize learns how many calls an endpoint takes in one batch.
type batchSize struct {
	mu     sync.Mutex
	limit  int
	proven int // the largest batch that was answered
}

func newBatchSize(most int) *batchSize {
	if most <= 0 {
		most = defaultBatch
	}
	return &batchSize{limit: most}
}

// next returns how many calls a batch may hold, and how many batches may be under
// way at once. Until a size is proven that is one batch, so an endpoint that refuses
// the size does so only once.
func (b *batchSize) next(open int) (size, width int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.proven >= min(b.limit, open) {
		return b.limit, parallel
	}
	return b.limit, 1
}

// worked notes that a batch of n calls was answered.
func (b *batchSize) worked(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.proven = max(b.proven, n)
}

// namedLimit finds the size that a refusal names: "batch limit 100 exceeded",
// "Batch of more than 3 requests are not allowed".
var namedLimit = regexp.MustCompile(`(?i)(?:batch limit|batch of more than|max batch size(?: is| of)?:?) (\d{1,6})\b`)

// shrink notes that a batch of n calls was refused with the given words.
func (b *batchSize) shrink(n int, words string) {
	to := 1
	for _, step := range commonSizes {
		if step < n {
			to = step
			break
		}
	}
	if m := namedLimit.FindStringSubmatch(words); m != nil {
		if named, err := strconv.Atoi(m[1]); err == nil && named >= 1 && named < n {
			to = named
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.limit = min(b.limit, to)
	b.proven = min(b.proven, b.limit)
}
