package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/perpdao/perpquorum/fixtures/hub"
)

// A draft of a space passes the check when, and only when, a person has settled each value that
// no hub knows.
func TestModelNew(t *testing.T) {
	t.Parallel()
	space := hub.NewSpace("reef.eth")
	space.Name, space.Symbol = "Reef\u202e", "REEF"
	token := `{"symbol":"REEF","address":"0xbc396689893d065f41bc2c6ecbee5e0085233447","decimals":18}`
	space.Strategies = []hub.Strategy{
		{Name: "erc20-balance-of", Network: "1", Params: json.RawMessage(token)},
		{Name: "erc20-votes", Network: "1", Params: json.RawMessage(token)},
		{Name: "ticket", Network: "1", Params: json.RawMessage(`{}`)},
	}
	space.Treasuries = []hub.Treasury{
		{Name: "Main", Address: "0xd374225abb84dca94e121f0b8a06b93e39ad7a99", Network: "1"},
		{Name: "Elsewhere", Address: "0xd374225abb84dca94e121f0b8a06b93e39ad7a99", Network: "137"},
	}
	url, stop := hub.New(hub.Options{Spaces: []hub.Space{space}}).Start()
	t.Cleanup(stop)
	got := program(t, "model", "new", "--space", "reef.eth", "--hub", url)
	if got.code != exitDone || got.stderr != "" {
		t.Fatalf("%+v", got)
	}
	file := filepath.Join(t.TempDir(), "reef.json")
	check := func(text string) outcome {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return program(t, "model", "check", file)
	}
	lines, undecided := strings.Split(got.stdout, "\n"), 0
	answers := map[string]string{
		"name": `"Reef"`, "definition": `"What there is."`, "quorum": `{"fixed": "75000"}`, "turnout": `["For"]`,
		"label": `"Main treasury"`, "sources": `"forum.example 1"`,
	}
	key := ""
	for i, line := range lines {
		if name, _, found := strings.Cut(strings.TrimSpace(line), `":`); found {
			key = strings.TrimPrefix(name, `"`)
		}
		at := strings.Index(line, `"DECIDE: `)
		if at < 0 {
			continue
		}
		if o := check(strings.Join(lines, "\n")); o.code != exitUsage || o.stdout != "" {
			t.Errorf("with %s undecided: %+v", key, o)
		}
		undecided++
		lines[i] = line[:at] + answers[key]
		if strings.HasSuffix(line, ",") {
			lines[i] += ","
		}
	}
	if o := check(strings.Join(lines, "\n")); undecided != len(answers) || o.code != exitDone ||
		o.stdout != "valid: \"Reef\", 2 terms, pinned strategies: 3\n" {
		t.Errorf("%d values were to decide, then: %+v\n%s", undecided, o, strings.Join(lines, "\n"))
	}
}

func TestModelNewRefuses(t *testing.T) {
	t.Parallel()
	url, stop := hub.New(hub.Options{}).Start()
	t.Cleanup(stop)
	if o := program(t, "model", "new"); o.code != exitUsage || !strings.Contains(o.stderr, "--space is missing") {
		t.Errorf("%+v", o)
	}
	if o := program(t, "model", "new", "--space", "reef.eth", "--hub", url); o.code != exitTrouble || o.stdout != "" {
		t.Errorf("a space that is not there: %+v", o)
	}
}
