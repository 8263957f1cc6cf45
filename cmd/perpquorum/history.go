package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/urfave/cli/v2"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/votingpower"
	"github.com/perpdao/perpquorum/votingpower/history"
	"github.com/perpdao/perpquorum/votingpower/report"
	"github.com/perpdao/perpquorum/votingpower/vote"
)

// historyOptions is the command line of history.
type historyOptions struct {
	voteOptions
	read    history.Options
	space   string
	dir     string
	offline bool
	format  string
}

func historyCommand(p *progress) *cli.Command {
	const category = "Votes"
	o := &historyOptions{}
	o.endpoints.progress = p
	return &cli.Command{
		Name: "history", Usage: "the closed votes of a space: quorum, turnout, verdict", Description: historyHelp,
		Flags: slices.Concat([]cli.Flag{
			&cli.StringFlag{Name: "space", Category: category, Destination: &o.space, DefaultText: "the model's",
				Usage: "the `ID` of the space, such as vote-perp.eth"},
			&cli.GenericFlag{Name: "since", Category: category, Value: parsed(&o.read.Since, parseTime),
				Usage: "leave out votes that ended before `TIME`"},
			&cli.GenericFlag{Name: "last", Category: category, Value: parsed(&o.read.Last, parseCount), DefaultText: "all",
				Usage: "only the `N` votes that were created last"},
			&cli.BoolFlag{Name: "check", Category: category, Destination: &o.read.Check,
				Usage: "judge each vote, as perpquorum check does"},
			&cli.PathFlag{Name: "dir", Category: category, Destination: &o.dir,
				Usage: "keep a bundle of each final vote in the folder `DIR`, and read no vote again that has one; means --check"},
			&cli.BoolFlag{Name: "offline", Category: category, Destination: &o.offline,
				Usage: "read nothing but the bundles in --dir"},
			&cli.BoolFlag{Name: "strict", Category: category, Destination: &o.read.Vote.Strict,
				Usage: "give no verdict where something could not be checked"},
			&cli.BoolFlag{Name: "signatures", Category: category, Destination: &o.read.Vote.Signatures,
				Usage: "check who signed the votes, of any number"},
			modelFlag(category, &o.model),
			hubFlag(category, &o.hub),
			formatFlag("Output", &o.format, "text", "csv", "json", "html", "svg", "png"),
		}, o.endpoints.flags(),
			o.endpoints.proofFlags("the quorum of a vote or voters' power", proveAuto, proveOff, proveSample, proveVoters)),
		Before: func(c *cli.Context) error { return o.check(c.IsSet) }, // -o may name a file in the folder
		Action: o.run,
	}
}

const historyHelp = `Lists the closed votes of a space, newest first, each with the quorum at its
snapshot and the turnout. Without --check, only the quorum is read from the
chains; the turnout is the hub's own total, and there is no verdict. With it,
each vote is judged as perpquorum check does, and may take as long.

With --dir, each final vote is written once as a bundle, whole or not at all,
and what is there is verified instead of read again: a nightly run adds what is
new. With --offline the table comes from the folder alone. With --format html
and -o, a page of each checked vote is written beside the index, which links to
it.

A vote that fails is a row that says why, and does not stop the others. The
--timeout is for each vote.

Examples:
   perpquorum history --last 10
   perpquorum history --dir votes --since 2023-01-01
   perpquorum history --dir votes --offline -o votes/index.html
   perpquorum history --check --format svg -o history.svg

The exit code is 11 if a vote disagrees or a bundle does not verify, else 1 if
one could not be read or written, and else 0, whatever the other verdicts are.
The table is printed in each case.`

func (o *historyOptions) run(c *cli.Context) error {
	m, err := openModel(o.model)
	if err != nil {
		return err
	}
	if o.space != "" && o.space != m.Space && !o.offline {
		err := usagef("the model %s is for the space %s, not %s", quote(m.Name), quote(m.Space), quote(o.space))
		return hintf(err, "give the model of that space with --model FILE")
	}
	if output := c.Path("output"); output != "" && o.format == string(report.HTML) {
		o.read.Page = func(r *report.Report) (string, error) {
			id := r.Document().Vote.ID
			name, bundle := id+".html", id+".json.gz"
			beside := filepath.Join(filepath.Dir(output), bundle)
			if _, err := os.Stat(beside); err == nil && o.dir != "" && sameFile(beside, filepath.Join(o.dir, bundle)) {
				r.BundleURL = bundle // a vote that is not final has none
			}
			return name, writeWhole(filepath.Join(filepath.Dir(output), name), func(w io.Writer) error {
				return r.Render(w, report.HTML)
			})
		}
	}
	o.read.Progress = o.endpoints.progress.history
	h, err := o.history(c.Context, m)
	if err != nil {
		return voteError(err)
	}
	if err := h.Render(c.App.Writer, report.Format(o.format)); err != nil {
		return err
	}
	return o.judge(h)
}

