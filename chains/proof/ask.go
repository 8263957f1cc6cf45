package proof

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"

	"github.com/perpdao/perpquorum/chains"
)

const (
	listedCalls = 50               // how many calls are worth an access list each
	listTime    = 10 * time.Second // for all of them
	listedReads = 10_000           // of all lists, which an endpoint can make up; the calls of a report read some hundreds
	requestKeys = 500              // storage keys in one eth_getProof; go-ethereum takes 1,024
	batchKeys   = 1500             // in one batch: each key brings about 5 kB
	maxNode     = 1 << 10          // bytes; a branch with 16 hashes has 532
)

// accessLists asks what the calls read. The lists save rounds. They are not
// trusted, and an endpoint need not have them.
func (c *collection) accessLists(ctx context.Context) []read {
	var questions []chains.Question
	for _, call := range c.calls {
		if !isNativeBalance(call) {
			questions = append(questions, chains.Question{
				Method: "eth_createAccessList", Params: []any{map[string]any{"to": call.To, "data": call.Data}},
			})
		}
	}
	// Nodes of Optimism before Bedrock have no access lists, and newer nodes in
	// front of them may run the call in a state of their own.
	if len(questions) > listedCalls || c.id == chains.Optimism && c.block.Header.BaseFee == nil {
		return nil
	}
	short, cancel := context.WithTimeout(ctx, listTime)
	defer cancel()
	replies, _ := c.endpoint.Ask(short, c.block, questions)
	var want []read
	for _, reply := range replies {
		want = append(want, listed(reply)...)
	}
	return want[:min(len(want), listedReads)]
}

// ask asks the endpoint, and waits for half of the time that is left, so that there is some for
// another endpoint.
func (c *collection) ask(ctx context.Context, questions []chains.Question) ([]chains.Reply, error) {
	end, ok := ctx.Deadline()
	if !ok {
		return c.endpoint.Ask(ctx, c.block, questions)
	}
	patience := time.Until(end) / 2
	short, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	replies, err := c.endpoint.Ask(short, c.block, questions)
	if err != nil && short.Err() != nil {
		err = fmt.Errorf("%s gave none within %v", c.endpoint.Label(), patience.Round(time.Second))
	}
	return replies, err
}

// listed reads an access list, or nothing if the reply is none.
func listed(reply chains.Reply) (want []read) {
	var found struct {
		AccessList []struct {
			Address     common.Address
			StorageKeys []common.Hash
		}
	}
	if reply.Err != nil || json.Unmarshal(reply.Raw, &found) != nil {
		return nil
	}
	for _, a := range found.AccessList {
		want = append(want, read{part: accountPart, account: a.Address}, read{part: codePart, account: a.Address})
		for _, slot := range a.StorageKeys {
			want = append(want, read{storagePart, a.Address, slot})
		}
	}
	return want
}

// fetch asks for parts of the state and keeps the nodes and codes that come.
func (c *collection) fetch(ctx context.Context, want []read) error {
	questions := questionsFor(want)
	for len(questions) > 0 {
		keys, n := 0, 0
		for n < len(questions) && keys <= batchKeys {
			keys += 1 + questions[n].keys
			n++
		}
		batch := make([]chains.Question, n)
		for i, q := range questions[:n] {
			batch[i] = q.Question
		}
		replies, err := c.ask(ctx, batch)
		if err != nil {
			return err
		}
		var refused []int
		for i, reply := range replies {
			if errors.Is(reply.Err, chains.ErrArchive) {
				refused = append(refused, i)
			} else if err := c.take(batch[i].Method, reply); err != nil {
				return err
			}
		}
		for _, i := range refused {
			if err := c.insist(ctx, batch[i], replies[i]); err != nil {
				return err
			}
		}
		questions = questions[n:]
	}
	return nil
}

// errIncomplete: the endpoint has a part of the block's state.
var errIncomplete = errors.New("proves a part of the block's state and lacks another")

