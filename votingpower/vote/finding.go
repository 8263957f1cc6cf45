package vote

import (
	"fmt"
	"strconv"
	"strings"
)

// Verdict is the outcome of a report in one word or two.
type Verdict string

// The verdicts.
const (
	Measured   Verdict = "measured"    // voting power and quorum, no vote to judge
	Reached    Verdict = "reached"     // the vote reached the quorum
	NotReached Verdict = "not reached" // the vote is final and missed the quorum
	NotFinal   Verdict = "not final"   // the vote can still change
	Disagrees  Verdict = "disagrees"   // what was recomputed differs from what was claimed
	// NotEstablished: the quorum is reached only with power that nothing binds to the model, or
	// something was not checked although the evidence demands it.
	NotEstablished Verdict = "not established"
)

// Level is the weight of a finding.
type Level string

// The levels, from harmless to serious.
const (
	Info    Level = "info"
	Warning Level = "warning" // the figures are right, but not what they may seem
	Failure Level = "failure" // something does not agree
)

// Finding is something a reader should know. Title and Detail are plain text for people, and may
// be worded differently in another version. Text of a hub, a model or a bundle stands in Detail
// in quotes, cut, and with what does not print escaped, so that it cannot pass for words of ours.
type Finding struct {
	Level  Level  `json:"level"`
	Code   Code   `json:"code"`
	Title  string `json:"title"` // Code.Title
	Detail string `json:"detail"`
}

// Code names a kind of finding, for programs. It stays the same in every version.
type Code string

// Title is the code in words.
func (c Code) Title() string {
	return strings.ToUpper(string(c[:1])) + strings.ReplaceAll(string(c[1:]), "-", " ")
}

// The codes of circulating voting power and quorum.
const (
	SyntheticFigures   Code = "synthetic-figures"     // they are made up
	ModelUnreviewed    Code = "model-unreviewed"      // nobody is named who compared it with its sources
	QuorumImpossible   Code = "quorum-impossible"     // it is more than all voting power
	QuorumZero         Code = "quorum-zero"           // any vote reaches it, even without voters
	DevelopmentChain   Code = "development-chain"     // a chain is not the public one of its id
	BlockNotFinal      Code = "block-not-final"       // a block that was read can still be replaced
	BlockFinalByAge    Code = "block-final-by-age"    // no endpoint said which block is finalized
	BlockOfNewFork     Code = "block-of-new-fork"     // its header has fields unknown to this program
	BlockPinned        Code = "block-pinned"          // a block was named by number
	OneHostAgreed      Code = "endpoints-of-one-host" // their agreement may be that of one node with itself
	EndpointWrongState Code = "endpoint-wrong-state"  // an endpoint answered from another block's state
	EndpointWrongProof Code = "endpoint-wrong-proof"  // an endpoint gave wrong Merkle proofs
	EndpointIncomplete Code = "endpoint-incomplete"   // an endpoint lacks a part of the block's state
	EndpointDiffers    Code = "endpoint-differs-from-proof"
	EvidenceRecomputed Code = "evidence-recomputed" // hashes and figures follow from the evidence
)

