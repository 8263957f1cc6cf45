package chains

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/ethereum/go-ethereum/core/types"
)

// finalAge is how far before the head a block is final where no endpoint says which block is,
// in seconds. It is many times what any public chain takes.
const finalAge = 24 * 60 * 60

// Finalized returns the header of the finalized block: the newest block that no
// reorg can replace. What an endpoint said less than ten seconds ago, for example
// to Dial, is not asked for again. With Agree N it is the oldest of N endpoints.
//
// Where no endpoint knows the finalized block, as is usual on development chains, it is
// the newest block more than a day older than the head. ErrNotFinalized says that there
// is none. The latest block never stands in for it.
func (c *Client) Finalized(ctx context.Context) (*types.Header, error) {
	h, err := c.finalized(ctx)
	return h, onChain(c.ID, err)
}

func (c *Client) finalized(ctx context.Context) (*types.Header, error) {
	finalized, unknown := c.lowest(ctx, func(t tips) (*header, error) { return t.finalized, t.unknown })
	if unknown == nil {
		return types.CopyHeader(finalized.Header), nil
	}
	if !c.noneKnowsFinalized(unknown) {
		return nil, unknown
	}
	head, err := c.lowest(ctx, func(t tips) (*header, error) { return t.head, nil })
	if err != nil || head.Time < finalAge {
		return nil, cmp.Or(err, unknown)
	}
	b, err := c.find(ctx, head, time.Unix(int64(head.Time)-finalAge, 0))
	if err != nil || b.Parent == nil { // it has no block as old
		return nil, cmp.Or(ctx.Err(), unknown)
	}
	return b.Parent, nil
}

// lowest returns the lowest of a block that as many endpoints have as must agree.
func (c *Client) lowest(ctx context.Context, block func(tips) (*header, error)) (*header, error) {
	all, err := askAll(ctx, c.pool, func(ctx context.Context, n *node) (*header, error) {
		t, err := n.headers.recentTips(ctx)
		if err != nil {
			return nil, err
		}
		return block(t)
	})
	if err != nil {
		return nil, err
	}
	return slices.MinFunc(all, func(x, y reading[*header]) int { return x.value.Number.Cmp(y.value.Number) }).value, nil
}

// noneKnowsFinalized reports whether err says that a block is not final because no
// endpoint says which block is.
func (c *Client) noneKnowsFinalized(err error) bool {
	return errors.Is(err, ErrNotFinalized) && !slices.ContainsFunc(c.pool.nodes, func(n *node) bool {
		return n.headers.tips().finalized != nil
	})
}

// reached is a block that reaches what is asked for: one that is final or, if that is not
// known or not demanded, the head.
type reached struct {
	end     *header
	final   bool
	unknown error // why the endpoint does not say which block is finalized
}

// mark notes in b by which rule it is final. It fails with ErrNotFinalized if it is not, and
// must be.
func (r reached) mark(b *Block, allowUnfinalized bool) error {
	switch {
	case r.final:
	case r.unknown != nil && b.Header.Time+finalAge < r.end.Time:
		b.FinalByAge = true
	case allowUnfinalized:
		b.Unfinalized = true
	default:
		return &TooNewError{Number: b.Number(), Err: cmp.Or(r.unknown, ErrNotFinalized)}
	}
	return nil
}

// reach finds out up to where the endpoints go. That none reaches what is asked for is
// believed when all were asked; the error is then a copy of asked. Of several agreeing
// endpoints, the lowest block counts, which all of them have.
func (c *Client) reach(ctx context.Context, reaches func(*header) bool, asked TooNewError) (reached, error) {
	anyAge := c.allowUnfinalized
	read := func(ctx context.Context, n *node) (reached, error) {
		if final := n.headers.tips().lastFinal(); final != nil && reaches(final) {
			return reached{end: final, final: true}, nil // and so it is for ever
		}
		t, err := n.headers.recentTips(ctx)
		if err != nil {
			return reached{}, err
		}
		r, err := t.reach(reaches, asked, anyAge)
		if err != nil { // refuse on fresh tips only
			if t, err = n.headers.freshTips(ctx); err == nil {
				r, err = t.reach(reaches, asked, anyAge)
			}
		}
		return r, err
	}
	all, err := askAll(ctx, c.pool, read)
	if !anyAge && c.noneKnowsFinalized(err) {
		anyAge = true
		all, err = askAll(ctx, c.pool, read)
	}
	if err != nil {
		return reached{}, err
	}
	low := slices.MinFunc(all, func(x, y reading[reached]) int { return x.value.end.Number.Cmp(y.value.end.Number) }).value
	for _, r := range all {
		low.final, low.unknown = low.final && r.value.final, cmp.Or(low.unknown, r.value.unknown)
	}
	return low, nil
}

// reach is Client.reach for one endpoint. With anyAge, blocks that are not known to be final
// will do.
func (t tips) reach(reaches func(*header) bool, asked TooNewError, anyAge bool) (reached, error) {
	switch final := t.lastFinal(); {
	case final != nil && reaches(final):
		return reached{end: final, final: true}, nil
	case !reaches(t.head):
		asked.Newest, asked.Err = t.head.Header, ErrNoBlockYet
	case anyAge:
		return reached{end: t.head, unknown: t.unknown}, nil
	case t.finalized == nil:
		asked.Err = t.unknown
	default:
		asked.Newest, asked.Err = t.finalized.Header, ErrNotFinalized
	}
	return reached{}, &asked
}
