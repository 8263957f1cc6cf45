package report

import "github.com/perpdao/perpquorum/votingpower/vote"

// Vote is the part of a document about a vote. Voting power is in tokens; the
// hub's doubles are written in their shortest decimal form.
type Vote struct {
	ID      string `json:"id"`
	Title   string `json:"title"`
	Hub     string `json:"hub"` // host
	Space   string `json:"space"`
	Network string `json:"network"`
	Type    string `json:"type"` // voting type
	// SnapshotBlock is the block of Network that the proposal names.
	SnapshotBlock uint64 `json:"snapshot_block"`
	Start         Moment `json:"start"`
	End           Moment `json:"end"`
	ReadAt        Moment `json:"read_at"`
	State         string `json:"state"` // "pending", "active" or "closed" at ReadAt
	Final         bool   `json:"final"`
	Votes         int    `json:"votes"`      // found, one per voter
	Superseded    int    `json:"superseded"` // further votes found of the same voters
	HubVotes      int    `json:"hub_votes"`  // as the hub counts
	// InvalidVotes have a choice that the voting type does not allow. They are in
	// the total, and in no score. InvalidPower is theirs, as the hub has it.
	InvalidVotes int    `json:"invalid_votes"`
	InvalidPower string `json:"invalid_power"`
	// Recount says how the hub's scores compare with the recount, such as
	// "agrees", or why there is no recount.
	Recount string      `json:"recount"`
	Scores  []VoteScore `json:"scores"` // one per choice
	Total   VoteScore   `json:"scores_total"`
	Turnout Turnout     `json:"turnout"`
	// Strategies are the proposal's voting strategies, with what each gives to the turnout.
	Strategies []Strategy `json:"strategies"`
	// StrategiesSHA256 is the SHA-256 hash of the strategies as data; see strategy.Hash.
	StrategiesSHA256 string `json:"strategies_sha256"`
	// PinnedBy lists what names exactly these strategies: "model", and "reader" if whoever read
	// the vote gave their hash.
	PinnedBy []string `json:"strategies_pinned_by"`
	// SnapshotShows is what Snapshot's own page says of the proposal: for voting
	// type basic "passed" or "rejected", for others "closed".
	SnapshotShows string    `json:"snapshot_shows"`
	HubQuorum     string    `json:"hub_quorum"` // the proposal's own, "0" for none
	Power         VotePower `json:"voting_power"`
	// Signatures says who signed the votes; nil if that was not read.
	Signatures *Signatures `json:"signatures,omitempty"`
	Strict     bool        `json:"strict"`
	// Ballot is the SHA-256 hash of the compact JSON of the vote's evidence, in DocumentFormat1.
	Ballot string `json:"ballot_sha256,omitempty"`
}

// Signatures says who signed the votes, with their power on the hub. A signature shows who cast a
// vote and for what, not that no vote is missing, nor when it was cast.
type Signatures struct {
	Verified VoteGroup `json:"verified"` // signed by the voter
	// ContractOrAlias are signed by another key, which is the voter's only by the word of a
	// contract or of the hub.
	ContractOrAlias []VoteGroup `json:"contract_or_alias"`
	NotCheckable    []VoteGroup `json:"not_checkable"`
	OfAnother       VoteGroup   `json:"of_another"` // signed by an address that is not the voter's
}

// VoteGroup is a number of votes.
type VoteGroup struct {
	Votes int    `json:"votes"`
	Power string `json:"power"`
	Why   string `json:"why,omitempty"` // a vote.Authority, or words
}

// VoteScore is one score, as the hub has it and recounted; "" where there is none.
type VoteScore struct {
	Choice  string `json:"choice,omitempty"`
	Hub     string `json:"hub"`
	Recount string `json:"recount"`
	Agrees  bool   `json:"agrees"`
}

