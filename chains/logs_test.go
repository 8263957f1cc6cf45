//go:build !nogeth

package chains_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/fixtures/testchain"
)

// logServer answers eth_getLogs, and has the rest answered by a chain.
type logServer struct {
	events []uint64 // the block of each
	limit  uint64   // blocks of a request
	refuse string   // the error of a request for more
	change func(event map[string]any)

	mu    sync.Mutex
	spans []uint64 // of the requests
}

func (s *logServer) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	if !strings.Contains(string(body), "eth_getLogs") {
		r.Body = io.NopCloser(bytes.NewReader(body))
		return http.DefaultTransport.RoundTrip(r)
	}
	type request struct {
		ID     json.RawMessage
		Params []struct{ FromBlock, ToBlock hexutil.Uint64 }
	}
	var batch []request
	single := json.Unmarshal(body, &batch) != nil
	if single {
		batch = make([]request, 1)
		err = json.Unmarshal(body, &batch[0])
	}
	var replies []string
	for _, q := range batch {
		replies = append(replies, `{"jsonrpc":"2.0","id":`+string(q.ID)+","+
			s.answer(uint64(q.Params[0].FromBlock), uint64(q.Params[0].ToBlock))+"}")
	}
	text := strings.Join(replies, ",")
	if !single {
		text = "[" + text + "]"
	}
	return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(text)), Request: r}, err
}

func (s *logServer) answer(from, to uint64) string {
	s.mu.Lock()
	s.spans = append(s.spans, to-from+1)
	s.mu.Unlock()
	if s.refuse != "" && to-from+1 > s.limit {
		return `"error":{"code":-32005,"message":"` + s.refuse + `"}`
	}
	list := []map[string]any{}
	for i, block := range s.events {
		if block < from || block > to {
			continue
		}
		event := map[string]any{"address": logContract, "topics": []common.Hash{{1}}, "data": "0x", "removed": false,
			"blockNumber": hexutil.Uint64(block), "logIndex": hexutil.Uint64(i), "transactionHash": common.Hash{2},
			"blockHash": common.BigToHash(hexutil.MustDecodeBig(hexutil.EncodeUint64(block + 1))), "transactionIndex": "0x0"}
		if s.change != nil {
			s.change(event)
		}
		list = append(list, event)
	}
	text, _ := json.Marshal(list) // of strings and lists alone
	return `"result":` + string(text)
}

var logContract = common.HexToAddress("0x469788fE6E9E9681C6ebF3bF78e7Fd26Fc015446")

func TestLogs(t *testing.T) {
	t.Parallel()
	times := make([]uint64, 2100)
	for i := range times {
		times[i] = 1700000000 + 12*uint64(i)
	}
	chain := testchain.New(t, testchain.Options{Times: times})
	all := []uint64{1, 1, 700, 1999, 2000, 2001}
	read := func(t *testing.T, s *logServer, first uint64) ([]uint64, error) {
		c, err := chains.Dialer{AllowDev: true, Transport: s}.Dial(t.Context(), 1, chain.URL)
		if err != nil {
			t.Fatal(err)
		}
		b, err := c.BlockByNumber(t.Context(), 2000)
		if err != nil {
			t.Fatal(err)
		}
		var done []uint64
		logs, err := c.Logs(t.Context(), b, chains.Filter{Contract: logContract, First: first,
			Topics: [][]common.Hash{{{1}}}, Progress: func(n, of uint64) {
				if done = append(done, n); of != 2001-first {
					t.Errorf("progress of %d blocks, want %d", of, 2001-first)
				}
			}})
		if err == nil && first <= 2000 && (!slices.IsSorted(done) || done[len(done)-1] != 2001-first) {
			t.Errorf("progress %v, want %d at the end", done, 2001-first)
		}
		var blocks []uint64
		for _, l := range logs {
			blocks = append(blocks, l.BlockNumber)
		}
		return blocks, err
	}
	for _, test := range []struct {
		name         string
		first, limit uint64
		refuse       string
		want         []uint64
		err          error
	}{
		{"all in one request", 0, 0, "", []uint64{1, 1, 700, 1999, 2000}, nil},
		{"from a block on", 700, 0, "", []uint64{700, 1999, 2000}, nil},
		{"from behind the block on", 2001, 0, "", nil, nil},
		{"halved", 0, 1000, "query returned more than 10000 results", []uint64{1, 1, 700, 1999, 2000}, nil},
		{"halved twice", 0, 510, "eth_getLogs is limited to a 510 block range", []uint64{1, 1, 700, 1999, 2000}, nil},
		{"one at a time", 1990, 1, "block range is too wide", []uint64{1999, 2000}, nil},
		{"no block at once", 1990, 0, "block range is too wide", nil, chains.ErrTooLarge},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := &logServer{events: all, limit: test.limit, refuse: test.refuse}
			blocks, err := read(t, s, test.first)
			if !slices.Equal(blocks, test.want) || !errors.Is(err, test.err) {
				t.Errorf("found %v, %v after %v; want %v, %v", blocks, err, s.spans, test.want, test.err)
			}
		})
	}
	for name, change := range map[string]func(event map[string]any){
		"another contract": func(e map[string]any) { e["address"] = common.Address{9} },
		"another event":    func(e map[string]any) { e["topics"] = []common.Hash{{3}} },
		"no topic":         func(e map[string]any) { e["topics"] = []common.Hash{} },
		"removed":          func(e map[string]any) { e["removed"] = true },
		"beyond the range": func(e map[string]any) { e["blockNumber"] = "0x7d1" },
		"one block":        func(e map[string]any) { e["blockNumber"], e["logIndex"] = "0x5", "0x1" },
		"no number":        func(e map[string]any) { e["blockNumber"] = "five" },
	} {
		t.Run(name, func(t *testing.T) {
			if blocks, err := read(t, &logServer{events: all, change: change}, 0); !errors.Is(err, chains.ErrProtocol) {
				t.Errorf("found %v, %v", blocks, err)
			}
		})
	}
}

// TestLogsAgree: endpoints that must agree have the same events.
func TestLogsAgree(t *testing.T) {
	t.Parallel()
	o := testchain.Options{Times: []uint64{1, 2, 3, 4}}
	s, n := &logServer{events: []uint64{1, 2}}, 0
	s.change = func(e map[string]any) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if n++; n == 4 { // the last event of the endpoint that is asked second
			e["topics"] = []common.Hash{{1}, {2}}
		}
	}
	c, err := chains.Dialer{AllowDev: true, Agree: 2, Transport: s}.Dial(t.Context(), 1,
		testchain.New(t, o).URL, testchain.New(t, o).URL)
	if err != nil {
		t.Fatal(err)
	}
	b, err := c.BlockByNumber(t.Context(), 3)
	if err != nil {
		t.Fatal(err)
	}
	if logs, err := c.Logs(t.Context(), b, chains.Filter{Contract: logContract}); !errors.Is(err, chains.ErrDisagree) {
		t.Error(fmt.Sprint(logs), err)
	}
}
