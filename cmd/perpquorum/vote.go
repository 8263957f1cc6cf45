package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/snapshot"
	"github.com/perpdao/perpquorum/votingpower"
	"github.com/perpdao/perpquorum/votingpower/vote"
)

// voteOptions says which vote is read, by which model and from where.
type voteOptions struct {
	endpoints endpointOptions
	hub       string // URL; "" is Snapshot's own
	ref       snapshot.ProposalRef
	model     string // file; "" is the built-in one
	blocks    map[chains.ID]uint64
}

// collect runs one of the functions that collect evidence, within the timeout.
func collect[E any](ctx context.Context, o voteOptions, m *votingpower.Model, v vote.Options,
	read func(context.Context, *snapshot.Client, vote.Dial, *votingpower.Model, snapshot.ProposalRef,
		vote.Options) (E, error),
) (E, error) {
	ctx, cancel := context.WithTimeout(ctx, o.endpoints.timeout)
	defer cancel()
	hub := o.endpoints.newHub(o.hub, o.endpoints.timeout)
	defer hub.CloseIdleConnections()
	closeAll := func() {}
	defer func() { closeAll() }()
	dial := func(ctx context.Context, ids, optional []chains.ID) (map[chains.ID]chains.Node, error) {
		nodes, closeNodes, err := o.endpoints.dial(ctx, ids, optional...)
		if err == nil {
			closeAll = closeNodes
		}
		return nodes, err
	}
	v.Prove, v.Blocks = o.endpoints.proving(), o.blocks
	v.Progress = func(step string) { o.endpoints.progress.say("%s", step) }
	e, err := read(ctx, hub, dial, m, o.ref, v)
	return e, voteError(err)
}

// proving says for which voters proofs are asked for.
func (o *endpointOptions) proving() vote.Proving {
	switch o.prove {
	case proveSample:
		return vote.ProveSample
	case proveVoters:
		return vote.ProveVoters
	}
	return vote.ProveNone
}

// voteError separates misuse, which the user can correct, from trouble, and says what to do.
func voteError(err error) error {
	switch {
	case errors.Is(err, vote.ErrModel):
		return hintf(misuse(err),
			"give the model of that space with --model FILE; perpquorum model --help says what a model is")
	case errors.Is(err, vote.ErrTooLarge):
		return hintf(err, "check without --evidence")
	case errors.Is(err, vote.ErrBlocks):
		return misuse(fmt.Errorf("--block: %w", err))
	case errors.Is(err, vote.ErrSpace):
		return misuse(err)
	}
	return hubError(snapshotHint(err))
}

// snapshotHint says what to do about a snapshot block that is too new.
func snapshotHint(err error) error {
	if errors.Is(err, chains.ErrNotFinalized) || errors.Is(err, chains.ErrNoBlockYet) {
		return hintf(err, "the proposal's snapshot is too recent%s", waitHint(err))
	}
	return err
}
