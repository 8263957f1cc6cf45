package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/perpdao/perpquorum/fixtures"
	"github.com/perpdao/perpquorum/fixtures/hub"
	"github.com/perpdao/perpquorum/fixtures/testchain"
	"github.com/perpdao/perpquorum/votingpower"
	"github.com/perpdao/perpquorum/votingpower/report"
	"github.com/perpdao/perpquorum/votingpower/vote"
)

// historyOf runs the command, and returns the history that it prints as JSON.
func historyOf(t testing.TB, w *testchain.World, endpoint string, args ...string) (outcome, *report.History) {
	t.Helper()
	args = append([]string{"history", "--format", "json"}, args...)
	var out outcome
	if w == nil {
		out = program(t, args...)
	} else {
		out = onChains(t, w, append(args, "--hub", endpoint)...)
	}
	var h report.History
	if err := json.Unmarshal([]byte(out.stdout), &h); err != nil {
		t.Fatalf("exit code %d, no history: %v\n%s", out.code, err, out.stderr)
	}
	return out, &h
}

// TestHistoryQuorums: votes of which every other one shares a snapshot block with the one before. Quorums
// are those of the scenario's ledger, and turnouts the hub's.
func TestHistoryQuorums(t *testing.T) {
	t.Parallel()
	const moments = 25
	tokens := new(big.Int).Exp(big.NewInt(10), big.NewInt(19), nil) // of which the quorum is a tenth
	w := testchain.Start(t)
	want, total := map[string]*big.Rat{}, map[string]string{}
	h := hub.New(hub.Options{Generation: hub.H2, Spaces: []hub.Space{hub.NewSpace(voteSpace)}})
	first := w.Ethereum.At(testchain.Snapshot).NumberU64()
	for i := range 2 * moments {
		ethereum := w.Ethereum.Blocks[int(first)-i/2*3]
		optimism := w.Optimism.At(ethereum.Time())
		p := hub.NewProposal(voteSpace, fmt.Sprint(i))
		p.Snapshot, p.ScoresTotal, p.Created, p.End = ethereum.NumberU64(), float64(i)+0.5, p.Created-int64(i), p.End-int64(i)
		if i == 2*moments-1 {
			p.ScoresState = "pending"
		}
		h.Update(func(o *hub.Options) { o.Proposals = append(o.Proposals, p) })
		_, power := ledgerFigures(w, ethereum.NumberU64(), optimism.NumberU64(), optimism.Time())
		want[p.ID], total[p.ID] = new(big.Rat).SetFrac(power, tokens), fmt.Sprint(p.ScoresTotal)
	}
	endpoint, stop := h.Start()
	defer stop()
	var read crowd
	args := []string{"history", "--hub", endpoint, "--allow-dev-chain",
		"--rpc", "ethereum=" + relay(t, w.Ethereum.URL, 0, &read), "--rpc", "optimism=" + relay(t, w.Optimism.URL, 0, &read)}
	out := program(t, append(args, "--format", "csv")...)
	rows, err := csv.NewReader(strings.NewReader(out.stdout)).ReadAll()
	if err != nil || out.code != exitDone || len(rows) != 1+len(want) {
		t.Fatalf("exit code %d, %d rows, error %v: %s", out.code, len(rows), err, out.stderr)
	}
	for i, row := range rows[1:] {
		title, marks := fmt.Sprint("SYNTHETIC ", i), "Development chain · Not checked"
		if !sameDecimal(row[5], want[row[0]]) || row[1] != title || row[16] != marks {
			t.Errorf("row %d is %q, want the quorum %s", i, row, want[row[0]].FloatString(18))
		}
		turnout := []string{total[row[0]], "hub scores_total", ""}
		if i == 2*moments-1 { // it is pending
			turnout = []string{"", "", string(vote.NotFinal)}
		}
		if found := []string{row[7], row[8], row[10]}; !slices.Equal(found, turnout) {
			t.Errorf("row %d has turnout, source and verdict %q, want %q", i, found, turnout)
		}
	}
	if requests, most := read.requests.Load(), int64(8*moments); requests > most || len(h.Requests()) > 2 {
		t.Errorf("%d requests of the chains, want at most %d; %d of the hub", requests, most, len(h.Requests()))
	}
	for name, test := range map[string]struct {
		args []string
		want int
	}{
		"the last ones":          {[]string{"--last", "3"}, 3},
		"those since a time":     {[]string{"--since", rows[5][2]}, 5},
		"the last of a time":     {[]string{"--since", rows[5][2], "--last", "4"}, 4},
		"none":                   {[]string{"--since", "2030-01-01"}, 0},
		"those of the own space": {[]string{"--space", voteSpace, "--last", "1"}, 1},
	} {
		if out := program(t, slices.Concat(args, []string{"--format", "csv"}, test.args)...); out.code != exitDone ||
			strings.Count(out.stdout, "\n") != test.want+1 {
			t.Errorf("%s: found %+v, want %d rows", name, out, test.want)
		}
	}
	for _, format := range []string{"text", "json", "html", "svg"} {
		out := program(t, append(args, "--last", "2", "--format", format)...)
		for _, word := range []string{"(?i)development chain", "(?i)not checked", "last 2 votes|<svg xmlns"} {
			if !regexp.MustCompile(word).MatchString(out.stdout) {
				t.Errorf("%s: no %q in %s", format, word, out.stdout)
			}
		}
	}
}

