package signature

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"github.com/ethereum/go-ethereum/common"
	"github.com/go-json-experiment/json/jsontext"
)

// Times in Unix seconds between which the hub kept something else than what was
// signed. A month is added on both sides, because the days of deployment are not
// known and a vote's time is the voter's word.
const (
	month            = 30 * 24 * 3600
	appRewrittenFrom = 1665187200 - month // 2022-10-08, snapshot-hub a9ed6c3
	appRewrittenTo   = 1733529600 + month // 2024-12-07, snapshot-sequencer 0c82c4e
	reasonKeptFrom   = 1661472000 - month // 2022-08-26, snapshot-sequencer 72b8bc5
	reasonKeptTo     = 1664582400 + month // 2022-10-01
)

// officialApps are the names that Snapshot's own clients sign; "" is that of
// clients before August 2022.
var officialApps = []string{"", "snapshot", "snapshot-v2"}

// appRewritten reports whether the hub may have stored another name than the
// signed one: it kept names in kebab case, which leaves the official ones alone.
func appRewritten(app string, created int64) bool {
	return created >= appRewrittenFrom && created < appRewrittenTo && !slices.Contains(officialApps, app)
}

// reasonReplaced reports whether the reason may be that of an earlier vote of
// the same voter.
func reasonReplaced(created int64) bool { return created >= reasonKeptFrom && created < reasonKeptTo }

// addApp adds the name of the application, and those that the hub may have
// rewritten: the usual spellings of which kebab case makes this one, or official
// names, which it did not keep at first.
func (r readings) addApp(app string, created int64) {
	r.addTexts("string app", app)
	var names []string
	switch {
	case app == "":
		names = officialApps
	case appRewritten(app, created):
		names = kebabSources(app)
	}
	for _, name := range names {
		if name != app {
			r.addOther("string app", "app", name)
		}
	}
}

var beforeDigits = regexp.MustCompile(`-([0-9])`)

// kebabSources spells the words of a name in kebab case in other usual ways.
// Kebab case also sets digits apart: snapshot-v2 became snapshot-v-2.
func kebabSources(app string) []string {
	joined := beforeDigits.ReplaceAllString(app, "$1")
	words := strings.Split(joined, "-")
	titles := make([]string, len(words))
	for i, word := range words {
		titles[i] = strings.ToUpper(word[:min(1, len(word))]) + word[min(1, len(word)):]
	}
	pascal := strings.Join(titles, "")
	return []string{
		joined, words[0] + strings.Join(titles[1:], ""), pascal, strings.Join(titles, " "), strings.Join(words, " "),
		strings.Join(words, "_"), strings.ToUpper(joined),
	}
}

// addSigner adds an author or voter: an EIP-55 address, or one of Starknet,
// which is text.
func (r readings) addSigner(signer string) {
	if !common.IsHexAddress(signer) {
		r.addTexts("string from", signer)
		return
	}
	address := common.HexToAddress(signer)
	r.add("address from", common.BytesToHash(address[:]))
	r.addTexts("string from", address.Hex())
	if signer != address.Hex() {
		r.addTexts("string from", signer)
	}
}

// stringify spells JSON as JavaScript's JSON.stringify does, which is how clients
// make text of what they sign: no blanks, few escapes, and numbers as JavaScript
// prints them. Keys keep their order, which is JavaScript's own in the hub's
// answers. It returns "" for text that is not JSON.
func stringify(raw json.RawMessage) string {
	text, err := jsontext.AppendFormat(nil, raw,
		jsontext.CanonicalizeRawInts(true), jsontext.CanonicalizeRawFloats(true),
		jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if err != nil {
		return ""
	}
	return string(text)
}

// quote is stringify of a text.
func quote(s string) string {
	text, err := jsontext.AppendQuote(nil, s)
	if err != nil {
		return "" // not UTF-8, which nobody can sign
	}
	return string(text)
}

// spellings are the texts that a stored JSON object may have had. The hub stores
// an empty object also for an empty text.
func spellings(raw json.RawMessage) []string {
	if isEmptyJSON(raw) {
		return []string{"{}", ""}
	}
	return []string{stringify(raw)}
}

// isEmptyJSON reports whether a field holds nothing: an empty object or list, null,
// or was not read.
func isEmptyJSON(raw json.RawMessage) bool {
	switch stringify(raw) {
	case "", "{}", "[]", "null":
		return true
	}
	return false
}
