package snapshot_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/perpdao/perpquorum/snapshot"
)

const (
	hexID  = "0x2d4f7b1c0a9e8d6c5b4a39281706f5e4d3c2b1a09f8e7d6c5b4a392817060504"
	cidID  = "QmWbpCtwdLzxuLKnMW4Vv4MPFd2pdPX71YBKPasfZxqLUS"
	rawID  = "bafkreiaqm25seyxh6gtc6aegrwkdbhgwpjz2ljxqwrzrtnczb7fsbsgrjq"
	upper  = "0x2D4F7B1C0A9E8D6C5B4A39281706F5E4D3C2B1A09F8E7D6C5B4A392817060504"
	other  = "0x1111111111111111111111111111111111111111111111111111111111111111"
	oldURL = "https://snapshot.org/#/vote-perp.eth/proposal/"
	newURL = "https://snapshot.box/#/s:vote-perp.eth/proposal/"
)

func TestParseProposalRef(t *testing.T) {
	tests := []struct{ give, id, space string }{
		{hexID, hexID, ""},
		{upper, hexID, ""},
		{cidID, cidID, ""},
		{rawID, rawID, ""},
		{"  " + hexID + "\n", hexID, ""},
		{oldURL + hexID, hexID, "vote-perp.eth"},
		{oldURL + cidID, cidID, "vote-perp.eth"},
		{oldURL + rawID + "/votes", rawID, "vote-perp.eth"},
		{newURL + hexID, hexID, "vote-perp.eth"},
		{newURL + upper, hexID, "vote-perp.eth"},
		{newURL + hexID + "/", hexID, "vote-perp.eth"},
		{newURL + hexID + "?app=synthetic&x=" + other, hexID, "vote-perp.eth"},
		{newURL + hexID + "/votes", hexID, "vote-perp.eth"},
		{newURL + hexID + "/discussion/?x", hexID, "vote-perp.eth"},
		{"https://testnet.snapshot.box/#/s-tn:test.eth/proposal/" + hexID, hexID, "test.eth"},
		{"https://snapshot.box/?utm=" + other + "#/s:vote-perp.eth/proposal/" + hexID, hexID, "vote-perp.eth"},
		{"snapshot.org/#/vote-perp.eth/proposal/" + hexID, hexID, "vote-perp.eth"},
		{"https://vote.example.org/#/proposal/" + hexID, hexID, ""},
		{"https://vote.example.org/proposal/" + hexID, hexID, ""},
		{"https://vote.example.org/proposal/" + hexID + "#votes", hexID, ""},
		{"https://vote.example.org/" + hexID, hexID, ""},
		{"http://localhost:3000/#/vote-perp.eth/proposal/" + hexID, hexID, "vote-perp.eth"},
		{"https://snapshot.org/#/caf%C3%A9.eth/proposal/" + hexID, hexID, "café.eth"},
		{"https://snapshot.org/#/%zz.eth/proposal/" + hexID, hexID, ""},
		{"https://a.example/x/" + hexID + "#/vote-perp.eth/proposal/" + hexID, hexID, "vote-perp.eth"},
	}
	for _, tt := range tests {
		got, err := snapshot.ParseProposalRef(tt.give)
		if err != nil || got != (snapshot.ProposalRef{ID: tt.id, Space: tt.space}) {
			t.Errorf("%q: %+v, error %v; want %s in %q", tt.give, got, err, tt.id, tt.space)
		}
	}
}

func TestParseProposalRefErrors(t *testing.T) {
	tests := []struct{ give, says string }{
		{"", "found nothing"},
		{" \t", "found nothing"},
		{"0x", "found 0 hex digits"},
		{"0x1234", "found 4 hex digits"},
		{hexID + "0", "found 65 hex digits"},
		{hexID[:65] + "g", "not hexadecimal"},
		{cidID + "x", "47 characters"},
		{"Qm0" + cidID[3:], "base58"},
		{rawID[:58], "58 characters, a bafkrei… id has 59"},
		{rawID[:58] + "1", "of a–z and 2–7"},
		{strings.ToUpper(rawID), "found no id"},
		{"latest", `"latest": found no id; want`},
		{newURL, "the URL given: found no id"},
		{newURL + "12", "the URL given: found no id"},
		{"https://snapshot.box/#/s:vote-perp.eth", "the URL given: found no id"},
		{"https://snapshot.org/?id=" + hexID, "want an id"},
		{newURL + hexID + "/unknown", "the URL given: found no id"},
		{"https://a.example/" + hexID + "#/vote-perp.eth/proposal/" + other, "names two proposals"},
		{"votes", "found no id"},
		{"/////", "found no id"},
		{"\x1b[31mred\x1b[0m", "want an id"},
		{strings.Repeat("x", 1<<20), "…"},
	}
	for _, tt := range tests {
		got, err := snapshot.ParseProposalRef(tt.give)
		if !errors.Is(err, snapshot.ErrProposalRef) || !strings.Contains(err.Error(), tt.says) ||
			got != (snapshot.ProposalRef{}) {
			t.Errorf("%.80q: %+v, error %v; want %q", tt.give, got, err, tt.says)
		}
		if err != nil && (len(err.Error()) > 2000 || strings.ContainsRune(err.Error(), 0x1b)) {
			t.Errorf("%.80q: the error repeats it uncut or uncleaned", tt.give)
		}
	}
}

// The URL of an endpoint in the wrong place may hold a key.
func TestParseProposalRefRepeatsNoURL(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"https://node.example/v2/SENTINEL", "https://SENTINEL:SENTINEL@node.example", "node.example/v2/SENTINEL",
		"https://node.example/v2/0xSENTINEL", "https://node.example/0xSENTINEL?SENTINEL#0x5E", "wss:SENTINEL",
		"https://node.example/?key=SENTINEL", "https://node.example/QmSENTINEL/votes", `https:\\node.example\SENTINEL`,
		"https://node.example/SENTINEL/" + hexID + "#/" + other, "https://node.example/SENTINEL#SENTINEL",
	} {
		_, err := snapshot.ParseProposalRef(s)
		if err == nil || strings.Contains(err.Error(), "SENTINEL") || !strings.Contains(err.Error(), "the URL given") {
			t.Errorf("%q: error %v", s, err)
		}
	}
}

func FuzzParseProposalRef(f *testing.F) {
	for _, seed := range []string{hexID, upper, cidID, oldURL + hexID, newURL + cidID + "/votes?x#y", "", "#", "/#/",
		"0x", "https://a/" + hexID + "#" + other} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		ref, err := snapshot.ParseProposalRef(s)
		if err != nil {
			if !errors.Is(err, snapshot.ErrProposalRef) || ref != (snapshot.ProposalRef{}) {
				t.Fatalf("%+v, error %v", ref, err)
			}
			return
		}
		again, err := snapshot.ParseProposalRef(ref.ID)
		if err != nil || again.ID != ref.ID || !strings.Contains(strings.ToLower(s), strings.ToLower(ref.ID)) {
			t.Fatalf("%+v of %q is read as %+v, error %v", ref, s, again, err)
		}
		if ref.Space == "" {
			return
		}
		full, err := snapshot.ParseProposalRef("https://snapshot.box/#/s:" + strings.ReplaceAll(ref.Space, "%", "%25") +
			"/proposal/" + ref.ID)
		if err != nil || full.ID != ref.ID {
			t.Fatalf("%+v does not survive a URL: %+v, error %v", ref, full, err)
		}
	})
}