// check refuses flags that would be ignored, and a folder that cannot be used.
func (o *historyOptions) check(isSet func(string) bool) error {
	checked := o.read.Check || o.dir != ""
	for _, name := range []string{"rpc", "agree", "rps", "prove", "require", "allow-unfinalized", "check", "strict",
		"signatures"} {
		if o.offline && isSet(name) {
			return usagef("--%s has no meaning with --offline", name)
		}
	}
	for _, name := range []string{"strict", "signatures"} {
		if isSet(name) && !checked {
			return usagef("--%s has no meaning without --check or --dir", name)
		}
	}
	if !checked && !isSet("prove") && o.endpoints.require != chains.Proven {
		o.endpoints.prove = proveOff // nothing is published
	}
	switch {
	case o.offline && o.dir == "":
		return usagef("--offline wants --dir")
	case o.dir == "":
		return nil
	case strings.Contains(o.dir, "://"):
		return usagef("--dir: want the name of a folder, found a URL")
	case o.offline:
		o.read.Folder = &history.Folder{Dir: o.dir}
		return nil
	}
	o.read.Folder = &history.Folder{Dir: o.dir, Write: writeWhole}
	return prepareFolder(o.dir)
}

// prepareFolder makes the folder if it is not there, and finds before anything is read that it takes no files.
func prepareFolder(dir string) error {
	if err := os.Mkdir(dir, 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	probe, err := os.CreateTemp(dir, ".perpquorum-")
	if err != nil {
		return fmt.Errorf("bundles cannot be written: %w", err)
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}

func (o *historyOptions) history(ctx context.Context, m *votingpower.Model) (*report.History, error) {
	if o.offline {
		return history.Load(ctx, m, cmp.Or(o.space, m.Space), o.read)
	}
	if _, err := o.endpoints.only(m.Chains()).endpoints(m.Chains()); err != nil {
		return nil, err
	}
	hub := o.endpoints.newHub(o.hub, o.endpoints.timeout)
	defer hub.CloseIdleConnections()
	pool := &chainPool{options: o.endpoints, nodes: map[chains.ID]chains.Node{}}
	defer pool.close()
	o.read.Vote.Prove, o.read.Generator, o.read.Timeout = o.endpoints.proving(), generator(), o.endpoints.timeout
	o.read.Accept = o.endpoints.enough
	return history.Collect(ctx, hub, pool.dial, m, o.read)
}

// judge is the exit code of all votes.
func (o *historyOptions) judge(h *report.History) error {
	failed, differ := 0, false
	for _, v := range h.Votes {
		differ = differ || v.Verdict == vote.Disagrees || v.State == report.HistoryNotVerified
		if v.State == report.HistoryUnread || v.State == report.HistoryUnwritten {
			failed++
		}
	}
	switch {
	case differ:
		return verdictError(exitDisagree)
	case failed > 0:
		o.endpoints.progress.hint("%s could not be read or written; the rows say why", counted(failed, "vote"))
		return verdictError(exitTrouble)
	}
	return nil
}

// only is without the endpoints of other chains, which another vote may need.
func (o endpointOptions) only(ids []chains.ID) endpointOptions {
	o.urls = maps.Clone(o.urls)
	maps.DeleteFunc(o.urls, func(id chains.ID, _ []string) bool { return !slices.Contains(ids, id) })
	return o
}

// chainPool holds the connections of all votes.
type chainPool struct {
	options endpointOptions
	mu      sync.Mutex
	nodes   map[chains.ID]chains.Node
	closers []func()
}

// dial connects to the chains that no vote before has needed. It implements vote.Dial.
func (p *chainPool) dial(ctx context.Context, ids, optional []chains.ID) (map[chains.ID]chains.Node, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	connected := func(id chains.ID) bool { return p.nodes[id] != nil }
	missing := slices.DeleteFunc(slices.Clone(ids), connected)
	further := slices.DeleteFunc(slices.Clone(optional), connected)
	if len(missing)+len(further) > 0 {
		nodes, closeAll, err := p.options.only(slices.Concat(missing, further)).dial(ctx, missing, further...)
		if hinted := (*hintedError)(nil); errors.As(explain(ctx, err), &hinted) { // a row has no other place for it
			err = fmt.Errorf("%w; %s", err, hinted.hint)
		}
		if err != nil {
			return nil, err
		}
		p.closers = append(p.closers, closeAll)
		maps.Copy(p.nodes, nodes)
	}
	wanted := map[chains.ID]chains.Node{}
	for _, id := range slices.Concat(ids, optional) {
		if connected(id) {
			wanted[id] = p.nodes[id]
		}
	}
	return wanted, nil
}

func (p *chainPool) close() {
	for _, closeAll := range p.closers {
		closeAll()
	}
}
