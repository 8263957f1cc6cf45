package chains_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/fixtures/faultrpc"
)

// The matrix: every known way in which an endpoint goes wrong is a numbered row,
// and each row ends with the figures of the oracle or with an error and nothing
// else. The tests named TestMatrix hold the rows; see attempt for what is
// demanded of each of them. The data are made up by the fault server.

// target is the block that rows read at, unless they say otherwise: 200 blocks
// below the head.
const target = merge + 100

// row is one fault.
type row struct {
	name   string
	set    func(*faultrpc.Server) // the fault
	dialer chains.Dialer
	at     uint64        // the block; 0: target
	calls  []chains.Call // besides the usual ones
	paths  []path        // how it is read; nil: in every way
	want   error         // nil: the figures are right
	text   string        // what the error says
	most   int           // HTTP requests, at most; 0: any number
	after  func(*testing.T, *faultrpc.Server)
}

// path is a way to read many figures. All must give the same bytes.
type path string

const (
	batch  path = "batch"
	single path = "single"
	bulk   path = "bulk"
)

var everyPath = []path{batch, single, bulk}

// with makes rules into the fault of a row.
func with(rules ...*faultrpc.Rule) func(*faultrpc.Server) {
	return func(s *faultrpc.Server) {
		for _, rule := range rules {
			s.Rules = append(s.Rules, rule.Fresh()) // a row runs more than once
		}
	}
}

// always makes a fault happen to whatever it can happen to.
func always(f faultrpc.Fault) func(*faultrpc.Server) { return with(&faultrpc.Rule{Fault: f}) }

// node makes a change of the backend into the fault of a row.
func backend(change func(*faultrpc.Node)) func(*faultrpc.Server) {
	return func(s *faultrpc.Server) { change(s.Nodes[0]) }
}

// matrix runs rows, each in all of its ways; under the race detector in short, in one of them.
func matrix(t *testing.T, rows []row) {
	t.Helper()
	for i, r := range rows {
		paths := r.paths
		if paths == nil {
			paths = everyPath
		}
		if raced && testing.Short() { // the goroutines are the same whatever the fault is
			paths = paths[i%len(paths):][:1]
		}
		for _, p := range paths {
			t.Run(fmt.Sprintf("%s (%s)", r.name, p), func(t *testing.T) { r.run(t, p) })
		}
	}
}

func (r row) run(t *testing.T, p path) {
	t.Helper()
	chain := faultrpc.Public(1, 300)
	if p == bulk {
		chain = faultrpc.Cancun(1, 300) // where multicalls bind the state
	}
	s := faultrpc.NewServer(chain)
	s.Clock = faultrpc.NewClock()
	if r.set != nil {
		r.set(s)
	}
	a := newAttempt(t, 1, s)
	a.dialer, a.path, a.extra = r.dialer, p, r.calls
	if r.at != 0 {
		a.at = r.at
	}
	err := a.read(t)
	if r.want == nil && err != nil {
		t.Errorf("found error %v, want the right figures", err)
	}
	if r.want != nil && !errors.Is(err, r.want) && (r.want != errAny || err == nil) {
		t.Errorf("found error %v, want %v", err, r.want)
	}
	if r.text != "" && err != nil {
		wantText(t, err, r.text)
	}
	if n := s.Log().Requests; r.most > 0 && n > r.most {
		t.Errorf("found %d requests, want at most %d", n, r.most)
	}
	if r.after != nil {
		r.after(t, s)
	}
}

// attempt is one reading of figures from fault servers, with the checks that
// hold whatever goes wrong: the figures are the oracle's or there are none, no
// secret is in an error, it ends in time, and each state read names its block.
// That no goroutine is left is checked when all tests of the package have run.
type attempt struct {
	id      chains.ID
	servers []*faultrpc.Server
	chain   *faultrpc.Chain // whose oracle is right
	urls    []string
	dialer  chains.Dialer
	at      uint64
	path    path
	extra   []chains.Call
	client  *chains.Client // set by read, if it got so far
	level   chains.Level   // of the answers
	unbound string         // why they are trusted
	during  func()         // called before the figures are read
}

func newAttempt(t testing.TB, id chains.ID, servers ...*faultrpc.Server) *attempt {
	t.Helper()
	a := &attempt{id: id, servers: servers, chain: servers[0].Nodes[0].Chain, at: target, path: batch}
	for _, s := range servers {
		bare, stop := s.Start()
		t.Cleanup(stop)
		a.urls = append(a.urls, dressed(t, bare))
	}
	return a
}

func (a *attempt) read(t *testing.T) error {
	t.Helper()
	// Nothing waits for real time but a fault that does so on purpose.
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	calls, answers, err := a.figures(ctx, t)
	switch {
	case err == nil:
		wantAnswers(t, a.chain, a.at, calls, answers)
	case answers != nil:
		t.Errorf("found %d answers beside the error %v", len(answers), err)
	default:
		wantNoSecret(t, err)
	}
	if ctx.Err() != nil {
		t.Errorf("found no end within a minute: %v", err)
	}
	for _, s := range a.servers {
		if unpinned := s.Log().Unpinned; len(unpinned) > 0 {
			t.Errorf("found state reads without a block: %v", unpinned)
		}
	}
	return err
}

