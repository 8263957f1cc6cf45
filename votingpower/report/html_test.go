package report_test

import (
	"encoding/json"
	"fmt"
	"html"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/perpdao/perpquorum/votingpower"
	"github.com/perpdao/perpquorum/votingpower/report"
)

var tag = regexp.MustCompile(`<[^>]*>`)

// shown is what a reader sees of a page: its text, in one line.
func shown(page string) string {
	_, body, _ := strings.Cut(page, "<body>")
	body, _, _ = strings.Cut(body, "<script>")
	return strings.Join(strings.Fields(html.UnescapeString(tag.ReplaceAllString(body, " "))), " ")
}

// published is a bundle as it would be of public chains.
func published(t testing.TB, name string) *report.Bundle {
	b := load(t, name)
	b.Synthetic = ""
	return b
}

// votedBy is a vote of one type and its votes' choices, counted anew.
func votedBy(t testing.TB, kind string, choices ...string) *report.Bundle {
	b := load(t, "reached")
	b.Vote.Proposal.Type = kind
	for i, choice := range choices {
		b.Vote.Votes[i].Choice = json.RawMessage(choice)
	}
	recount(t, b)
	return b
}

// What a page says of each kind of report, and what it must not say.
func TestPageSays(t *testing.T) {
	t.Parallel()
	unknown := open(t)
	unknown.Evidence.Model.Turnout.Choices = []string{"For"}
	unknown.Vote.Votes[0].Choice, unknown.Vote.Proposal.ScoresState = []byte(`"0xabcd"`), "pending"
	doubtful := load(t, "reached") // an open vote whose scores the hub has not counted yet
	doubtful.Vote.ReadAt, doubtful.Vote.Power = doubtful.Vote.Proposal.End, nil
	doubtful.Vote.Proposal.Scores[0] -= 1000
	winner := votedBy(t, "single-choice", "1", "2")
	winner.Evidence.Model.Format, winner.Evidence.Model.Turnout.Winner = votingpower.ModelFormat, true
	ofHub := published(t, "reached")
	ofHub.Vote.Hub, ofHub.Vote.Proposal.ID = "hub.snapshot.org", "0x"+strings.Repeat("ab", 32)
	signed := load(t, "reached")
	signByAlias(t, signed.Vote)
	for name, test := range map[string]struct {
		bundle   *report.Bundle
		want     []string
		unwanted []string
	}{
		"reached": {load(t, "reached"), []string{"Quorum reached Synthetic figures The turnout of 16,000,007.625 PERP " +
			"reaches the quorum of 14,639,538.5 PERP, with 1,360,469.125 PERP to spare. " +
			"The power of all 4 votes was recomputed, and agrees.",
			"For 2 votes 10,000,007.500 62.5% agrees", "Found right", "Nobody can read the same figures"},
			[]string{"differs", "Failures"}},
		"short by one wei": {load(t, "short"), []string{"Quorum not reached",
			"misses the quorum of", "by 0.000000000000000001 PERP", "Missing, PERP 0.000000000000000001"}, []string{"To spare"}},
		"disagrees": {disagreeing(t), []string{"Figures disagree: no verdict to rely on", "By these figures, the turnout of",
			"differs: 2,000,000.000", "The hub's power of 1 of 4 votes is not what was recomputed."}, nil},
		"not established": {unestablished(t), []string{"Quorum not established", "would by itself reach the quorum of",
			"Established: 16,000,007.625 of it.", "No voter's whole power can be recomputed"},
			[]string{"differs:", "Quorum reached"}},
		"no strategy recomputed": {votedByAPI(t), []string{"The voters' power was not read from the chains."},
			[]string{"what was recomputed agrees"}},
		"open": {open(t), []string{"Not final yet", "reaches the quorum of 14,639,538.5 PERP so far, with",
			"The voters' power was not read from the chains.", "not recomputed"}, []string{"Quorum reached"}},
		"open, not counted yet": {doubtful, []string{"recounted: 10,000,007.500"}, []string{"differs"}},
		"turnout not known": {unknown, []string{"The turnout is not known yet.", "Turnout, PERP not known yet",
			"Difference, PERP not known yet"},
			[]string{"To spare, PERP 0", "Turnout and quorum as shares"}},
		"approval": {votedBy(t, "approval", "[1,2]", "[2]"), []string{"For, Against"}, []string{"% agrees"}},
		"weighted": {votedBy(t, "weighted", `{"2":1,"1":3}`), []string{"For × 3, Against × 1"}, nil},
		"winner":   {winner, []string{"for the winning choice (the first of several with the same score), with the"}, nil},
		"custom": {custom(t, votingpower.NewTokens(100)), []string{
			"The quorum is 100 REEF, the maximum of the model, instead of what the contract says.",
			"Model not built in", `The model says of itself: "Delegated voting power."`, "quorumVotes() says 123 REEF"},
			[]string{"Circulating supply"}},
		"format 1": {load(t, "../format1/examplevote"), []string{"Evidence, SHA-256 7d45", "Proposal and votes, SHA-256 1290",
			"does not cover the mark of synthetic figures, nor the vote"}, []string{"Bundle, SHA-256"}},
		"signatures": {signed, []string{"Signature On the hub", "For signed by an alias 10,000,000.000",
			"Signatures: 0 signed by the voter (power 0), 1 by a contract or an alias"}, []string{"are not checked here"}},
		"public": {ofHub, []string{"Read the chains anew", "perpquorum check 0xabab"}, []string{"Synthetic"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := strings.ReplaceAll(shown(render(t, test.bundle, report.HTML)), "\u00a0", " ")
			for _, text := range test.want {
				if !strings.Contains(got, text) {
					t.Errorf("%q is missing in: %s", text, got)
				}
			}
			for _, text := range test.unwanted {
				if strings.Contains(got, text) {
					t.Errorf("%q is in: %s", text, got)
				}
			}
		})
	}
}

