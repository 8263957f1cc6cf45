package strategy

import (
	"encoding/json"
	"strings"
)

// listed gives the voters of an inline list their score, by address in any case.
type listed map[string]Score

// parseWhitelist: 1 for listed addresses. A list behind a url can change after
// the vote, so it cannot be recomputed.
func parseWhitelist(params json.RawMessage) (scorer, error) {
	var p struct {
		Addresses []string
		URL       json.RawMessage `json:"url"`
	}
	if err := decode(params, &p); err != nil {
		return nil, cannot("params: %v", err)
	}
	if !falsy(p.URL) {
		return nil, cannot("its list of addresses is behind a url and can change")
	}
	l := listed{}
	for _, a := range p.Addresses {
		l[strings.ToLower(a)] = whole(1)
	}
	return l, nil
}

func (listed) places() []Place                     { return nil }
func (listed) calls(voter, blocks) ([]read, error) { return nil, nil }

func (l listed) score(v voter, _ blocks, _ answers) (Score, error) {
	if s, ok := l[strings.ToLower(v.text)]; ok {
		return s, nil
	}
	return zero(), nil
}
