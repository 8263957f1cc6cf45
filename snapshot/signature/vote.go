package signature

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/perpdao/perpquorum/snapshot"
)

// voteForms are the types of votes that Snapshot's server trusts
// (src/sign/hashedTypes.json in snapshot.js), the newest first. The kind of
// choice is not tied to the voting type.
var voteForms = func() []form {
	const full = ",string reason,string app,string metadata"
	var forms []form
	add := func(from, tail string) {
		for _, proposal := range []string{"string proposal", "bytes32 proposal"} {
			for _, choice := range []string{"uint32 choice", "uint32[] choice", "string choice"} {
				fields := from + ",string space,uint64 timestamp," + proposal + "," + choice + tail
				forms = append(forms, newForm("Vote", "", fields))
			}
		}
	}
	add("string from", full)
	for _, tail := range []string{full, ",string reason,string app", ",string app", "", ",string metadata"} {
		add("address from", tail)
	}
	return forms
}()

// CheckVote compares the id of a vote for p with its content.
//
// A vote that was signed with its weights, a sealed choice or metadata as text
// can be rebuilt only if that text was spelled as Snapshot's own clients do.
// Without the vote's reason, app and metadata those of official clients are tried.
//
// A row that matches takes some microseconds, one that nothing explains a few
// milliseconds.
func CheckVote(p *snapshot.Proposal, v *snapshot.Vote) Check {
	id, ok := idHash(v.ID)
	if !ok {
		return notCheckable(NotHash)
	}
	r := voteReadings(p, v)
	if m, d, ok := r.find(voteForms, id, domains()); ok {
		return m.check(Matches, d)
	}
	if c, ok := r.changed(voteForms, id, voteAlternatives(p, v)); ok {
		return c
	}
	return r.unexplained(p, v)
}

// unexplained is the check of a vote whose id none of the messages gives.
func (r readings) unexplained(p *snapshot.Proposal, v *snapshot.Vote) Check {
	sealed := isSealed(v.Choice)
	switch {
	case p.Privacy != "" && p.Privacy != "any" && !sealed:
		return notCheckable(Encrypted)
	case !sealed && r["uint32 choice"] == nil && r["uint32[] choice"] == nil:
		return notCheckable(ChoiceText)
	case v.Metadata == nil:
		return notCheckable(NotRead)
	case !isEmptyJSON(v.Metadata):
		return notCheckable(MetadataText)
	case appRewritten(v.App, v.Created):
		return notCheckable(AppRewritten)
	case reasonReplaced(v.Created):
		return notCheckable(ReasonReplaced)
	}
	return Check{Verdict: Differs}
}

func voteReadings(p *snapshot.Proposal, v *snapshot.Vote) readings {
	r := readings{}
	r.addSigner(v.Voter)
	r.addTexts("string space", p.Space)
	r.add("uint64 timestamp", numberWord(uint64(v.Created)))
	r.addTexts("string proposal", p.ID)
	if hash, ok := idHash(p.ID); ok {
		r.add("bytes32 proposal", hash)
	}
	r.addChoice(v.Choice)
	r.addTexts("string reason", v.Reason)
	if v.Reason != "" && reasonReplaced(v.Created) {
		r.addOther("string reason", "reason", "")
	}
	if v.Metadata == nil {
		r.addTexts("string app", "", "snapshot", "snapshot-v2")
	} else {
		r.addApp(v.App, v.Created)
	}
	r.addTexts("string metadata", spellings(v.Metadata)...)
	return r
}

// addChoice adds what a choice may have been signed as: a number, a list of
// numbers, or the JSON text of anything.
func (r readings) addChoice(raw json.RawMessage) {
	r.addTexts("string choice", stringify(raw))
	var text string
	var list []json.RawMessage
	if n, ok := choiceNumber(raw); ok {
		r.add("uint32 choice", numberWord(n))
	}
	if json.Unmarshal(raw, &text) == nil {
		r.addTexts("string choice", text)
	}
	if json.Unmarshal(raw, &list) == nil && list != nil {
		if numbers, ok := choiceNumbers(list); ok {
			r.add("uint32[] choice", hashList(numbers, numberWord))
		}
	}
}

func choiceNumbers(list []json.RawMessage) ([]uint64, bool) {
	numbers := make([]uint64, len(list))
	for i, raw := range list {
		n, ok := choiceNumber(raw)
		if !ok {
			return nil, false
		}
		numbers[i] = n
	}
	return numbers, true
}

// choiceNumber reads what a client can sign as a number: one, or its text.
func choiceNumber(raw json.RawMessage) (uint64, bool) {
	var text string
	if json.Unmarshal(raw, &text) != nil {
		text = stringify(raw)
	}
	digits, base := text, 10
	if hex, ok := strings.CutPrefix(text, "0x"); ok {
		digits, base = hex, 16
	}
	n, err := strconv.ParseUint(digits, base, 32)
	return n, err == nil
}

// isSealed reports whether a choice is still encrypted.
func isSealed(raw json.RawMessage) bool {
	var text string
	if json.Unmarshal(raw, &text) != nil {
		return false
	}
	sealed, err := hexBytes(text)
	return err == nil && len(sealed) > 32
}
