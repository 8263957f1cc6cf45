package signature

import (
	"strings"

	"github.com/perpdao/perpquorum/snapshot"
)

// proposalForms are the types of proposals, the newest first, by the history of
// src/sign/types.ts in snapshot.js. The hub still takes all that begin with from.
var proposalForms = func() []form {
	const (
		head  = "string space,uint64 timestamp,string type,string title,string body,"
		talk  = head + "string discussion,"
		times = "uint64 start,uint64 end,uint64 snapshot,"
		first = "string[] choices," + times + "string network,string strategies,string plugins,string metadata"
		text  = talk + "string[] choices," + times
		full  = talk + "string[] choices,string[] labels," + times + "string plugins,"
	)
	return []form{
		newForm("Proposal", "since 2025-06-18", "string from,"+full+"string privacy,string app"),
		newForm("Proposal", "2024-11-29 to 2025-06-18", "address from,"+full+"string privacy,string app"),
		newForm("Proposal", "2024-10-04 to 2024-11-29", "address from,"+full+"string app"),
		newForm("Proposal", "2022-08-05 to 2024-10-04", "address from,"+text+"string plugins,string app"),
		newForm("Proposal", "2022-06-11 to 2022-08-05", "address from,"+text+"string plugins"),
		newForm("Proposal", "2022-06-11", "address from,"+text+"string network,string plugins"),
		newForm("Proposal", "2022-03-29 to 2022-06-11", "address from,"+talk+first),
		newForm("Proposal", "2021-07-11 to 2022-03-29", "address from,"+head+first),
		newForm("Proposal", "2021-06-28 to 2021-07-11", head+first),
	}
}()

// CheckProposal compares the id of a proposal with its content, which needs the
// fields that [snapshot.Proposal] marks as signed.
//
// A proposal whose id does not match is [NotCheckable] if it was edited: an edit
// is signed by itself and keeps the id. One without an application's name or
// labels may have been signed in a form of before August 2022, with its
// strategies as a text that the hub does not keep.
func CheckProposal(p *snapshot.Proposal) Check {
	id, ok := idHash(p.ID)
	if !ok {
		return notCheckable(NotHash)
	}
	r := proposalReadings(p)
	if m, d, ok := r.find(proposalForms, id, domains()); ok {
		return m.check(Matches, d)
	}
	if p.Updated != 0 {
		return notCheckable(Edited)
	}
	if c, ok := r.changed(proposalForms, id, proposalAlternatives(p)); ok {
		return c
	}
	switch {
	case p.Plugins == nil:
		return notCheckable(NotRead)
	case !isEmptyJSON(p.Plugins):
		return notCheckable(PluginsText)
	case p.App == "" && len(p.Labels) == 0:
		return notCheckable(StrategiesText)
	case appRewritten(p.App, p.Created):
		return notCheckable(AppRewritten)
	}
	return Check{Verdict: Differs}
}

func proposalReadings(p *snapshot.Proposal) readings {
	r := readings{}
	r.addSigner(p.Author)
	r.addTexts("string space", p.Space)
	r.add("uint64 timestamp", numberWord(uint64(p.Created)))
	r.addTexts("string type", typeNames(p.Type)...)
	r.addTexts("string title", p.Title)
	r.addTexts("string body", p.Body)
	r.addTexts("string discussion", p.Discussion)
	r.add("string[] choices", hashTexts(p.Choices))
	r.add("string[] labels", hashTexts(p.Labels))
	r.add("uint64 start", numberWord(uint64(p.Start)))
	r.add("uint64 end", numberWord(uint64(p.End)))
	r.add("uint64 snapshot", numberWord(p.Snapshot))
	r.addTexts("string network", p.Network)
	r.addTexts("string strategies", strategyTexts(p)...)
	r.addTexts("string plugins", spellings(p.Plugins)...)
	r.addTexts("string metadata", "{}", "")
	r.addTexts("string privacy", p.Privacy)
	if p.Privacy != "" { // the space's setting takes precedence
		r.addOther("string privacy", "privacy", "")
	}
	r.addApp(p.App, p.Created)
	return r
}

// typeNames are the texts that mean a voting type: an empty one is stored as
// single-choice.
func typeNames(name string) []string {
	if name == "" || name == "single-choice" {
		return []string{"single-choice", ""}
	}
	return []string{name}
}

// strategyTexts spells the strategies as the clients of 2021 and 2022 may have:
// the order of the keys is not kept, and the hub fills in the proposal's network
// where a strategy has none.
func strategyTexts(p *snapshot.Proposal) []string {
	spell := func(networkLast, all bool) string {
		items := make([]string, len(p.Strategies))
		for i, s := range p.Strategies {
			network, params := "", ""
			if s.Network != "" && (all || s.Network != p.Network) {
				network = `,"network":` + quote(s.Network)
			}
			if s.Params != nil {
				params = `,"params":` + stringify(s.Params)
			}
			if networkLast {
				network, params = params, network
			}
			items[i] = `{"name":` + quote(s.Name) + network + params + "}"
		}
		return "[" + strings.Join(items, ",") + "]"
	}
	return []string{spell(false, false), spell(true, false), spell(false, true), spell(true, true)}
}
