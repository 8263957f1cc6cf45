// Package history reads the closed votes of a space one by one, and makes a row of each: see
// report.History. It keeps no vote in memory once its row is made.
//
// Collect asks a hub and the chains. Unchecked, it reads the list of proposals and, once for all
// that share a snapshot block, circulating voting power and quorum; the turnout is the hub's.
// Checked, it judges each vote as vote.Collect and vote.Check do. A Folder keeps the bundle of
// each vote that is final, and what it has is not read from the hub or the chains again.
//
// Load makes the rows from the folder alone. Every bundle is verified each time, offline.
package history

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/perpdao/perpquorum/snapshot"
	"github.com/perpdao/perpquorum/votingpower"
	"github.com/perpdao/perpquorum/votingpower/report"
	"github.com/perpdao/perpquorum/votingpower/vote"
)

// Options says which votes are read, and how. The zero value reads the quorum of all.
type Options struct {
	Since time.Time // votes that ended before it are left out
	Last  int       // how many votes are read, those created last; 0 for all
	// Check judges each vote. A Folder implies it.
	Check  bool
	Folder *Folder
	// Vote is for each vote that is checked; Circulating, MaxSize and Progress are set here.
	Vote      vote.Options
	Generator string        // of bundles
	Timeout   time.Duration // of each vote; 0 is none
	// Accept, if it is not nil, may refuse a report, also one of a bundle that Collect finds in the folder.
	Accept func(*report.Report) error
	// Page, if it is not nil, writes a page about a checked vote, and names its file. An error ends
	// the run.
	Page func(*report.Report) (name string, err error)
	// Progress, if it is not nil, is told how many votes are done, and what is read next.
	Progress func(done, of int, step string)
}

// empty is a history without rows, with a note of what it leaves out.
func (o *Options) empty(space string, m *votingpower.Model, checked bool) (*report.History, error) {
	h, err := report.NewHistory(space, m, checked)
	if err == nil && !o.Since.IsZero() {
		h.Notes = append(h.Notes, "only votes that ended at "+o.Since.UTC().Format(time.RFC3339)+" or later")
	}
	if err == nil && o.Last > 0 {
		h.Notes = append(h.Notes, fmt.Sprintf("at most the last %d votes", o.Last))
	}
	return h, err
}

// mostVotes bounds a history: no space has as many.
const mostVotes = 10_000

// atOnce is how many quorums are read side by side. Votes that are checked take their turns, for each
// may take much memory.
const atOnce = 4

// collector makes the rows of a run.
type collector struct {
	Options
	hub     *snapshot.Client
	dial    vote.Dial
	model   *votingpower.Model
	history *report.History
	done    atomic.Int64
	of      int
}

// Collect reads the closed votes of the model's space. What fails for one vote is said in its row. An
// error says that there is no list of votes, that a page could not be written, or that ctx ended; what is
// in the folder then stays there.
func Collect(ctx context.Context, hub *snapshot.Client, dial vote.Dial, m *votingpower.Model, o Options) (
	*report.History, error) {
	if m.Space == "" {
		return nil, fmt.Errorf("%w: the model %q names no space", vote.ErrModel, m.Name)
	}
	c := &collector{Options: o, hub: hub, dial: dial, model: m}
	c.Check = o.Check || o.Folder != nil
	var err error
	if c.history, err = c.empty(m.Space, m, c.Check); err != nil {
		return nil, err
	}
	proposals, err := c.list(ctx)
	if err != nil {
		return nil, err
	}
	c.of = len(proposals)
	rows := make([]report.HistoryVote, len(proposals))
	if err := c.readAll(ctx, proposals, rows); err != nil {
		return nil, err
	}
	c.history.Votes = append(c.history.Votes, rows...)
	c.history.Sort()
	return c.history, nil
}

// list reads which votes there are. A row of the hub that is no proposal becomes a row without figures.
func (c *collector) list(ctx context.Context) (list []snapshot.Proposal, err error) {
	c.progress("reading the list of votes")
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(c.Timeout, math.MaxInt64))
	defer cancel()
	limit := mostVotes
	if c.Since.IsZero() && c.Last > 0 {
		limit = c.Last
	}
	all, err := c.hub.ClosedProposals(ctx, c.model.Space, limit)
	var odd interface{ Unwrap() []error }
	if err != nil && !(all != nil && errors.As(err, &odd)) {
		return nil, err
	}
	if odd != nil {
		for _, err := range odd.Unwrap() {
			row := report.HistoryVote{}
			row.Fail(report.HistoryUnread, err)
			c.history.Votes = append(c.history.Votes, row)
		}
	}
	if len(all) == 0 && len(c.history.Votes) == 0 { // is there such a space?
		_, err = c.hub.Space(ctx, c.model.Space)
		return nil, err
	}
	if len(all) == mostVotes {
		c.history.Notes = append(c.history.Notes, fmt.Sprintf("only the newest %d votes were read", mostVotes))
	}
	for _, p := range all {
		if p.End >= c.Since.Unix() && (c.Last == 0 || len(list) < c.Last) {
			list = append(list, p)
		}
	}
	return list, nil
}