// past is a hub with votes of one snapshot block: honest ones, but for a change of each.
type past struct {
	*testchain.World
	hub      *hub.Hub
	endpoint string
	ids      []string
}

func newPast(t testing.TB, names ...string) *past {
	t.Helper()
	p := &past{World: testchain.Start(t)}
	var all hub.Options
	for i, name := range names {
		e := honest(t, "basic")
		e.proposal.Title += " " + fmt.Sprint(i)
		if change := changes[name]; change != nil {
			change(t, e)
		}
		e.sign()
		if tell := lies[name]; tell != nil {
			tell(t, e)
		}
		o := e.options(hub.H2)
		all.Generation, all.Spaces = o.Generation, o.Spaces
		all.Proposals, all.Votes = append(all.Proposals, o.Proposals...), append(all.Votes, o.Votes...)
		all.Messages = append(all.Messages, o.Messages...)
		p.ids = append(p.ids, e.proposal.ID)
	}
	p.hub = hub.New(all)
	var stop func()
	p.endpoint, stop = p.hub.Start()
	t.Cleanup(stop)
	return p
}

// verdicts are those of the votes, in the order in which they were made.
func (p *past) verdicts(h *report.History) (list []string) {
	for _, id := range p.ids {
		i := slices.IndexFunc(h.Votes, func(v report.HistoryVote) bool { return v.ID == id })
		if i < 0 {
			list = append(list, "missing")
		} else if v := h.Votes[i]; v.Quorum == "" || v.State == report.HistoryUnwritten {
			list = append(list, string(v.State))
		} else {
			list = append(list, string(v.Verdict))
		}
	}
	return list
}

func (p *past) file(dir string, vote int) string { return filepath.Join(dir, p.ids[vote]+".json.gz") }

// filesOf reads the folder's bundles.
func filesOf(t testing.TB, dir string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		files[entry.Name()], _ = os.ReadFile(filepath.Join(dir, entry.Name()))
	}
	return files
}

