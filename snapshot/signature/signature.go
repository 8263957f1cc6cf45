// Package signature compares the ids of proposals and votes with their content,
// and finds who signed them. It asks nobody: rows and signatures are read by
// package snapshot.
//
// Since August 2021 the id of a proposal or vote is the EIP-712 hash of the
// message its author signed. [CheckProposal] and [CheckVote] rebuild that message
// from the hub's row, in every form that Snapshot's clients are known to have
// signed, until the hash is the id. [CheckSigner] recovers who signed a vote. [CheckVotes]
// and [CheckSigners] do the same for many votes, on all processors.
//
// # What a matching id proves
//
// That the row says what was hashed, in the fields that [Check.Binds] names:
// nobody can make another row with the same id. It proves no author, because
// anybody can hash a row of his own; together with a [Verified] signature it
// proves that the voter signed this row.
//
// # What it does not prove
//
//   - That no vote is missing. A hub that drops or withholds votes shows correct
//     ids and signatures of the others.
//   - When a vote was cast: Created is the signer's word.
//   - Its voting power, or anything about the proposal that its author does not
//     sign: the quorum never was signed, strategies and network only in the forms
//     used until June 2022.
//   - Anything about a proposal that was edited: an edit before the start keeps
//     the id, which then binds nothing.
//
// A row that cannot be rebuilt is not a forged one. Where a signed text is not
// kept as it was (the spelling of JSON, a choice that was encrypted, an
// application's name that the hub rewrote) the result is [NotCheckable] and says
// why. [Differs] with a Field is proven: the id is the hash of this very row with
// another value in that field. Differs without a Field means that no known form
// of message explains the id.
package signature

import (
	"strings"

	"github.com/ethereum/go-ethereum/common"
)

// Verdict is the outcome of comparing an id with its row.
type Verdict string

const (
	Matches      Verdict = "matches"
	Differs      Verdict = "differs"
	NotCheckable Verdict = "not checkable"
)

// Reason says why something is not checkable.
type Reason string

const (
	NotHash        Reason = "the id is not the hash of a typed message"
	NotRead        Reason = "the row lacks fields that were signed"
	Edited         Reason = "the proposal was edited, which keeps its id"
	Encrypted      Reason = "the choice was signed encrypted"
	ChoiceText     Reason = "the choice was signed as text, and its spelling is not kept"
	MetadataText   Reason = "the metadata was signed as text, and its spelling is not kept"
	PluginsText    Reason = "the plugins were signed as text, and its spelling is not kept"
	StrategiesText Reason = "the strategies may have been signed as text, and its spelling is not kept"
	AppRewritten   Reason = "the hub rewrote the name of the application"
	ReasonReplaced Reason = "the hub kept the reason of the voter's earlier vote"
)

// Check is the comparison of an id with its row.
type Check struct {
	Verdict Verdict `json:"verdict"`
	Reason  Reason  `json:"reason,omitempty"` // why it is not checkable
	// Type is the EIP-712 type of the message whose hash the id is, such as
	// "Vote(string from,…)". It is empty if none was found.
	Type    string `json:"type,omitempty"`
	Era     string `json:"era,omitempty"`      // when Snapshot's clients signed this type of proposal
	ChainID uint64 `json:"chain_id,omitempty"` // in the domain; 0 where it has none, as mostly
	// Field is the one signed field that is not as the row says, and Signed what
	// was signed. With Matches the hub is known to rewrite the field.
	Field  string `json:"field,omitempty"`
	Signed string `json:"signed,omitempty"`
}

// Binds names the fields of the message whose hash the id is, in their order:
// "space", "title", … "timestamp" is the row's created, "from" its author or voter.
func (c Check) Binds() []string {
	_, list, ok := strings.Cut(strings.TrimSuffix(c.Type, ")"), "(")
	if !ok {
		return nil
	}
	var names []string
	for declaration := range strings.SplitSeq(list, ",") {
		_, name, _ := strings.Cut(declaration, " ")
		names = append(names, name)
	}
	return names
}

func notCheckable(why Reason) Check { return Check{Verdict: NotCheckable, Reason: why} }

// idHash returns the hash that an id is. Ids of the other forms (Qm…, bafkrei…)
// are hashes of files that the row does not hold.
func idHash(id string) (common.Hash, bool) {
	if len(id) != 66 || !strings.HasPrefix(id, "0x") {
		return common.Hash{}, false
	}
	raw, err := hexBytes(id)
	return common.BytesToHash(raw), err == nil
}
