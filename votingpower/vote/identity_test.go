package vote_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/perpdao/perpquorum/fixtures/hub"
	"github.com/perpdao/perpquorum/snapshot"
	"github.com/perpdao/perpquorum/votingpower/vote"
)

// signed is a vote that reached the quorum, on a proposal whose id is the hash of its
// content in a form.
func signed(t testing.TB, form string) *vote.Evidence {
	e := reached(t)
	p := e.Proposal
	p.Author, p.Body, p.Plugins = voter(7), "SYNTHETIC", json.RawMessage(`{}`)
	if form == hub.ProposalForm {
		p.App, p.Discussion, p.Privacy = "snapshot-v2", "https://forum.example/1", "shutter"
		p.Labels = []string{"fees"}
	}
	p.ID = hub.SignedID(form, p)
	return e
}

// aboutID is the finding about the proposal's id.
func aboutID(o *vote.Outcome) string {
	for _, f := range o.Findings {
		if strings.HasPrefix(string(f.Code), "proposal-id") || f.Code == vote.ProposalEdited {
			return string(f.Level) + " " + string(f.Code) + ": " + f.Detail
		}
	}
	return ""
}

// TestProposalID: the hub shows something else than the author signed.
func TestProposalID(t *testing.T) {
	const (
		matches = "info proposal-id-matches: the id is the hash of this content: author, space, time of creation, " +
			"type, title, body, discussion, choices, labels, start, end, snapshot, plugins, privacy, app. " +
			"It does not bind the quorum, the strategies, the network"
		with       = "failure proposal-id-differs: the id is that of a proposal with the "
		differs    = "failure proposal-id-differs: no known form of message explains the id"
		notChecked = "info proposal-id-not-checked: it cannot be compared with the content: "
		edited     = "warning proposal-edited: the hub says that it was edited at Fri, 19 May 2023 13:40:35 GMT; an edit"
	)
	type P = *snapshot.Proposal
	tests := map[string]struct {
		lie  func(p P)
		want string
	}{
		"nothing":           {func(P) {}, matches},
		"author":            {func(p P) { p.Author = voter(8) }, differs},
		"time of creation":  {func(p P) { p.Created++ }, differs},
		"type":              {func(p P) { p.Type = "single-choice" }, with + `type "basic"`},
		"title":             {func(p P) { p.Title += "." }, differs},
		"body":              {func(p P) { p.Body += "." }, differs},
		"discussion":        {func(p P) { p.Discussion = "" }, differs},
		"choices exchanged": {swapChoices, with + `choices "For, Against, Abstain"`},
		"choice renamed":    {func(p P) { p.Choices[0] = "Not against" }, differs},
		"labels":            {func(p P) { p.Labels = nil }, differs},
		"start":             {func(p P) { p.Start-- }, differs},
		"end":               {func(p P) { p.End++ }, differs},
		"privacy":           {func(p P) { p.Privacy = "" }, differs},
		"id":                {func(p P) { p.ID = "0x" + strings.Repeat("5c", 32) }, differs},

		"quorum":     {func(p P) { p.Quorum = 0 }, matches},
		"strategies": {swapStrategy, matches},
		"plugins": {func(p P) { p.Plugins = json.RawMessage(`{"poap":{}}`) },
			notChecked + "the plugins were signed as text"},
		"application": {func(p P) { p.App = "another" }, notChecked + "the hub rewrote the name of the application"},
		"not read":    {func(p P) { p.Body, p.Plugins = "", nil }, notChecked + "the row lacks fields"},
		"an older id": {func(p P) { p.ID = "QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPBdG" },
			notChecked + "the id is not the hash of a typed message"},

		"edited":              {func(p P) { p.Title, p.Updated = "SYNTHETIC", p.Created+60 }, edited},
		"edited, to the same": {func(p P) { p.Updated = p.Created + 60 }, matches},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			e := signed(t, hub.ProposalForm)
			test.lie(e.Proposal)
			askAgain(t, e)
			want, strict := vote.Reached, vote.NotEstablished
			switch {
			case strings.HasPrefix(test.want, "failure"):
				want, strict = vote.Disagrees, vote.Disagrees
			case test.want == matches:
				strict = vote.Reached
			}
			for isStrict, want := range map[bool]vote.Verdict{false: want, true: strict} {
				e.Strict = isStrict
				o := check(t, e)
				if got := aboutID(o); !strings.HasPrefix(got, test.want) {
					t.Errorf("found %s, want %s", got, test.want)
				}
				if o.Verdict != want {
					t.Errorf("strict %t: verdict %s, want %s; %v", isStrict, o.Verdict, want, noticed(o))
				}
			}
		})
	}
}

