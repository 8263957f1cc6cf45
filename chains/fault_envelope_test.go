package chains_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/fixtures/faultrpc"
)

// The shape of a reply: rows 1 to 11.
func TestMatrixEnvelope(t *testing.T) {
	t.Parallel()
	rows := []row{{name: "row 1: no fault"}}
	for seed := range uint64(100) {
		random := rand.New(rand.NewPCG(seed, 2))
		rows = append(rows, row{name: fmt.Sprintf("row 2: batch shuffled, seed %d", seed),
			set: always(faultrpc.Shuffle(random.Shuffle)), paths: []path{batch}})
	}
	rows = append(rows,
		row{name: "row 2: batch reversed", set: always(faultrpc.Reverse())},
		row{name: "row 3: one id missing once",
			set: with(&faultrpc.Rule{BatchOver: 1, Nth: 2, Fault: faultrpc.Drop(1)})},
		row{name: "row 3: the second id missing in each batch",
			set: with(&faultrpc.Rule{BatchOver: 1, Fault: faultrpc.Drop(1)})},
		row{name: "row 3: an id missing in each reply", set: always(faultrpc.Drop(0)), want: chains.ErrProtocol},
		row{name: "row 4: duplicate id, same value, once",
			set: with(&faultrpc.Rule{Nth: 2, Fault: faultrpc.Repeat("")})},
		row{name: "row 4: duplicate id, same value",
			set: with(&faultrpc.Rule{BatchOver: 1, Fault: faultrpc.Repeat("")})},
		row{name: "row 4: duplicate id, same value, in each reply", set: always(faultrpc.Repeat("")),
			want: chains.ErrProtocol},
		row{name: "row 4: duplicate id, another value",
			set: with(&faultrpc.Rule{Method: "eth_call", Fault: faultrpc.Repeat(`"0x07"`)}), want: chains.ErrProtocol},
		row{name: "row 7: an element with an unknown id",
			set: always(faultrpc.Insert(`{"jsonrpc":"2.0","id":987654321,"result":"0x7"}`)), want: chains.ErrProtocol},
		row{name: "row 7: an element with an unknown id, once",
			set: with(&faultrpc.Rule{Nth: 3,
				Fault: faultrpc.Insert(`{"jsonrpc":"2.0","id":987654321,"result":"0x7"}`)})},
		row{name: "row 8: a null element", set: always(faultrpc.Insert(`null`)), want: chains.ErrProtocol},
		row{name: "row 8: a null element, once", set: with(&faultrpc.Rule{Nth: 3, Fault: faultrpc.Insert(`null`)})},
		row{name: "row 9: batch answered by one rate limit", paths: []path{batch, bulk},
			set: with(&faultrpc.Rule{BatchOver: 1, Until: 3,
				Fault: faultrpc.Whole(`{"jsonrpc":"2.0","id":null,"error":{"code":429,"message":"too many ` +
					`requests"}}`)})},
		row{name: "row 9: batch answered by one complaint about size",
			set: with(&faultrpc.Rule{BatchOver: 4,
				Fault: faultrpc.Whole(`{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"batch too ` +
					`large"}}`)})},
		row{name: "row 10: batch answered by one success",
			set: with(&faultrpc.Rule{BatchOver: 1,
				Fault: faultrpc.WholeID(`{"jsonrpc":"2.0","id":$id,"result":"0x1"}`)})},
		row{name: "row 10: everything answered by one success without id",
			set: always(faultrpc.Whole(`{"jsonrpc":"2.0","id":null,"result":"0x1"}`)), want: chains.ErrProtocol},
	)
	for _, id := range []string{`null`, ``, `"1"`, `1.5`, `1e0`, `[1]`, `987654321`} {
		rows = append(rows,
			row{name: "row 6: id is " + id, set: always(faultrpc.ID(id)), want: chains.ErrProtocol},
			row{name: "row 6: id of state reads is " + id,
				set: with(&faultrpc.Rule{Method: "eth_call", Fault: faultrpc.ID(id)}), want: chains.ErrProtocol},
			row{name: "row 6: id once " + id,
				set: with(&faultrpc.Rule{Method: "eth_call", Nth: 2, Fault: faultrpc.ID(id)})})
	}
	for _, body := range []string{`[]`, `null`, `""`, `{}`, `7`, `[[]]`} {
		rows = append(rows,
			row{name: "row 11: batch answered by " + body,
				set: with(&faultrpc.Rule{BatchOver: 1, Fault: faultrpc.Whole(body)})},
			row{name: "row 11: everything answered by " + body, set: always(faultrpc.Whole(body)),
				want: chains.ErrProtocol})
	}
	matrix(t, rows)
}

// Row 5: two results of a batch changed places, and the request ids are what they should be.
// What reads figures shows in itself which request it answers.
func TestMatrixSwappedResults(t *testing.T) {
	t.Parallel()
	for _, p := range everyPath {
		t.Run(fmt.Sprintf("row 5: ids swapped between two items (%s)", p), func(t *testing.T) {
			s := faultrpc.NewServer(faultrpc.Public(1, 300))
			s.Clock = faultrpc.NewClock()
			s.Rules = []*faultrpc.Rule{{Method: "eth_call", Has: faultrpc.Token.Hex()[2:], BatchOver: 1,
				Fault: faultrpc.Swap("eth_call")}}
			a := newAttempt(t, 1, s)
			a.path = p
			if err := a.read(t); p == single && err != nil || p == batch && !errors.Is(err, chains.ErrProtocol) {
				t.Errorf("found %v", err)
			}
		})
	}
}

func wantDisagreement(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		t.Fatal("found figures, want ErrDisagree")
	}
	wantText(t, err, chains.ErrDisagree.Error())
}