// insist asks again for what an endpoint refused because it lacks the state, although it has proven
// some of it: in halves, since a node behind it may fail for another reason, then up to three times
// with a proof of the account before and after. If it gives these alone, there are not several nodes
// of which one has no proofs, but the state has a hole. l2geth reads zero there.
func (c *collection) insist(ctx context.Context, q chains.Question, said chains.Reply) error {
	if c.state.blobs.all[c.block.Header.Root] == nil || !errors.Is(said.Err, chains.ErrArchive) {
		return c.take(q.Method, said)
	}
	proof := func(keys []common.Hash) chains.Question {
		return chains.Question{Method: "eth_getProof", Params: []any{q.Params[0], keys}}
	}
	if keys, ok := q.Params[len(q.Params)-1].([]common.Hash); ok && len(keys) > 1 {
		for _, half := range []chains.Question{proof(keys[:len(keys)/2]), proof(keys[len(keys)/2:])} {
			replies, err := c.ask(ctx, []chains.Question{half})
			if err == nil {
				err = c.insist(ctx, half, replies[0])
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
	account := proof([]common.Hash{})
	for range 3 {
		replies, err := c.ask(ctx, []chains.Question{account, q, q, account})
		if err != nil {
			return err
		}
		if err := errors.Join(c.take(account.Method, replies[0]), c.take(account.Method, replies[3])); err != nil {
			return err
		}
		for _, said = range replies[1:3] {
			if !errors.Is(said.Err, chains.ErrArchive) {
				return c.take(q.Method, said)
			}
		}
	}
	return fmt.Errorf("%s %w%s", c.endpoint.Label(), errIncomplete, words(said.Err))
}

type question struct {
	chains.Question
	keys int // storage keys that it asks for
}

// questionsFor asks for the slots of an account together. The proof of an account
// comes with them.
func questionsFor(want []read) (questions []question) {
	slots := map[common.Address][]common.Hash{}
	var accounts []common.Address
	for _, r := range want {
		if r.part == codePart {
			questions = append(questions, question{chains.Question{Method: "eth_getCode", Params: []any{r.account}}, 0})
			continue
		}
		if slots[r.account] == nil {
			slots[r.account] = []common.Hash{}
			accounts = append(accounts, r.account)
		}
		if r.part == storagePart {
			slots[r.account] = append(slots[r.account], r.slot)
		}
	}
	for _, a := range accounts {
		for keys, more := slots[a], true; more; more = len(keys) > 0 {
			n := min(len(keys), requestKeys)
			questions = append(questions, question{chains.Question{Method: "eth_getProof", Params: []any{a, keys[:n]}}, n})
			keys = keys[n:]
		}
	}
	return questions
}

// take keeps the nodes of a proof, or a code. The fields for balance, nonce and
// values are not read: before Bedrock the balance is not that of the account.
func (c *collection) take(method string, reply chains.Reply) error {
	switch {
	case reply.Err != nil:
		return fmt.Errorf("%s gives none%s", c.endpoint.Label(), words(reply.Err))
	case reply.Null():
		return fmt.Errorf("%s answers null to %s", c.endpoint.Label(), method)
	case method == "eth_getCode":
		code, err := reply.Data()
		if err != nil {
			return c.wrong("%s: %w", method, err)
		}
		c.keep([]hexutil.Bytes{code}, len(code))
		return nil
	}
	var found struct {
		AccountProof []hexutil.Bytes
		StorageProof []struct{ Proof []hexutil.Bytes }
	}
	if err := json.Unmarshal(reply.Raw, &found); err != nil {
		return c.wrong("%s: %w", method, err)
	}
	if len(found.AccountProof) == 0 { // op-geth answers so if the legacy node behind it does not answer
		return fmt.Errorf("%s gives an empty proof", c.endpoint.Label())
	}
	c.keep(found.AccountProof, maxNode)
	for _, s := range found.StorageProof {
		c.keep(s.Proof, maxNode)
	}
	return nil
}

// keep adds what can be a node or a code.
func (c *collection) keep(blobs []hexutil.Bytes, longest int) {
	for _, blob := range blobs {
		if len(blob) > 0 && len(blob) <= longest {
			c.state.blobs.add(blob)
		}
	}
}

// words are those in which an endpoint refuses a question.
func words(err error) string {
	if e, ok := errors.AsType[*chains.EndpointError](err); ok {
		return e.Said()
	}
	return ": " + err.Error()
}
