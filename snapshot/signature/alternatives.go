package signature

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/perpdao/perpquorum/snapshot"
)

// Where no known form of message gives the id, the row is tried with one field
// changed. If that gives the id, the change is proven.

// maxAlternatives bounds the choices that are tried for a vote, and the number of choices
// up to which all pairs of a proposal's choices are exchanged. maxChoicesText bounds the
// bytes of these choices.
const (
	maxAlternatives = 32
	maxChoicesText  = 1 << 14
)

// proposalAlternatives are the changes that can be recognised: another voting
// type, and two choices that changed places.
func proposalAlternatives(p *snapshot.Proposal) readings {
	alternatives := readings{}
	for _, name := range []string{
		"single-choice", "basic", "approval", "weighted", "quadratic", "ranked-choice", "copeland",
	} {
		if name != p.Type {
			alternatives.addOther("string type", "type", name)
		}
	}
	if len(p.Choices) > maxAlternatives || len(strings.Join(p.Choices, "")) > maxChoicesText {
		return alternatives
	}
	for i := range p.Choices {
		for k := range i {
			swapped := exchanged(p.Choices, i, k)
			alternatives["string[] choices"] = append(alternatives["string[] choices"],
				reading{hashTexts(swapped), "choices", strings.Join(swapped, ", ")})
		}
	}
	return alternatives
}

func exchanged[T any](list []T, i, k int) []T {
	list = slices.Clone(list)
	list[i], list[k] = list[k], list[i]
	return list
}

// voteAlternatives are the changes that can be recognised: another choice, a
// reason where none was given, and another application than an official one.
func voteAlternatives(p *snapshot.Proposal, v *snapshot.Vote) readings {
	alternatives := readings{}
	for _, choice := range otherChoices(v.Choice, min(len(p.Choices), maxAlternatives)) {
		alternatives.addOtherChoice(choice)
	}
	if reasonReplaced(v.Created) {
		return alternatives
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

// addOtherChoice adds a choice that the row does not say. It adds the choice as text only
// if it is neither a number nor a list of numbers.
func (r readings) addOtherChoice(choice json.RawMessage) {
	one := readings{}
	one.addChoice(choice)
	for _, declaration := range []string{"uint32 choice", "uint32[] choice", "string choice"} {
		if values := one[declaration]; values != nil {
			r[declaration] = append(r[declaration], reading{values[0].word, "choice", string(choice)})
			return
		}
	}
}

// otherChoices lists choices near the one given: each other number, lists near
// a list, a single weight somewhere else.
func otherChoices(raw json.RawMessage, n int) []json.RawMessage {
	var number uint32
	var list []uint32
	var weights map[string]json.RawMessage
	var others []any
	switch {
	case json.Unmarshal(raw, &number) == nil:
		for k := range uint32(n) {
			others = append(others, k+1)
		}
	case json.Unmarshal(raw, &list) == nil:
		others = nearLists(list, uint32(n))
	case json.Unmarshal(raw, &weights) == nil && len(weights) == 1:
		for _, weight := range weights {
			for k := range n {
				others = append(others, map[int]json.RawMessage{k + 1: weight})
			}
		}
	}
	var texts []json.RawMessage
	for _, other := range others[:min(len(others), maxAlternatives)] {
		if text, err := json.Marshal(other); err == nil {
			texts = append(texts, text)
		}
	}
	return texts
}

// nearLists are those with two neighbours exchanged, one number less or one more.
func nearLists(list []uint32, n uint32) (others []any) {
	if len(list) > maxAlternatives {
		return nil
	}
	for i := 1; i < len(list); i++ {
		others = append(others, exchanged(list, i-1, i))
	}
	for i := range list {
		others = append(others, slices.Delete(slices.Clone(list), i, i+1))
	}
	for k := range n {
		if !slices.Contains(list, k+1) {
			others = append(others, append(slices.Clone(list), k+1))
		}
	}
	return others
}