// The codes of a vote.
const (
	NetworkDiffers             Code = "network-differs"        // proposal and model take their snapshot on two chains
	SnapshotBlockDiffers       Code = "snapshot-block-differs" // the figures are of another block than the proposal's
	SnapshotBlockMatches       Code = "snapshot-block-matches"
	SnapshotNotReached         Code = "snapshot-not-reached" // the block did not exist when the proposal was read
	SnapshotAfterVotingBegan   Code = "snapshot-after-voting-began"
	SnapshotAfterCreation      Code = "snapshot-after-creation"
	SnapshotLongBeforeCreation Code = "snapshot-long-before-creation" // by more than a day
	ProposalIDMatches          Code = "proposal-id-matches"           // it is the hash of the content
	ProposalIDDiffers          Code = "proposal-id-differs"
	ProposalEdited             Code = "proposal-edited"         // which keeps its id
	ProposalIDNotChecked       Code = "proposal-id-not-checked" // it is no hash, or of texts that the hub does not keep
	HubTimesContradict         Code = "hub-times-contradict"    // each other
	ProposalFlagged            Code = "proposal-flagged"        // Snapshot warns of the proposal
	VoteIDsMatch               Code = "vote-ids-match"          // they are the hashes of the votes
	VoteIDDiffers              Code = "vote-id-differs"
	VoteIDsNotChecked          Code = "vote-ids-not-checked"
	SignaturesChecked          Code = "signatures"                // who signed the votes
	SignatureOfAnother         Code = "signature-of-another"      // neither the voter's, nor an alias's or a contract's
	SignatureOfUnlisted        Code = "signature-of-unlisted-key" // that the hub lists as no alias, or no longer
	VoteFinal                  Code = "vote-final"
	VoteNotFinal               Code = "vote-not-final"
	VotesChanged               Code = "votes-changed"    // the hub recounted while the votes were read
	VotesComplete              Code = "votes-complete"   // as many as the hub counted
	VotesIncomplete            Code = "votes-incomplete" // more or fewer than the hub counted
	VoteUnreadable             Code = "vote-unreadable"  // a row of the hub's list is no vote
	VoteOutsidePeriod          Code = "vote-outside-the-voting-period"
	DuplicateVoter             Code = "duplicate-voter"
	ExcludedWalletVoted        Code = "excluded-wallet-voted" // its tokens do not circulate
	ScoresAgree                Code = "scores-agree"
	ScoresDiffer               Code = "scores-differ"
	ScoresNotRecounted         Code = "scores-not-recounted"
	ScoresByStrategyUncounted  Code = "scores-by-strategy-not-recounted" // scores and total agree
	NearTie                    Code = "near-tie"                         // rounding could have decided otherwise
	OlderRules                 Code = "older-rules"                      // today's would give other scores
	VotesLeftOut               Code = "votes-left-out"                   // the hub is known to have left such votes out
	ChoicesSealed              Code = "choices-still-sealed"             // they were never decrypted
	VotingPowerAgrees          Code = "voting-power-agrees"
	VotingPowerDiffers         Code = "voting-power-differs"
	VotingPowerNotRecomputed   Code = "voting-power-not-recomputed"
	StrategiesPinned           Code = "strategies-pinned"
	StrategiesDiffer           Code = "strategies-differ"        // they are not the pinned ones
	StrategyUnverifiable       Code = "strategy-unverifiable"    // it cannot be recomputed from the chains
	StrategyNotEstablished     Code = "strategy-not-established" // nothing binds its power to the model
	QuorumNotEstablished       Code = "quorum-not-established"
	TurnoutUnknown             Code = "turnout-not-known-yet" // named choices count, and some are encrypted
	TurnoutAbovePower          Code = "turnout-above-the-circulating-voting-power"
	TurnoutHubDiffers          Code = "hub-turnout-would-decide-otherwise"
	TurnoutWithinRounding      Code = "turnout-within-rounding-of-the-quorum"
	TurnoutDependsOnBlock      Code = "turnout-depends-on-the-block" // blocks that agree equally well decide differently
	HubQuorumMissing           Code = "no-quorum-on-the-hub"
	HubQuorumAgrees            Code = "quorum-on-the-hub-agrees"
	HubQuorumDiffers           Code = "quorum-on-the-hub-differs"
	HubQuorumShown             Code = "quorum-shown-otherwise" // by an older page of Snapshot's
)

// add adds a finding to a list.
func add(to *[]Finding, level Level, code Code, detail string, args ...any) {
	*to = append(*to, Finding{level, code, code.Title(), fmt.Sprintf(detail, args...)})
}

// find adds a finding.
func (o *Outcome) find(level Level, code Code, detail string, args ...any) {
	add(&o.Findings, level, code, detail, args...)
}

// doubt warns of something that could not be checked.
func (o *Outcome) doubt(code Code, detail string, args ...any) {
	o.find(Warning, code, detail, args...)
	o.doubts++
}

// quoted is foreign text in quotes, cut to so many characters, with what does not print escaped.
func quoted(text string, most int) string {
	if letters := []rune(text); len(letters) > most {
		text = string(letters[:most-1]) + "…"
	}
	return strconv.Quote(text)
}

// name quotes a name of the hub's or the model's.
func name(text string) string { return quoted(text, 80) }

// longest is how many findings or figures of one kind are listed; the rest is counted.
const longest = 10

// shorten keeps the findings from an index on, which are of one kind, readable.
func (o *Outcome) shorten(from int) {
	if more := len(o.Findings) - from - longest; more > 0 {
		o.Findings = o.Findings[:from+longest+1]
		o.Findings[from+longest].Detail = fmt.Sprintf("and %d more", more)
	}
}

// count writes a number with what it is the number of.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