// Links lead to the pages of what was read, and nowhere where those would show something else.
func TestPageLinks(t *testing.T) {
	t.Parallel()
	links := func(b *report.Bundle) string {
		return strings.Join(regexp.MustCompile(`href="https?:[^"]*"`).FindAllString(render(t, b, report.HTML), -1), " ")
	}
	b := published(t, "reached")
	b.Vote.Hub, b.Vote.Proposal.ID = "hub.snapshot.org", "0x"+strings.Repeat("ab", 32)
	for _, want := range []string{"https://etherscan.io/block/17293885", "https://optimistic.etherscan.io/address/0x",
		"https://etherscan.io/address/" + perp, "https://snapshot.box/#/s:vote-perp.eth/proposal/0xabab"} {
		if got := links(b); !strings.Contains(got, want) {
			t.Errorf("%s is not in %s", want, got)
		}
	}
	b.Vote.Hub = "hub.example"
	if got := links(b); strings.Contains(got, "snapshot.box") {
		t.Errorf("found %s", got)
	}
	if got := links(load(t, "reached")); got != "" {
		t.Errorf("synthetic: found %s", got)
	}
}

// The size of a page has a bound, however many voters, choices and letters there are; those whose power
// does not agree are shown first.
func TestPageSize(t *testing.T) {
	t.Parallel()
	b := open(t)
	p, cast := b.Vote.Proposal, b.Vote.Votes
	p.Title = strings.Repeat("title ", 10_000)
	for i := range 5000 {
		p.Choices = append(p.Choices, fmt.Sprint("choice ", i))
	}
	b.Vote.Votes = nil
	for i := range 100_000 {
		v := cast[i%len(cast)]
		v.ID, v.Voter = fmt.Sprintf("0x%064d", i), fmt.Sprintf("0x%040d", i)
		b.Vote.Votes = append(b.Vote.Votes, v)
	}
	p.Votes, p.ScoresByStrategy = len(b.Vote.Votes), nil
	page := render(t, b, report.HTML)
	if len(page) > 400_000 {
		t.Errorf("the page has %d bytes", len(page))
	}
	text := shown(page)
	for _, want := range []string{"The 50 with the most power on the hub, of 100000 votes", "CSV has all of them",
		"more choices are left out"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in: %.3000s", want, text)
		}
	}
	_, voters, _ := strings.Cut(shown(render(t, disagreeing(t), report.HTML)), " Agrees ")
	if !regexp.MustCompile(`^\S+ \S+ \S+ Against \S+ \S+ differs`).MatchString(voters) { // not the most power
		t.Errorf("found %.200s", voters)
	}
}

// Whatever strangers write, the elements of a page stay the same, and nothing hidden comes through.
func TestForeignTextInPage(t *testing.T) {
	t.Parallel()
	text := regexp.MustCompile(` (title|data-copy|data-l|content|href)="[^"]*"`)
	whole := regexp.MustCompile(`(?s)<details><summary>The whole title.*?</details>`)
	elements := func(page string) string {
		page = whole.ReplaceAllString(page, "")
		return text.ReplaceAllString(strings.Join(tag.FindAllString(page, -1), "\n"), "")
	}
	plain := elements(render(t, strange(t, "x"), report.HTML))
	for name, s := range forgeries {
		page := render(t, strange(t, s), report.HTML)
		if got := elements(page); got != plain {
			t.Errorf("%s: other elements: %s", name, got)
		}
		for _, r := range html.UnescapeString(page) {
			if r != '\n' && r != '\t' && !unicode.IsGraphic(r) {
				t.Errorf("%s: %U came through", name, r)
			}
		}
	}
}