// moment is what votes with the same circulating voting power have in common.
type moment struct {
	network string
	block   uint64
}

// readAll reads votes that share a snapshot block one after the other, so that it is read once.
func (c *collector) readAll(ctx context.Context, proposals []snapshot.Proposal, rows []report.HistoryVote) error {
	var groups [][]int // of proposals
	places := map[moment]int{}
	for i, p := range proposals {
		at, known := places[moment{p.Network, p.Snapshot}]
		if !known {
			at, groups = len(groups), append(groups, nil)
			places[moment{p.Network, p.Snapshot}] = at
		}
		groups[at] = append(groups[at], i)
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	if c.Check {
		group.SetLimit(1)
	}
	for _, same := range groups {
		group.Go(func() (err error) {
			var circulating *votingpower.Evidence
			for _, i := range same {
				if ctx.Err() == nil {
					rows[i], err = c.row(ctx, &proposals[i], &circulating)
				}
				if err = cmp.Or(err, ctx.Err()); err != nil {
					return err
				}
				proposals[i] = snapshot.Proposal{}
				c.done.Add(1)
			}
			return nil
		})
	}
	return group.Wait()
}

// row makes the row of a vote. An error ends the run.
func (c *collector) row(ctx context.Context, p *snapshot.Proposal, circulating **votingpower.Evidence) (
	report.HistoryVote, error) {
	v := report.NewHistoryVote(p, c.model)
	c.progress("")
	r, state, err := c.report(ctx, p, circulating)
	if r == nil {
		v.Fail(state, err)
		return v, ctx.Err()
	}
	v.Fill(r, c.history)
	if err != nil {
		v.State, v.Problem = state, err.Error()
	}
	return v, c.page(&v, r)
}

// report is what is known of a vote. With an error beside it, it could not be kept.
func (c *collector) report(ctx context.Context, p *snapshot.Proposal, circulating **votingpower.Evidence) (
	*report.Report, report.HistoryState, error) {
	if c.Folder.has(p.ID) {
		r, state, err := c.Folder.read(p.ID, c.model.Space)
		if err == nil && c.Accept != nil {
			if err = c.Accept(r); err != nil {
				return nil, report.HistoryUnread, fmt.Errorf("its bundle: %w", err)
			}
		}
		return r, state, err
	}
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(c.Timeout, math.MaxInt64))
	defer cancel()
	b := &report.Bundle{Generator: c.Generator}
	o := c.Vote
	o.Circulating, o.Progress = *circulating, c.progress
	ref := snapshot.ProposalRef{ID: p.ID}
	var err error
	if c.Check {
		if c.Folder != nil {
			o.MaxSize = report.MaxBundleSize
		}
		if b.Vote, err = vote.Collect(ctx, c.hub, c.dial, c.model, ref, o); err == nil {
			b.Evidence = b.Vote.Circulating
		}
	} else {
		b.Evidence, err = vote.CirculatingOf(ctx, c.dial, c.model, p, ref, o)
	}
	if errors.Is(err, vote.ErrModel) {
		return nil, report.HistoryNotJudged, err
	} else if err != nil {
		return nil, report.HistoryUnread, err
	}
	*circulating = b.Evidence
	r, err := report.New(b)
	if err == nil && c.Accept != nil {
		err = c.Accept(r)
	}
	if err != nil {
		return nil, report.HistoryUnread, err
	}
	return r, report.HistoryUnwritten, c.Folder.keep(r)
}

// page writes the page of a vote that was checked, if its row has figures.
func (o *Options) page(v *report.HistoryVote, r *report.Report) (err error) {
	if o.Page != nil && v.Quorum != "" && r.Document().Vote != nil {
		v.Page, err = o.Page(r)
	}
	return err
}

func (c *collector) progress(step string) {
	if c.Progress != nil {
		c.Progress(int(c.done.Load()), c.of, step)
	}
}
