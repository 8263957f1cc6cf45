// Package snapshot reads proposals and votes from a Snapshot (snapshot.org) hub.
// [Proposal.Status] says whether a result can still change, and [Proposal.Shown]
// what Snapshot's own pages make of it. Package snapshot/tally recounts it.
//
// # Reading
//
// A [Client] asks a hub's GraphQL API; its zero value asks Snapshot's own. Ids
// come from people, so [ParseProposalRef] takes an id or the URL of a
// proposal's page:
//
//	ref, err := snapshot.ParseProposalRef(os.Args[1])
//	…
//	var client snapshot.Client
//	proposal, err := client.Proposal(ctx, ref.ID)
//	…
//	list, err := client.Votes(ctx, proposal)
//
// [Client.Votes] reads every vote, beyond the 6,000 that a list of the hub gives
// for one filter, and then the proposal again. From then on list.Proposal is the
// proposal to use: its counts belong to these votes. A final proposal whose votes
// do not add up ends in an [IncompleteError] next to the list, so that a script
// stops and an audit can name the difference. A voter's superseded rows are kept
// apart in [VoteList], not dropped.
//
// A client only sends queries. In particular it never asks for /api/scores, which
// makes the hub recount: a closed proposal may stay "pending" until somebody
// opens its page.
//
// # Never a wrong number
//
// Two generations of the hub exist, and both are understood: they differ in what
// may be null, in the order of ties, and in the status of an error, which is why
// failures are classified by body and not by status. A field that is missing,
// null, negative, infinite or of another kind is a [FieldError], never a zero.
// Doubles arrive as JSON numbers and are read to the nearest double, which is
// exactly the one the hub printed. A choice stays the JSON that the voter sent.
//
// # Failures
//
// Callers branch with errors.Is: [ErrNotFound] (no such proposal), [ErrRefused]
// and [ErrAuth] (asking again will not help), [ErrUnavailable] and [ErrRateLimit]
// (it may, later), [ErrProtocol] (not a hub's answer). Transient failures are
// asked again, up to [Client].Retries times, with full jitter. The client paces
// itself below the hub's limit, stops when the hub says that the minute is used
// up, and waits as long as Retry-After asks, unless that is longer than the
// context or [Client].MaxWait allows: then it fails at once. A cancelled context
// ends every wait at once. No error holds the endpoint's URL or the API key.
//
// # What is trusted
//
// The hub is trusted for the votes themselves. [Client.Messages] reads their
// signatures, and package snapshot/signature checks them.
// Dropped votes show in the count only as long as the hub's own count is honest.
package snapshot

import (
	"encoding/json"
)

// Proposal is a proposal as the hub gives it. Times are Unix seconds; scores
// are the hub's doubles, unchanged.
type Proposal struct {
	ID      string `json:"id"`
	IPFS    string `json:"ipfs,omitempty"`
	Author  string `json:"author,omitempty"`
	Space   string `json:"space"`   // space id, such as "vote-perp.eth"
	Network string `json:"network"` // EIP-155 chain id in decimal
	// Type is the voting type; "" in old proposals means single-choice.
	Type       string     `json:"type"`
	Title      string     `json:"title"`
	Choices    []string   `json:"choices"`
	Strategies []Strategy `json:"strategies"`
	Created    int64      `json:"created"`
	Updated    int64      `json:"updated,omitempty"`
	Start      int64      `json:"start"`
	End        int64      `json:"end"`
	Snapshot   uint64     `json:"snapshot"` // block number on Network
	State      string     `json:"state"`    // as the hub saw its clock; compute your own from Start and End
	Privacy    string     `json:"privacy,omitempty"`
	Quorum     float64    `json:"quorum"`     // absolute, in voting power; 0 means none
	QuorumType string     `json:"quorumType"` // "default" or "rejection"
	Link       string     `json:"link,omitempty"`
	Flagged    bool       `json:"flagged,omitempty"`
	// HideAbstain and BasicCount (choices, from 0) are the space's settings of now, by which Snapshot's
	// older page decided what counts towards the quorum. Lists of proposals do not have them.
	HideAbstain bool  `json:"hide_abstain,omitempty"`
	BasicCount  []int `json:"basic_count,omitempty"`
	// The rest of what the author signed. Plugins is nil where they were not all
	// read; the hub has at least an empty object.
	Body       string          `json:"body,omitempty"`
	Discussion string          `json:"discussion,omitempty"`
	Labels     []string        `json:"labels,omitempty"`
	Plugins    json.RawMessage `json:"plugins,omitempty"`
	App        string          `json:"app,omitempty"` // the program that made the proposal
	// Scores holds one score per choice, or is empty before the first count.
	Scores []float64 `json:"scores"`
	// ScoresByStrategy is [choice][strategy]; old proposals hold null cells.
	ScoresByStrategy [][]*float64 `json:"scores_by_strategy"`
	ScoresState      string       `json:"scores_state"` // only "final" is final
	ScoresTotal      float64      `json:"scores_total"`
	ScoresUpdated    int64        `json:"scores_updated"` // Unix seconds, 0 = never
	Votes            int          `json:"votes"`          // number of votes the hub counts
}

