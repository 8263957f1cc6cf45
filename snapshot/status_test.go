package snapshot_test

import (
	"strings"
	"testing"
	"time"

	"github.com/perpdao/perpquorum/snapshot"
)

func TestStatus(t *testing.T) {
	const start, end = 1_700_000_000, 1_700_600_000
	tests := []struct {
		name   string
		now    time.Time
		scores string
		state  string
		reason string // "" if final
	}{
		{"at the start", time.Unix(start, 999_999_999), "pending", "pending", "voting opens at 2023-11-14T22:13:20Z"},
		{"just after", time.Unix(start+1, 0), "pending", "active", "voting is open until 2023-11-21T20:53:20Z"},
		{"at the end", time.Unix(end, 999_999_999), "final", "active", "voting is open until 2023-11-21T20:53:20Z"},
		{"closed, not counted", time.Unix(end+1, 0), "pending", "closed",
			`voting is closed, but the hub's scores_state is "pending", expected "final"`},
		{"closed, legacy", time.Unix(end+1, 0), "", "closed",
			`voting is closed, but the hub's scores_state is "", expected "final"`},
		{"closed, count failed", time.Unix(end+1, 0), "invalid", "closed", `voting is closed, but the hub's scores_state ` +
			`is "invalid", expected "final": its last count failed, and the scores are those of an earlier one`},
		{"final", time.Unix(end+1, 0), "final", "closed", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := &snapshot.Proposal{Start: start, End: end, ScoresState: test.scores, State: "closed"}
			want := snapshot.Status{State: test.state, Final: test.reason == "", Reason: test.reason}
			if got := p.Status(test.now); got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
		})
	}
}

func TestShown(t *testing.T) {
	tests := []struct {
		name       string
		typ        string
		scores     []float64
		total      float64
		quorum     float64
		quorumType string
		want       string
	}{
		{"passed", "basic", []float64{60, 40, 0}, 100, 50, "default", "passed"},
		{"quorum met exactly", "basic", []float64{60, 40, 0}, 100, 100, "default", "passed"},
		{"quorum missed", "basic", []float64{60, 40, 0}, 100, 100.00000000000001, "default", "rejected"},
		{"abstain counts towards the quorum", "basic", []float64{2, 1, 97}, 100, 100, "default", "passed"},
		{"so do invalid choices", "basic", []float64{2, 1, 0}, 100, 100, "", "passed"},
		{"tie", "basic", []float64{50, 50, 0}, 100, 0, "default", "rejected"},
		{"against", "basic", []float64{40, 60, 0}, 100, 0, "default", "rejected"},
		{"no quorum", "basic", []float64{1, 0}, 1, 0, "default", "passed"},
		{"no votes", "basic", nil, 0, 0, "default", "rejected"},
		{"rejection quorum not exceeded", "basic", []float64{0, 50, 0}, 50, 50, "rejection", "passed"},
		{"rejection quorum exceeded", "basic", []float64{99, 51, 0}, 150, 50, "rejection", "rejected"},
		{"other type", "single-choice", []float64{60, 40}, 100, 500, "default", "closed"},
		{"legacy type", "", []float64{60, 40}, 100, 500, "default", "closed"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := &snapshot.Proposal{Type: test.typ, Start: 10, End: 20, Scores: test.scores, ScoresTotal: test.total,
				Quorum: test.quorum, QuorumType: test.quorumType}
			for now, want := range map[int64]string{10: "pending", 20: "active", 21: test.want} {
				if got := p.Shown(time.Unix(now, 0)); got != want {
					t.Errorf("at %d: got %q, want %q", now, got, want)
				}
			}
		})
	}
}

// TestShownBefore: the older page counted towards the quorum what the space's settings said.
func TestShownBefore(t *testing.T) {
	for name, test := range map[string]struct {
		change func(p *snapshot.Proposal)
		want   float64
		says   string
	}{
		"no setting":     {func(*snapshot.Proposal) {}, 0, ""},
		"hidden abstain": {func(p *snapshot.Proposal) { p.HideAbstain = true }, 90, "all but Abstain"},
		"a plugin": {func(p *snapshot.Proposal) { p.HideAbstain, p.BasicCount = true, []int{0, 2, 2, 9, -1} },
			70, "plugin"},
		"another type": {func(p *snapshot.Proposal) { p.HideAbstain, p.Type = true, "single-choice" }, 0, ""},
		"a rejection":  {func(p *snapshot.Proposal) { p.HideAbstain, p.QuorumType = true, "rejection" }, 0, ""},
		"two choices":  {func(p *snapshot.Proposal) { p.HideAbstain, p.Scores = true, p.Scores[:2] }, 90, "all but Abstain"},
	} {
		p := &snapshot.Proposal{
			Type: "basic", Choices: []string{"For", "Against", "Abstain"}, Scores: []float64{60, 30, 10},
		}
		test.change(p)
		got, why := p.ShownBefore()
		if got != test.want || !strings.Contains(why, test.says) || (why == "") != (test.says == "") {
			t.Errorf("%s: %v, %q; want %v, %q", name, got, why, test.want, test.says)
		}
	}
}
