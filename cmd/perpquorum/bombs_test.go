package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/perpdao/perpquorum/fixtures"
	"github.com/perpdao/perpquorum/fixtures/testenv"
)

// bombs are JSON values that take far more memory than text where they are read as they come.
func bombs() map[string]string {
	list := func(item string, n int) string { return "[" + strings.Repeat(item+",", n) + item + "]" }
	nest := func(from, inner, to string, n int) string {
		return strings.Repeat(from, n) + inner + strings.Repeat(to, n)
	}
	key := strings.Repeat("k", 1<<18)
	var keys strings.Builder
	for i := range 1 << 17 {
		fmt.Fprintf(&keys, `,"k%d":{}`, i)
	}
	return map[string]string{
		"long-key":       `{"` + key + `":` + list("1", 1<<20) + `}`,
		"nested-keys":    nest(`{"`+key[:1000]+`":`, list("1", 1<<19), "}", 100),
		"many-keys":      `{"0":1` + keys.String() + `}`,
		"nested-lists":   nest("[", "", "]", 1<<20),
		"nested-objects": nest(`{"a":`, "1", "}", 1<<18),
		"empty-objects":  list("{}", 1<<20),
		"empty-lists":    list("[]", 1<<20),
		"empty-texts":    list(`""`, 3<<20),
		"short-texts":    list(`"0x"`, 1<<20),
		"zeros":          list("0", 3<<20),
		"nulls":          list("null", 1<<20),
		"digits":         strings.Repeat("9", 1<<22),
		"text-of-digits": `"` + strings.Repeat("9", 1<<22) + `"`,
		"fraction":       "0." + strings.Repeat("1", 1<<22),
		"exponent":       "1e999999999",
		"escapes":        `"` + strings.Repeat(`\u202e`, 1<<19) + `"`,
		"hexadecimal":    `"0x` + strings.Repeat("ff", 1<<21) + `"`,
	}
}

// bombed are keys of a bundle whose values are read in different ways.
var bombed = []string{"choices", "sampled", "votes", "tokens", "params", "choice", "vp_by_strategy",
	"scores_by_strategy", "results", "voters", "quorum", "model", "reads", "result", "header", "places", "claim",
	"odd_rows"}

// TestBundleBombs puts bombs in the places of values of a bundle: verify takes no more memory than ten
// times the size of the bundle and 160 MB, 64 of which are garbage that saveMemory leaves alone, and
// ends in a short message. Each bomb goes to as many
// places as CHAOS_SEEDS says, and otherwise to one.
func TestBundleBombs(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes some seconds")
	}
	dir, bombs := t.TempDir(), bombs()
	for n, name := range slices.Sorted(maps.Keys(bombs)) {
		for i := range min(len(bombed), testenv.Runs(t, 1)) {
			key := bombed[(n+i)%len(bombed)]
			t.Run(name+"-as-"+key, func(t *testing.T) {
				t.Parallel()
				text := replaceValue(t, string(fixtures.ExampleVote), key, bombs[name])
				file := filepath.Join(dir, name+key)
				if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
				cmd, memory, out := measure(t, "verify", file)
				code := cmd.ProcessState.ExitCode()
				if memory > 10*int64(len(text))+160<<20 || code > exitNotEstablished || len(out) > 20_000 {
					t.Errorf("%d MB for %d MB: %v, %.300s", memory>>20, len(text)>>20, cmd.ProcessState, out)
				}
			})
		}
	}
}

// replaceValue puts a value in the place of the first one of a key. What the object lacks is new.
func replaceValue(t *testing.T, object, key, value string) string {
	before, after, found := strings.Cut(object, `"`+key+`":`)
	if !found {
		return strings.Replace(object, `"votes":`, `"`+key+`":`+value+`,"votes":`, 1)
	}
	dec := json.NewDecoder(strings.NewReader(after))
	var old json.RawMessage
	if err := dec.Decode(&old); err != nil {
		t.Fatal(err)
	}
	return before + `"` + key + `":` + value + after[dec.InputOffset():]
}
