package signature

import (
	"encoding/json"
	"slices"
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
func CheckVote(p *snapshot.Proposal, v *snapshot.Vote) Check {
	id, ok := idHash(v.ID)
	if !ok {
		return notCheckable(NotHash)
	}
	r := voteReadings(p, v)
	if m, chainID, ok := r.find(voteForms, id, chains); ok {
		return m.check(Matches, chainID)
	}
	if c, ok := r.changed(voteForms, id, voteAlternatives(p, v)); ok {
		return c
	}
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
		r.add("uint32 choice", numberWord(uint64(n)))
	}
	if json.Unmarshal(raw, &text) == nil {
		r.addTexts("string choice", text)
	}
	if json.Unmarshal(raw, &list) == nil && list != nil {
		if numbers, ok := choiceNumbers(list); ok {
			r.add("uint32[] choice", hashNumbers(numbers))
		}
	}
}

func choiceNumbers(list []json.RawMessage) ([]uint32, bool) {
	numbers := make([]uint32, len(list))
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
func choiceNumber(raw json.RawMessage) (uint32, bool) {
	var text string
	if json.Unmarshal(raw, &text) != nil {
		text = stringify(raw)
	}
	digits, base := text, 10
	if hex, ok := strings.CutPrefix(text, "0x"); ok {
		digits, base = hex, 16
	}
	n, err := strconv.ParseUint(digits, base, 32)
	return uint32(n), err == nil
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

// maxAlternatives bounds the changed choices that are tried for a vote, and the
// choices of a proposal of which all pairs are exchanged.
const maxAlternatives = 32

// voteAlternatives are the changes that can be recognised: another choice, a
// reason where none was given, and another application than an official one.
func voteAlternatives(p *snapshot.Proposal, v *snapshot.Vote) readings {
	alternatives := readings{}
	for _, choice := range otherChoices(v.Choice, min(len(p.Choices), maxAlternatives)) {
		one := readings{}
		one.addChoice(choice)
		for declaration, values := range one {
			values[0].field, values[0].signed = "choice", string(choice)
			alternatives[declaration] = append(alternatives[declaration], values[0])
		}
	}
	for _, app := range officialApps {
		if v.App != "" && app != v.App {
			alternatives.addOther("string app", "app", app)
		}
	}
	if v.Reason != "" {
		alternatives.addOther("string reason", "reason", "")
	}
	return alternatives
}

// otherChoices lists choices near the one given: each other number; a list with
// one number more, one less, or two neighbours exchanged; a single weight
// somewhere else.
func otherChoices(raw json.RawMessage, n int) []json.RawMessage {
	var number uint32
	var list []uint32
	var weights map[string]json.RawMessage
	var others []json.RawMessage
	add := func(v any) {
		if text, err := json.Marshal(v); err == nil {
			others = append(others, text)
		}
	}
	switch {
	case json.Unmarshal(raw, &number) == nil:
		for k := range uint32(n) {
			if k+1 != number {
				add(k + 1)
			}
		}
	case json.Unmarshal(raw, &list) == nil && len(list) <= maxAlternatives:
		for i := range list {
			add(slices.Delete(slices.Clone(list), i, i+1))
			if i > 0 {
				swapped := slices.Clone(list)
				swapped[i-1], swapped[i] = swapped[i], swapped[i-1]
				add(swapped)
			}
		}
		for k := range uint32(n) {
			if !slices.Contains(list, k+1) {
				add(append(slices.Clone(list), k+1))
			}
		}
	case json.Unmarshal(raw, &weights) == nil && len(weights) == 1:
		for _, weight := range weights {
			for k := range n {
				add(map[int]json.RawMessage{k + 1: weight})
			}
		}
	}
	return others
}
