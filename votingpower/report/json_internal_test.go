package report

import (
	"bytes"
	"encoding/json"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/perpdao/perpquorum/snapshot"
)

// TestWriteJSON: hashes are of the bytes that encoding/json writes, whatever the text.
func TestWriteJSON(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	text := func() (s string) {
		for range rnd.IntN(6) {
			pieces := []string{"a", "<&>", "\u2028", "\u2029", "\xff", "\x00\x1f\x7f", `"\`, "é😀", "\ufffd", "/", "\n"}
			s += pieces[rnd.IntN(len(pieces))]
		}
		return s
	}
	raw := func() json.RawMessage {
		values := []string{`"\u0041"`, `1.0`, ` [ 1 , {} ] `, `{"b":1,"a":2}`, `"<&>"`, "\"\u2028\"", `1e400`, `"\/"`, `-0`}
		return json.RawMessage(values[rnd.IntN(len(values))])
	}
	for range 5000 {
		number := []float64{rnd.Float64(), math.Ldexp(rnd.Float64(), rnd.IntN(2000)-1000), float64(rnd.IntN(9))}[rnd.IntN(3)]
		votes := []snapshot.Vote{{ID: text(), Choice: raw(), VP: number, VPByStrategy: []float64{number}}, {Choice: raw()}}
		v := struct {
			P *snapshot.Proposal
			V []snapshot.Vote
			M map[string]any
		}{
			&snapshot.Proposal{Title: text(), Choices: []string{text(), text()}, Plugins: raw(), Quorum: number},
			votes[:rnd.IntN(3)], map[string]any{"b": nil, "a": text(), "c": []any{}},
		}
		for indent, options := range map[string][]jsontext.Options{"": nil, "  ": {jsontext.WithIndent("  ")}} {
			var want, got bytes.Buffer
			enc := json.NewEncoder(&want)
			enc.SetEscapeHTML(false)
			enc.SetIndent("", indent)
			if err := enc.Encode(v); err != nil {
				t.Fatal(err)
			}
			if err := writeJSON(&got, v, options...); err != nil {
				t.Fatal(err)
			}
			if got.String() != strings.TrimSuffix(want.String(), "\n") {
				t.Fatalf("found %s\nwant %s", got.String(), want.String())
			}
		}
	}
}
