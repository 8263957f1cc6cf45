package chains

import (
	"cmp"
	"errors"
	"slices"
	"strings"
)

// Level says what speaks for the answers of a chain.
type Level string

const (
	// Trusted: the endpoints' word. It is the least, and so is "".
	Trusted Level = "trusted"
	// Bound: the state that each endpoint answered from had what this block wrote, and not
	// yet what the next one writes first, in the same run of the EVM as each answer. This rules
	// out accidents, not lies.
	Bound Level = "bound"
	// Proven: Merkle proofs lead from the block's state root to the answers. Only the
	// block's hash remains to be trusted.
	Proven Level = "proven"
)

// Reaches reports whether l is at least least.
func (l Level) Reaches(least Level) bool { return l.rank() >= least.rank() }

func (l Level) rank() int { return slices.Index([]Level{Bound, Proven}, l) }

// Codes of faults.
const (
	// WrongState: it answered with the state of another block.
	WrongState = "wrong-state"
	// WrongProof: its proofs do not lead from the state root to what was asked for.
	WrongProof = "wrong-proof"
	// IncompleteState: it proves a part of the block's state and lacks another.
	IncompleteState = "incomplete-state"
	// DiffersFromProof: its answer is not what the proofs show.
	DiffersFromProof = "differs-from-proof"
)

// Fault is an endpoint that was caught with an answer that the block contradicts, and
// is not used any more.
type Fault struct {
	Endpoint string `json:"endpoint"` // label
	Code     string `json:"code"`
	Detail   string `json:"detail,omitempty"`
}

// Faults returns the faults that c met so far, in the order of their endpoints, each once.
func (c *Client) Faults() []Fault {
	var all []Fault
	for _, n := range c.pool.nodes {
		n.health.mu.Lock()
		all = append(all, n.health.faults...)
		n.health.mu.Unlock()
	}
	slices.SortFunc(all, compareFaults)
	return slices.Compact(all)
}

func compareFaults(x, y Fault) int {
	return cmp.Or(strings.Compare(x.Endpoint, y.Endpoint), strings.Compare(x.Code, y.Code),
		strings.Compare(x.Detail, y.Detail))
}

// Blame records a fault of the endpoint with the given label. The client does not use it
// any more: reads that no other endpoint can answer fail with the reason.
func (c *Client) Blame(endpoint, code string, reason error) {
	for _, n := range c.pool.nodes {
		if n.endpoint.Label() == endpoint {
			n.blame(code, reason)
		}
	}
}

func (n *node) blame(code string, reason error) {
	n.health.mu.Lock()
	defer n.health.mu.Unlock()
	label := n.endpoint.Label()
	detail := strings.TrimLeft(strings.TrimPrefix(reason.Error(), label), ": ")
	if e, ok := errors.AsType[*EndpointError](reason); ok {
		detail = e.Detail
	}
	n.health.faults = append(n.health.faults, Fault{Endpoint: label, Code: code, Detail: cut(detail)})
	n.health.dropped = reason
}