// readEither is read where a reorg may come at any time: the figures are those
// of one of the two forks, all of the same one.
func (a *attempt) readEither(t *testing.T, before, after *faultrpc.Chain) error {
	t.Helper()
	calls, answers, err := a.figures(t.Context(), t)
	if err != nil {
		wantNoSecret(t, err)
		return err
	}
	a.chain = before
	if !a.right(calls, answers) {
		a.chain = after
		wantAnswers(t, a.chain, a.at, calls, answers)
	}
	return nil
}

// blockAt looks for a block by time.
func (a *attempt) blockAt(t *testing.T, at time.Time) (chains.Block, error) {
	t.Helper()
	a.dialer.Clock = a.servers[0].Clock
	c, err := a.dialer.Dial(t.Context(), a.id, a.urls...)
	if err != nil {
		return chains.Block{}, err
	}
	t.Cleanup(c.Close)
	b, err := c.BlockAt(t.Context(), at)
	if err != nil {
		wantNoSecret(t, err)
		return b, err
	}
	return b, b.Proves(at)
}

func (a *attempt) figures(ctx context.Context, t *testing.T) (calls []chains.Call, answers []chains.Answer, err error) {
	d := a.dialer
	if d.Clock == nil {
		d.Clock = a.servers[0].Clock
	}
	n := 12
	switch a.path {
	case single:
		d.MaxBatch = 1
	case bulk:
		n = 60
	}
	calls = append(usual(t, n), a.extra...)
	c, err := d.Dial(ctx, a.id, a.urls...)
	if err != nil {
		return calls, nil, err
	}
	t.Cleanup(c.Close)
	a.client = c
	b, err := c.BlockByNumber(ctx, a.at)
	if err != nil {
		return calls, nil, err
	}
	if a.during != nil {
		a.during()
	}
	if a.path == bulk {
		answers, err = c.BulkCallAt(ctx, b, calls)
	} else {
		answers, err = c.CallAt(ctx, b, calls)
	}
	if err == nil {
		if a.level, a.unbound = answers[0].Level, answers[0].Unbound; (a.level == chains.Trusted) != (a.unbound != "") {
			t.Errorf("found level %s, not bound because %q", a.level, a.unbound)
		}
	}
	return calls, answers, err
}

// usual is n calls: balances of a token and of ether, one of them zero and one
// of them the largest that there is.
func usual(t testing.TB, n int) []chains.Call {
	t.Helper()
	calls := []chains.Call{chains.NativeBalance(faultrpc.Nobody), chains.NativeBalance(faultrpc.Whale),
		of(faultrpc.Token, faultrpc.Nobody), of(faultrpc.Token, faultrpc.Whale)}
	for i := len(calls); i < n; i++ {
		account := common.BytesToAddress([]byte{0xAA, byte(i >> 8), byte(i)})
		if i%3 == 0 {
			calls = append(calls, chains.NativeBalance(account))
			continue
		}
		calls = append(calls, of(faultrpc.Token, account))
	}
	return calls
}

func (a *attempt) right(calls []chains.Call, answers []chains.Answer) bool {
	for i, call := range calls {
		if !bytes.Equal(answers[i].Data, oracle(a.chain, a.at, call)) {
			return false
		}
	}
	return true
}

// The sentinels are secrets in an endpoint's URL.
var sentinels = []string{"sUser-7b1c44e9", "p/ss+Word=93ad02", "PathKey0f9e8d7c6b5a4321", "query key&51c0ffee"}

// dressed puts the sentinels into a URL.
func dressed(t testing.TB, bare string) string {
	t.Helper()
	u, err := url.Parse(bare)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword(sentinels[0], sentinels[1])
	u.Path = "/v2/" + sentinels[2]
	u.RawQuery = url.Values{"apikey": {sentinels[3]}}.Encode()
	return u.String()
}

// wantNoSecret looks for the sentinels, also escaped and in base64, and for
// control characters.
func wantNoSecret(t *testing.T, err error) {
	t.Helper()
	text := err.Error()
	for _, s := range append(sentinels, sentinels[0]+":"+sentinels[1]) {
		for _, form := range []string{s, url.QueryEscape(s), url.PathEscape(s),
			base64.StdEncoding.EncodeToString([]byte(s)), base64.RawURLEncoding.EncodeToString([]byte(s))} {
			if strings.Contains(strings.ToLower(text), strings.ToLower(form)) {
				t.Errorf("the secret %q is in %q", s, text)
			}
		}
		for i := 0; i+8 <= len(s); i++ {
			if strings.Contains(strings.ToLower(text), strings.ToLower(s[i:i+8])) {
				t.Errorf("%q, a piece of a secret, is in %q", s[i:i+8], text)
			}
		}
	}
	if strings.ContainsFunc(text, func(c rune) bool { return c < ' ' || c == 0x7f }) {
		t.Errorf("a control character is in %q", text)
	}
}