func swapChoices(p *snapshot.Proposal) { p.Choices = []string{"Against", "For", "Abstain"} }

func swapStrategy(p *snapshot.Proposal) {
	p.Strategies[0].Params = json.RawMessage(`{"address":"` + perpOnL1 + `"}`)
}

// TestProposalIDBindsSnapshot: the snapshot block is signed as well. The vote is open, since
// voters of a final one are read at that block.
func TestProposalIDBindsSnapshot(t *testing.T) {
	e := signed(t, hub.ProposalForm)
	e.ReadAt, e.Power = e.Proposal.End, nil
	e.Proposal.Snapshot--
	if got := aboutID(check(t, e)); !strings.HasPrefix(got, "failure proposal-id-differs") {
		t.Errorf("found %s", got)
	}
}

// TestProposalIDOf2021: until June 2022 the id also binds strategies and network, as a text
// that the hub does not keep. Other strategies than signed are not checkable, and no lie.
func TestProposalIDOf2021(t *testing.T) {
	e := signed(t, hub.FirstProposalForm)
	const matches = "start, end, snapshot, network, strategies, plugins, metadata. It does not bind the quorum"
	if got := aboutID(check(t, e)); !strings.HasSuffix(got, matches) {
		t.Errorf("found %s, want %s", got, matches)
	}
	swapStrategy(e.Proposal)
	askAgain(t, e)
	o := check(t, e)
	const want = "info proposal-id-not-checked: it cannot be compared with the content: " +
		"the strategies may have been signed as text"
	if got := aboutID(o); !strings.HasPrefix(got, want) || o.Verdict != vote.Reached {
		t.Errorf("verdict %s, found %s, want %s", o.Verdict, got, want)
	}
	if e.Strict = true; check(t, e).Verdict != vote.NotEstablished {
		t.Error("strict: a verdict")
	}
}

// TestRewrittenPrivacy: a space's own setting takes the place of the author's.
func TestRewrittenPrivacy(t *testing.T) {
	e := signed(t, hub.ProposalForm)
	p := e.Proposal
	p.Privacy = ""
	p.ID = hub.SignedID(hub.ProposalForm, p)
	p.Privacy = "shutter"
	const want = `the network; the hub shows the privacy otherwise than signed, as ""`
	if got := aboutID(check(t, e)); !strings.HasPrefix(got, "info ") || !strings.HasSuffix(got, want) {
		t.Errorf("found %s, want %s", got, want)
	}
}

