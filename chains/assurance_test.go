package chains_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/perpdao/perpquorum/chains"
)

// proving is a node whose endpoints answer each call with one byte, until they are blamed.
type proving struct {
	chains.Node
	answers []byte // of the endpoints "0", "1" and so on
	faults  []chains.Fault
	prove   func(context.Context) ([]chains.Answer, error)
}

func (n *proving) Chain() (chains.ID, bool) { return chains.Ethereum, true }

func (n *proving) CallAt(_ context.Context, _ chains.Block, calls []chains.Call) ([]chains.Answer, error) {
	i := len(n.faults)
	if i == len(n.answers) {
		return nil, errors.New("no endpoint is left")
	}
	answers := make([]chains.Answer, len(calls))
	for k := range answers {
		answers[k] = chains.Answer{Data: []byte{n.answers[i]}, From: []string{string(rune('0' + i))}, Level: chains.Bound}
	}
	return answers, nil
}

func (n *proving) BulkCallAt(ctx context.Context, b chains.Block, calls []chains.Call) ([]chains.Answer, error) {
	return n.CallAt(ctx, b, calls)
}

func (n *proving) Faults() []chains.Fault { return n.faults }

func (n *proving) Blame(endpoint, code string, _ error) {
	f := chains.Fault{Endpoint: endpoint, Code: code}
	if !slices.Contains(n.faults, f) {
		n.faults = append(n.faults, f)
	}
}

func (n *proving) Prove(
	ctx context.Context, _ chains.Block, _ []chains.Call,
) ([]chains.Answer, chains.Witness, error) {
	answers, err := n.prove(ctx)
	return answers, chains.Witness{{1}}, err
}

// Of two calls the first is proven to give 1, and the second is not provable, or one of them is
// proven to fail.
func TestRead(t *testing.T) {
	one := chains.Answer{Data: []byte{1}, From: []string{"prover"}, Level: chains.Proven}
	fails := chains.Answer{Level: chains.Proven}
	tests := map[string]struct {
		answers []byte
		proven  []chains.Answer
		want    string // the data and the endpoint of each answer
		faults  int
	}{
		"the same":                   {[]byte{1}, []chains.Answer{one, one}, "1 of 0, 1 of 0", 0},
		"not provable":               {[]byte{1}, []chains.Answer{one, {}}, "1 of 0, 1 of 0", 0},
		"another answer":             {[]byte{2}, []chains.Answer{one, one}, "1 of prover, 1 of prover", 1},
		"another, and not provable":  {[]byte{2, 1}, []chains.Answer{one, {}}, "1 of 1, 1 of 1", 1},
		"two others":                 {[]byte{2, 3, 1}, []chains.Answer{one, {}}, "1 of 2, 1 of 2", 2},
		"another, and no endpoint":   {[]byte{2}, []chains.Answer{one, {}}, "no endpoint is left", 1},
		"an answer for none":         {[]byte{2}, []chains.Answer{fails, {}}, "no endpoint is left", 1},
		"an answer for none, backup": {[]byte{2, 3}, []chains.Answer{fails, one}, "no endpoint is left", 2},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			n := &proving{answers: tt.answers, prove: func(context.Context) ([]chains.Answer, error) { return tt.proven, nil }}
			answers, a, err := chains.Read(t.Context(), n, chains.Block{}, make([]chains.Call, 2))
			var got []string
			for _, answer := range answers {
				got = append(got, string(rune('0'+answer.Data[0]))+" of "+strings.Join(answer.From, "+"))
			}
			if err != nil {
				got = []string{err.Error()}
			}
			if text := strings.Join(got, ", "); text != tt.want || len(n.faults) != tt.faults {
				t.Errorf("found %s and the faults %v, want %s and %d", text, n.faults, tt.want, tt.faults)
			}
			if err == nil && (a.Witness == nil || len(a.Faults) != tt.faults || a.Check() != nil) {
				t.Errorf("found the assurance %+v: %v", a, a.Check())
			}
		})
	}
}

// A node that works on proofs for ever does not keep a report from its figures.
func TestReadWithoutPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &proving{answers: []byte{1}, prove: func(ctx context.Context) ([]chains.Answer, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}}
		for within, read := range map[string]func(
			context.Context, chains.Node, chains.Block, []chains.Call,
		) ([]chains.Answer, chains.Assurance, error){"within 45s": chains.Read, "within 5m0s": chains.BulkRead} {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
			defer cancel()
			answers, a, err := read(ctx, n, chains.Block{}, make([]chains.Call, 1))
			if err != nil || len(answers) != 1 || a.Level != chains.Bound || !strings.Contains(a.Unproven, within) {
				t.Errorf("found %v, %+v and error %v, want %q", answers, a, err, within)
			}
		}
	})
}