// TestHistoryFolder fills a folder, adds to it what becomes final, and makes the pages from it alone.
func TestHistoryFolder(t *testing.T) {
	t.Parallel()
	p := newPast(t, "", "one-vote", "score", "pending")
	dir := filepath.Join(t.TempDir(), "votes")
	out, h := historyOf(t, p.World, p.endpoint, "--dir", dir)
	want := []string{"reached", "not reached", "disagrees", "not final"}
	if found := p.verdicts(h); !slices.Equal(found, want) || out.code != exitDisagree || !h.Checked {
		t.Fatalf("exit code %d, %q, want %q: %+v", out.code, found, want, h)
	}
	before := filesOf(t, dir)
	if len(before) != 3 || before[p.ids[3]+".json.gz"] != nil {
		t.Errorf("%d files", len(before))
	}
	for i, id := range p.ids { // each row is what check says
		out := onChains(t, p.World, "check", id, "--hub", p.endpoint, "--format", "json")
		var d report.Document
		if err := json.Unmarshal([]byte(out.stdout), &d); err != nil {
			t.Fatal(err, out)
		}
		v := h.Votes[slices.IndexFunc(h.Votes, func(v report.HistoryVote) bool { return v.ID == id })]
		if v.Quorum != d.Quorum.Tokens || v.Turnout != d.Vote.Turnout.Tokens || v.Margin != d.Vote.Turnout.Margin ||
			string(d.Verdict) != want[i] || v.TurnoutSource != d.Vote.Turnout.Source {
			t.Errorf("row %+v, check says %+v", v, d.Vote.Turnout)
		}
	}

	p.hub.Update(func(o *hub.Options) { o.Proposals[3].ScoresState = "final" })
	asked := len(p.hub.Requests())
	_, h = historyOf(t, p.World, p.endpoint, "--dir", dir)
	want[3] = "reached"
	if found := p.verdicts(h); !slices.Equal(found, want) {
		t.Errorf("second run: %q, want %q", found, want)
	}
	for _, r := range p.hub.Requests()[asked:] {
		if where, _ := r.Arguments["where"].(map[string]any); r.Root == "votes" && where["proposal"] != p.ids[3] {
			t.Errorf("votes of %v were read again", where["proposal"])
		}
	}
	after := filesOf(t, dir)
	for name, file := range before {
		if !bytes.Equal(after[name], file) {
			t.Errorf("%s is another file", name)
		}
	}

	out = program(t, "history", "--dir", dir, "--offline", "-o", filepath.Join(dir, "index.html"))
	if out.code != exitDisagree || out.stdout != "" {
		t.Errorf("offline: %+v", out)
	}
	files := filesOf(t, dir)
	index := string(files["index.html"])
	for _, id := range p.ids {
		page := files[id+".html"]
		if !strings.Contains(index, `href="`+id+`.html"`) || !bytes.Contains(page, []byte(`href="`+id+`.json.gz"`)) {
			t.Errorf("no page of %s with a link to its bundle, or no link to it", id)
		}
	}
	_, offline := historyOf(t, nil, "", "--dir", dir, "--offline")
	if found := p.verdicts(offline); !slices.Equal(found, want) || len(offline.Notes) > 0 {
		t.Errorf("offline: %q and notes %q, want %q", found, offline.Notes, want)
	}
}