// TestSnapshotTime: the snapshot must be older than the vote. Clocks may be five minutes apart.
func TestSnapshotTime(t *testing.T) {
	const (
		slack    = 5 * 60
		day      = 24 * 3600
		early    = "warning snapshot-long-before-creation: the snapshot block is of Fri, 19 May 2023 13:39:35 GMT, "
		late     = "warning snapshot-after-creation: the snapshot block is of Fri, 19 May 2023 13:39:35 GMT, "
		tooLate  = "failure snapshot-after-voting-began: the snapshot block is of Fri, 19 May 2023 13:39:35 GMT, "
		inFuture = "failure snapshot-not-reached: the snapshot block is of Fri, 19 May 2023 13:39:35 GMT, "
	)
	tests := map[string]struct {
		created, start, read int64 // seconds after the snapshot block
		verdict              vote.Verdict
		want                 string
	}{
		"at once":        {0, 0, 2000, vote.Reached, ""},
		"within clocks":  {-slack, -slack, 2000, vote.Reached, ""},
		"a day before":   {day, 100, 2000, vote.Reached, ""},
		"more than that": {day + 1, 100, 2000, vote.Reached, early + "24 hours before the proposal was made"},
		"years before":   {800 * day, 100, 2000, vote.Reached, early + "800 days before the proposal was made"},
		"not known":      {-snapshotTime, 0, 2000, vote.Reached, ""},
		"after creation": {-slack - 1, 100, 2000, vote.Reached,
			late + "5 minutes after the proposal was made at Fri, 19 May 2023 13:34:34 GMT"},
		"after the start": {-slack - 1, -slack - 1, 2000, vote.Disagrees,
			tooLate + "5 minutes after voting began at Fri, 19 May 2023 13:34:34 GMT"},
		"long after it": {0, 1 - snapshotTime, 2000, vote.Disagrees, tooLate + "19496 days after voting began"},
		"in the future": {0, 100, -slack - 1, vote.NotFinal,
			inFuture + "5 minutes after the proposal was read at Fri, 19 May 2023 13:34:34 GMT"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			e := reached(t)
			p := e.Proposal
			p.Created, p.Start, e.ReadAt = snapshotTime+test.created, snapshotTime+test.start, snapshotTime+test.read
			o := check(t, e)
			var want []string
			if test.want != "" {
				want = append(want, test.want)
			}
			if test.verdict == vote.NotFinal {
				want = append(want, "warning vote-not-final")
			}
			wants(t, noticed(o), want...)
			if o.Verdict != test.verdict {
				t.Errorf("verdict %s, want %s", o.Verdict, test.verdict)
			}
		})
	}
}

// TestHubTimes: what the hub says of editing and counting has to fit its other times.
func TestHubTimes(t *testing.T) {
	type E = *vote.Evidence
	const counted, edited = "warning hub-times-contradict: the hub says that the votes were counted for good at ",
		"warning hub-times-contradict: the hub says that the proposal was edited at "
	tests := map[string]struct {
		lie  func(E)
		want string
	}{
		"edited in time":        {func(e E) { e.Proposal.Updated = e.Proposal.Start }, ""},
		"edited before":         {func(e E) { e.Proposal.Updated = 1 }, edited + "Thu, 01 Jan 1970"},
		"edited while voting":   {func(e E) { e.Proposal.Updated = e.Proposal.End }, edited + "Fri, 19 May 2023"},
		"counted at the end":    {func(e E) { e.Proposal.ScoresUpdated = e.Proposal.End - 300 }, ""},
		"counted before":        {func(e E) { e.Proposal.ScoresUpdated = 1636700000 }, counted + "Fri, 12 Nov 2021"},
		"counted after reading": {func(e E) { e.Proposal.ScoresUpdated = e.ReadAt + 301 }, counted + "Fri, 19 May 2023"},
		"never counted":         {func(e E) { e.Proposal.ScoresUpdated = 0 }, ""},
		"counted meanwhile": {func(e E) {
			e.ReadAt, e.Power, e.Proposal.ScoresUpdated = e.Proposal.End, nil, e.Proposal.Start
		}, "warning vote-not-final"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			e := reached(t)
			test.lie(e)
			o := check(t, e)
			var want []string
			if test.want != "" {
				want = []string{test.want}
			}
			wants(t, slices.DeleteFunc(noticed(o), func(found string) bool {
				return !strings.Contains(found, "hub-times") && !strings.Contains(found, "not-final")
			}), want...)
			if e.Strict = true; test.want != "" && check(t, e).Verdict == vote.Reached {
				t.Error("strict: reached")
			}
		})
	}
}
