package vote

import (
	"context"
	"testing"

	"github.com/perpdao/perpquorum/chains"
)

// caughtMeanwhile is a node whose endpoint is caught while it is asked for the first time, as another read
// notices.
type caughtMeanwhile struct {
	chains.Node
	asked  int
	faults []chains.Fault
	other  func()
}

func (n *caughtMeanwhile) Faults() []chains.Fault { return n.faults }

func (n *caughtMeanwhile) BulkCallAt(_ context.Context, _ chains.Block, calls []chains.Call) ([]chains.Answer, error) {
	if n.asked++; n.asked == 1 {
		n.faults = []chains.Fault{{Endpoint: "rpc.example#0a1b2", Code: chains.WrongState}}
		n.other()
	}
	return make([]chains.Answer, len(calls)), nil
}

// What an endpoint answered that was caught meanwhile is asked again: whoever doubts it would be given
// the same answer for ever.
func TestMemoryOfReadsSideBySide(t *testing.T) {
	n := &caughtMeanwhile{}
	m := Options{}.remember(map[chains.ID]chains.Node{chains.Ethereum: n})[chains.Ethereum]
	read := func(data byte) {
		if _, err := m.BulkCallAt(t.Context(), chains.Block{}, []chains.Call{{Data: []byte{data}}}); err != nil {
			t.Error(err)
		}
	}
	n.other = func() { read(2) }
	read(1)
	read(1)
	read(1)
	if n.asked != 3 {
		t.Errorf("asked %d times, want once for the other read and twice for this one", n.asked)
	}
}