// TestHistoryFaults: one vote or file that is odd leaves the others alone, and is named.
func TestHistoryFaults(t *testing.T) {
	t.Parallel()
	p := newPast(t, "", "one-vote")
	good := t.TempDir()
	if out, _ := historyOf(t, p.World, p.endpoint, "--dir", good); out.code != exitDone {
		t.Fatal(out)
	}
	changed := func(t *testing.T, old, new string) []byte {
		b, err := openBundle(p.file(good, 0), nil)
		if err != nil {
			t.Fatal(err)
		}
		var text bytes.Buffer
		if err := b.Write(&text, false); err != nil {
			t.Fatal(err)
		}
		return []byte(strings.Replace(text.String(), old, new, 1))
	}
	put := func(t *testing.T, name string, data []byte) {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tests := map[string]struct {
		change func(t *testing.T, dir string)
		want   []string // verdicts offline
		code   int
		says   string // in the row or a note
	}{
		"another claim": {func(t *testing.T, dir string) {
			put(t, p.file(dir, 0), changed(t, `"margin":"`, `"margin":"1`))
		}, []string{"not verified", "not reached"}, exitDisagree, "/vote/turnout/margin"},
		"other evidence": {func(t *testing.T, dir string) {
			put(t, p.file(dir, 0), changed(t, `"result":"0x0`, `"result":"0x1`))
		}, []string{"not verified", "not reached"}, exitDisagree, "does not verify"},
		"half a file": {func(t *testing.T, dir string) {
			data, _ := os.ReadFile(p.file(good, 0))
			put(t, p.file(dir, 0), data[:len(data)/2])
		}, []string{"not read", "not reached"}, exitTrouble, "not a readable bundle"},
		"the file of another vote": {func(t *testing.T, dir string) {
			data, _ := os.ReadFile(p.file(good, 1))
			put(t, p.file(dir, 0), data)
		}, []string{"not verified", "not reached"}, exitDisagree, p.ids[1]},
		"no vote": {func(t *testing.T, dir string) { put(t, p.file(dir, 0), fixtures.Example) },
			[]string{"not verified", "not reached"}, exitDisagree, "it is of no vote"},
		"a link": {func(t *testing.T, dir string) {
			if err := os.Remove(p.file(dir, 0)); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(p.file(good, 0), p.file(dir, 0)); err != nil {
				t.Fatal(err)
			}
		}, []string{"missing", "not reached"}, exitDone, "is not the bundle of a vote"},
		"a directory": {func(t *testing.T, dir string) {
			if err := os.Mkdir(filepath.Join(dir, hub.ID("x")+".json.gz"), 0o700); err != nil {
				t.Fatal(err)
			}
		}, []string{"reached", "not reached"}, exitDone, "is not the bundle of a vote"},
		"a foreign name": {func(t *testing.T, dir string) { put(t, filepath.Join(dir, "\x1b[2Jx'; rm.json.gz"), nil) },
			[]string{"reached", "not reached"}, exitDone, "is not the bundle of a vote"},
		"what is no bundle": {func(t *testing.T, dir string) {
			put(t, filepath.Join(dir, ".perpquorum-LEFT"), []byte("half"))
			put(t, filepath.Join(dir, "README.md"), nil)
		}, []string{"reached", "not reached"}, exitDone, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(good)); err != nil {
				t.Fatal(err)
			}
			test.change(t, dir)
			out, h := historyOf(t, nil, "", "--dir", dir, "--offline")
			if found := p.verdicts(h); !slices.Equal(found, test.want) || out.code != test.code ||
				!strings.Contains(strings.ReplaceAll(out.stdout, `\\`, `\`), test.says) {
				t.Errorf("exit code %d, %q: %s", out.code, found, out.stdout)
			}
			if name == "what is no bundle" && len(h.Notes) > 0 {
				t.Errorf("notes %q", h.Notes)
			}
			// What is wrong stays as it is, and is not read again.
			before := filesOf(t, dir)
			if out, _ := historyOf(t, p.World, p.endpoint, "--dir", dir); out.code != test.code && name != "a link" {
				t.Errorf("online: exit code %d, want %d", out.code, test.code)
			}
			for name, file := range before {
				if now, _ := os.ReadFile(filepath.Join(dir, name)); !bytes.Equal(now, file) {
					t.Errorf("%q was written", name)
				}
			}
		})
	}
	t.Run("a level that its bundles do not reach", func(t *testing.T) {
		out, h := historyOf(t, p.World, p.endpoint, "--dir", good, "--require", "proven", "--prove", "voters")
		if found := p.verdicts(h); out.code != exitTrouble || !slices.Equal(found, []string{"not read", "not read"}) ||
			!strings.Contains(h.Votes[0].Problem, "want proven") {
			t.Errorf("exit code %d, %q: %s", out.code, found, out.stdout)
		}
	})
	t.Run("another space", func(t *testing.T) {
		out, h := historyOf(t, nil, "", "--dir", good, "--offline", "--space", "other.eth")
		if out.code != exitDone || len(h.Votes) != 0 || len(h.Notes) != 2 || !strings.Contains(h.Notes[0], voteSpace) {
			t.Errorf("found %+v", h)
		}
	})
}

// TestHistoryHubFaults: votes that cannot be read are rows that say so.
func TestHistoryHubFaults(t *testing.T) {
	t.Parallel()
	refuse := &hub.Fault{Status: 400, Body: `{"errors":[{"message":"no"}]}`}
	tests := map[string]struct {
		change func(t *testing.T, p *past) []string // further arguments
		want   []string
		code   int
	}{
		"one vote": {func(t *testing.T, p *past) []string {
			p.hub.Update(func(o *hub.Options) {
				o.Fault = func(r hub.Request) *hub.Fault {
					if r.Root == "proposal" && r.Arguments["id"] == p.ids[1] {
						return refuse
					}
					return nil
				}
			})
			return []string{"--dir", t.TempDir()}
		}, []string{"reached", "not read", "disagrees"}, exitDisagree},
		"all votes": {func(t *testing.T, p *past) []string {
			p.hub.Update(func(o *hub.Options) {
				o.Fault = func(r hub.Request) *hub.Fault {
					if r.Root != "proposals" {
						return refuse
					}
					return nil
				}
			})
			return []string{"--check"}
		}, []string{"not read", "not read", "not read"}, exitTrouble},
		"an odd row": {func(t *testing.T, p *past) []string {
			p.hub.Update(func(o *hub.Options) { o.Proposals[2].Override = map[string]string{"quorum": "-1"} })
			return nil
		}, []string{"", "", "missing"}, exitTrouble},
		"another network": {func(t *testing.T, p *past) []string {
			p.hub.Update(func(o *hub.Options) { o.Proposals[1].Network = "137" })
			return nil
		}, []string{"", "not read", ""}, exitTrouble},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPast(t, "", "one-vote", "score")
			out, h := historyOf(t, p.World, p.endpoint, test.change(t, p)...)
			if found := p.verdicts(h); !slices.Equal(found, test.want) || out.code != test.code || len(h.Votes) != 3 {
				t.Errorf("exit code %d, %q, want %d, %q: %s", out.code, found, test.code, test.want, out.stdout)
			}
			if hinted := strings.Contains(out.stderr, "could not be read"); hinted != (test.code == exitTrouble) {
				t.Errorf("standard error: %q", out.stderr)
			}
		})
	}
}

// TestHistoryOfModels: votes are judged by any model, and those that it does not fit are no failure.
func TestHistoryOfModels(t *testing.T) {
	t.Parallel()
	p := newPast(t, "", "one-vote")
	fixed, yes, maybe := votingpower.PERP(), votingpower.PERP(), votingpower.PERP()
	fixed.Format, fixed.Quorum = votingpower.ModelFormat, votingpower.Quorum{Fixed: votingpower.NewTokens(1_000_000)}
	yes.Turnout.Choices, maybe.Turnout.Choices = []string{"Yes"}, []string{"Maybe"}
	for name, test := range map[string]struct {
		model           *votingpower.Model
		checked, quick  []string
		quorum, turnout string // of the second vote, unchecked
	}{
		"fixed":          {fixed, []string{"reached", "reached"}, []string{"", ""}, "1000000", "1168478.1070025694"},
		"choices":        {yes, []string{"reached", "not reached"}, []string{"", ""}, "7992084.4410227887027914309", ""},
		"no such choice": {maybe, []string{"not judged", "not judged"}, []string{"not judged", "not judged"}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := modelFile(t, test.model)
			out, h := historyOf(t, p.World, p.endpoint, "--model", file, "--check")
			if found := p.verdicts(h); out.code != exitDone || !slices.Equal(found, test.checked) {
				t.Errorf("exit code %d, %q, want %q", out.code, found, test.checked)
			}
			out, h = historyOf(t, p.World, p.endpoint, "--model", file)
			i := slices.IndexFunc(h.Votes, func(v report.HistoryVote) bool { return v.ID == p.ids[1] })
			if v := h.Votes[i]; out.code != exitDone || !slices.Equal(p.verdicts(h), test.quick) ||
				v.Quorum != test.quorum || v.Turnout != test.turnout {
				t.Errorf("exit code %d, row %+v", out.code, v)
			}
		})
	}
	out := onChains(t, p.World, "history", "--hub", p.endpoint, "--model", "gallery:gnosis")
	if out.code == exitDone || strings.Contains(out.stdout, p.ids[0]) {
		t.Errorf("votes of another space: %+v", out)
	}
}

// when makes the hub do something when it is asked for a proposal.
func (p *past) when(vote int, do func()) {
	p.hub.Update(func(o *hub.Options) {
		o.Fault = func(r hub.Request) *hub.Fault {
			if r.Root == "proposal" && r.Arguments["id"] == p.ids[vote] {
				do()
			}
			return nil
		}
	})
}

// TestHistoryInterrupted: what was written before stays, and the rest is read by the next run.
func TestHistoryInterrupted(t *testing.T) {
	t.Parallel()
	p := newPast(t, "", "one-vote")
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	p.when(1, cancel)
	args := []string{"history", "--dir", dir, "--hub", p.endpoint, "--allow-dev-chain",
		"--rpc", "ethereum=" + p.Ethereum.URL, "--rpc", "optimism=" + p.Optimism.URL}
	out := programUntil(ctx, args...)
	files := filesOf(t, dir)
	if !out.interrupted() || len(files) > 1 {
		t.Errorf("found %+v and %d files", out, len(files))
	}
	if out, h := historyOf(t, p.World, p.endpoint, "--dir", dir); out.code != exitDone || len(filesOf(t, dir)) != 2 {
		t.Errorf("then found %+v", h)
	}
}

// TestHistoryUnwritten: the folder is gone when a bundle is written. The row keeps its figures.
func TestHistoryUnwritten(t *testing.T) {
	t.Parallel()
	p := newPast(t, "score")
	dir := t.TempDir()
	p.when(0, func() { os.RemoveAll(dir) })
	out, h := historyOf(t, p.World, p.endpoint, "--dir", dir)
	if v := h.Votes[0]; out.code != exitDisagree || v.State != report.HistoryUnwritten || v.Verdict != vote.Disagrees ||
		v.Margin == "" || !strings.Contains(v.Problem, "not written") {
		t.Errorf("exit code %d, %+v", out.code, h.Votes)
	}
}

// TestHistoryWholeFiles kills a run while it fills a folder, and lets two more run at once: whatever the
// moment, each file is a whole bundle, and in the end all are there.
func TestHistoryWholeFiles(t *testing.T) {
	t.Parallel()
	p := newPast(t, "", "one-vote", "")
	dir := t.TempDir()
	start := func() func() error {
		cmd, _, _ := process(t, "history", "--dir", dir, "--hub", p.endpoint, "--allow-dev-chain",
			"--rpc", "ethereum="+p.Ethereum.URL, "--rpc", "optimism="+p.Optimism.URL)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		return func() error {
			cmd.Process.Kill()
			return cmd.Wait()
		}
	}
	kill := start()
	for deadline := time.Now().Add(time.Minute); len(filesOf(t, dir)) == 0 && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	kill()
	for name := range filesOf(t, dir) {
		if strings.HasSuffix(name, ".gz") {
			if _, different, err := recompute(filepath.Join(dir, name), nil); err != nil || len(different) > 0 {
				t.Errorf("%s after the kill: %v, %v", name, different, err)
			}
		}
	}
	var runs sync.WaitGroup
	for range 2 {
		runs.Go(func() {
			if out, _ := historyOf(t, p.World, p.endpoint, "--dir", dir); out.code != exitDone {
				t.Errorf("found %+v", out)
			}
		})
	}
	runs.Wait()
	_, h := historyOf(t, nil, "", "--dir", dir, "--offline")
	want := []string{"reached", "not reached", "reached"}
	if found := p.verdicts(h); !slices.Equal(found, want) {
		t.Errorf("%q, want %q", found, want)
	}
}

// BenchmarkHistoryMemory measures what a run holds at most while it checks votes of 2,000 voters: the same for
// one vote as for eight. Run it with
//
//	go test ./cmd/perpquorum -run '^$' -bench HistoryMemory -benchtime 1x
func BenchmarkHistoryMemory(b *testing.B) {
	for _, n := range []int{1, 8} {
		b.Run(fmt.Sprint(n, "_votes"), func(b *testing.B) {
			c := newCrowd(b, 2000, 2, latency{})
			c.hub.Update(func(o *hub.Options) {
				first, votes := o.Proposals[0], o.Votes
				for i := range n - 1 {
					p := first
					p.Title += fmt.Sprint(i)
					p.Sign()
					o.Proposals = append(o.Proposals, p)
					for _, v := range votes {
						v.Proposal = p.ID
						v.Sign()
						o.Votes = append(o.Votes, v)
					}
				}
			})
			for b.Loop() {
				dir := b.TempDir()
				cmd, memory, out := measure(b, append([]string{"history", "--dir", dir}, c.args[1:]...)...)
				if len(filesOf(b, dir)) != n {
					b.Fatalf("%v: %.3000s", cmd.ProcessState, out)
				}
				b.ReportMetric(float64(memory)/1e6, "MB")
			}
		})
	}
}

// TestHistoryMisuse finds what cannot work before anything is read.
func TestHistoryMisuse(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		args string
		code int
		says string
	}{
		{"--space other.eth", exitUsage, "--model"},
		{"--offline", exitUsage, "--dir"},
		{"--offline --dir . --check", exitUsage, "--check has no meaning"},
		{"--offline --dir . --rpc ethereum=http://127.0.0.1:1", exitUsage, "--rpc has no meaning"},
		{"--strict", exitUsage, "--check"},
		{"--last 0", exitUsage, "1 or more"},
		{"--since soon", exitUsage, "time"},
		{"--dir " + file, exitTrouble, "not a directory"},
		{"--offline --dir " + file + ".none", exitTrouble, "no such file"},
		{"--dir https://node.example/KEY", exitUsage, "--dir: want the name of a folder, found a URL\n"},
		{"-q", exitUsage, "hint: -q is a flag of check, verify"},
		{"--dir /proc/none", exitTrouble, "none"},
		{"--last 1", exitUsage, "no endpoint for ethereum, optimism"},
		{"--rpc ethereum=http://127.0.0.1:1 --rpc optimism=http://127.0.0.1:1 --rpc 137=http://127.0.0.1:1",
			exitTrouble, "127.0.0.1"},
	} {
		out := program(t, append(strings.Fields("history --timeout 5s --hub http://127.0.0.1:1/"),
			strings.Fields(test.args)...)...)
		if out.code != test.code || out.stdout != "" || !strings.Contains(out.stderr, test.says) {
			t.Errorf("%s: found %+v, want exit code %d and %q", test.args, out, test.code, test.says)
		}
	}
}