// Turnout is the voting power that counts towards the quorum. Where it cannot
// be told yet, its figures are "".
type Turnout struct {
	// Counts lists the choices that count; empty means every vote, Abstain and
	// invalid choices included.
	Counts []string `json:"counts"`
	Winner bool     `json:"winner,omitempty"` // the votes for the choice with the highest score count
	Votes  int      `json:"votes"`            // that count
	// Source is "chains" (the exact sum of what was read for every counted vote),
	// "recomputed" (the exact sum of that and of figures in the proposal itself),
	// "hub scores_total" (the hub's double) or "hub votes" (the sum of the hub's
	// doubles of the counted votes).
	Source    vote.Source `json:"source"`
	BaseUnits string      `json:"base_units"`
	Tokens    string      `json:"tokens"`
	// Read is the part that was read from the chains, Established that of established
	// strategies, and Unsplit that of votes for which the hub gives no power by strategy. In tokens.
	Read        string `json:"read_from_chains"`
	Established string `json:"established"`
	Unsplit     string `json:"not_split_by_strategy"`
	// Hub is what the hub's doubles give for the same votes, in tokens, and
	// HubSource which of them; see Source.
	Hub       string      `json:"hub"`
	HubSource vote.Source `json:"hub_source"`
	// Rule is the comparison that decides. It is exact.
	Rule    string `json:"rule"`
	Reached bool   `json:"reached"` // by all of it; the verdict says whether that is established
	Margin  string `json:"margin"`  // turnout less quorum, in tokens
	// Share is the turnout as a part of the circulating voting power, in
	// percent, rounded to three decimals for a reader.
	Share string `json:"share_percent_rounded"`
}

// Strategy is a voting strategy of the proposal.
type Strategy struct {
	Strategy int    `json:"strategy"` // from 1
	Name     string `json:"name"`
	Network  string `json:"network"` // the proposal's, where the strategy names none
	// Reads lists what is read for each voter; empty if the strategy reads nothing, or cannot
	// be recomputed.
	Reads []StrategyRead `json:"reads"`
	// Source is "chains", "proposal" (the figures are in its parameters), "recomputed" (from
	// both) or "hub votes" (the sum of the hub's doubles).
	Source vote.Source `json:"source"`
	Tokens string      `json:"tokens"` // its part of the turnout; "" while that is not known
	// Share is that part in percent of the turnout, rounded to three decimals for a reader.
	Share       string        `json:"share_percent_rounded"`
	Established bool          `json:"established"`
	Standing    vote.Standing `json:"standing"` // what establishes it, or why nothing does
	Reason      string        `json:"reason"`   // the same in words
}

// StrategyRead is a function of a contract.
type StrategyRead struct {
	Chain    string `json:"chain"`
	Via      string `json:"via"`      // the chain whose block's time decides
	Contract string `json:"contract"` // "" for the chain's own currency
	Function string `json:"function"`
	Decimals int    `json:"decimals"`
}

// quorumRule is the comparison, in words that a report prints.
const quorumRule = "reached when turnout >= quorum"

// VotePower says what was recomputed of the voters' power.
type VotePower struct {
	Recomputed int `json:"recomputed"` // votes whose whole power was recomputed
	Differing  int `json:"differing"`  // votes with a figure that does not agree
	// Worst lists the figures that are furthest off, at most ten.
	Worst []PowerDifference `json:"worst"`
	// Agreement says how many votes agree with which block, where a chain has
	// several blocks with the snapshot's timestamp.
	Agreement    []string               `json:"agreement"`
	Blocks       []PowerBlock           `json:"blocks"`
	Unverifiable []UnverifiableStrategy `json:"unverifiable"`
	// Sample is there if only a sample of the voters is proven.
	Sample *Sample `json:"sample,omitempty"`
}

// PowerDifference is one figure of the hub that is not what the chains say, in
// voting power.
type PowerDifference struct {
	Voter      string `json:"voter"`
	Strategy   int    `json:"strategy"` // from 1; 0 for the total
	Name       string `json:"name"`     // of the strategy, or "total"
	Hub        string `json:"hub"`      // "" for none
	Recomputed string `json:"recomputed"`
	Difference string `json:"difference"` // hub less recomputed
}

// PowerBlock is a block that the voters' power was read at.
type PowerBlock struct {
	Chain  string `json:"chain"`
	Via    string `json:"via"` // the chain whose block's time decides
	Number uint64 `json:"block_number"`
	Hash   string `json:"block_hash"`
	Time   Moment `json:"block_time"`
	// Rule says why this block: "snapshot block", "named by number", "first at
	// or after the snapshot's time" or "last with the snapshot's time".
	Rule        string   `json:"rule"`
	Unfinalized bool     `json:"unfinalized"`
	Development bool     `json:"development"`
	ServedBy    []string `json:"served_by"` // labels of the endpoints
	Reads       int      `json:"reads"`
	Assurance
}

// UnverifiableStrategy is a strategy for which the hub's figures stand unchecked.
type UnverifiableStrategy struct {
	Strategy int    `json:"strategy"` // from 1
	Name     string `json:"name"`
	Reason   string `json:"reason"`
}