// Strategy is one voting strategy of a proposal. The hub fills a missing
// Network of a top-level strategy with the proposal's, not that of nested ones.
type Strategy struct {
	Name    string          `json:"name"`
	Network string          `json:"network,omitempty"`
	Params  json.RawMessage `json:"params,omitempty"`
}

// Vote is one voter's vote as the hub gives it.
type Vote struct {
	ID      string `json:"id"`
	IPFS    string `json:"ipfs,omitempty"`
	Voter   string `json:"voter"`   // EIP-55 address, or a 66-character Starknet address
	Created int64  `json:"created"` // Unix seconds, signed by the voter; not the arrival time
	// Choice is a number, a list, an object of weights or sealed text,
	// depending on the voting type; numbering starts at 1.
	Choice       json.RawMessage `json:"choice"`
	VP           float64         `json:"vp"`
	VPByStrategy []float64       `json:"vp_by_strategy"`
	VPState      string          `json:"vp_state"`
	// The rest of what the voter signed. Metadata is nil where they were not all
	// read; the hub has at least an empty object.
	Reason   string          `json:"reason,omitempty"`
	App      string          `json:"app,omitempty"` // the program that cast the vote
	Metadata json.RawMessage `json:"metadata,omitempty"`
}

// Message is what the hub keeps of the signature of a proposal or vote.
type Message struct {
	ID      string `json:"id"`      // that of the proposal or vote
	Address string `json:"address"` // who signed, by the hub's word
	Sig     string `json:"sig"`     // in hexadecimal; "0x" where a contract signed on the chain
	Version string `json:"version"` // of the message's form, such as "0.1.4"
}

// VoteList is every vote of a proposal, as [Client.Votes] read it.
type VoteList struct {
	// Votes holds one vote per voter, the latest, ordered by Created, then ID.
	Votes []Vote `json:"votes"`
	// Superseded holds rows that a later row of the same voter replaced. On an
	// open proposal a voter who votes again during the read leaves one; on a
	// final proposal the hub should hold one row per voter, so anything here
	// means that it counted a voter twice.
	Superseded []Vote `json:"superseded,omitempty"`
	// Odd lists rows that are not votes, as the hub gave them; CheckRow says why. Their
	// power is not known.
	Odd []string `json:"odd_rows,omitempty"`
	// Proposal is the proposal as read again after the last page of votes:
	// the one these votes belong to.
	Proposal *Proposal `json:"-"`
}

// Rows returns the number of rows read, which for a final proposal equals
// [Proposal].Votes unless the hub withholds or invents votes.
func (l *VoteList) Rows() int { return len(l.Votes) + len(l.Superseded) + len(l.Odd) }

// Treasury is an account that a space calls a treasury.
type Treasury struct {
	Name    string `json:"name"`
	Address string `json:"address"` // as the hub has it
	Network string `json:"network"` // EIP-155 chain id in decimal
}

// Space is a DAO's page on the hub. Its settings are today's: a proposal keeps
// those of its creation.
type Space struct {
	ID         string     `json:"id"`
	Name       string     `json:"name"`
	Network    string     `json:"network"` // EIP-155 chain id in decimal
	Symbol     string     `json:"symbol"`
	Strategies []Strategy `json:"strategies"`
	Quorum     float64    `json:"quorum"` // absolute, in voting power; 0 means none
}
