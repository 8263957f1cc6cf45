package votingpower_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common/hexutil"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/votingpower"
)

func marshal(t testing.TB, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestEvidenceRoundTrip(t *testing.T) {
	t.Parallel()
	e := evidence(t, votingpower.PERP(), queryTime, perpState())
	optimism := e.Chains[chains.Optimism]
	optimism.Development, optimism.Block.Pinned, optimism.Block.Unfinalized = true, true, true
	e.Chains[chains.Optimism] = optimism
	data := marshal(t, e)

	var again votingpower.Evidence
	if err := json.Unmarshal(data, &again); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(marshal(t, again), data) {
		t.Error("the JSON form changes when it is read and written")
	}
	if !reflect.DeepEqual(again.Model, e.Model) || !again.At.Equal(e.At) || !reflect.DeepEqual(again.Reads, e.Reads) {
		t.Errorf("found %+v\nwant %+v", again, e)
	}
	if got := again.Chains[chains.Optimism]; !got.Development || !got.Block.Pinned || !got.Block.Unfinalized ||
		got.Block.Hash != optimism.Block.Hash {
		t.Errorf("found %+v", got)
	}
	r, err := votingpower.Compute(&again)
	if err != nil {
		t.Fatal(err)
	}
	if r.VotingPower.String() != perpVotingPower {
		t.Errorf("voting power %v after a round trip, want %s", r.VotingPower, perpVotingPower)
	}
}

var update = flag.Bool("update", false, "write testdata anew")

// The published form of evidence does not change by accident: bundles are
// verified years later.
func TestEvidenceGolden(t *testing.T) {
	t.Parallel()
	const path = "testdata/evidence.json"
	var got bytes.Buffer
	if err := json.Indent(&got, marshal(t, evidence(t, madeUp(t), queryTime, madeUpState())), "", "  "); err != nil {
		t.Fatal(err)
	}
	got.WriteByte('\n')
	if *update {
		if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("found %s\nwant %s", &got, want)
	}
}

func TestEvidenceForm(t *testing.T) {
	t.Parallel()
	e := evidence(t, votingpower.PERP(), queryTime.In(time.FixedZone("UTC+8", 8*3600)), perpState())
	data := string(marshal(t, e))
	for _, want := range []string{
		`{"model":{"format":"perpquorum-model/1",`,
		`"at":"2023-05-19T13:39:35Z","chains":{"ethereum":{"block":{"number":17293885,`,
		`"reads":[{"chain":"ethereum","to":"0xbC396689893D065F41bc2C6EcbeE5e0085233447","data":"0x18160ddd",` +
			`"result":"0x0000000000000000000000000000000000000000007c13bc4b2c133c56000000","from":"node.example#00000"},`,
	} {
		if !strings.Contains(data, want) {
			t.Errorf("%s\nis not in\n%s", want, data)
		}
	}
}

func TestEvidenceUnmarshalRefuses(t *testing.T) {
	t.Parallel()
	valid := string(marshal(t, evidence(t, votingpower.PERP(), queryTime, perpState())))
	for _, c := range []struct{ name, old, new, want string }{
		{"unknown key", `"at":`, `"note":"","at":`, `evidence: note: unknown key, want one of model, at, chains, reads`},
		{"key twice", `"at":`, `"at":"2023-05-19T13:39:35Z","at":`, `at: this key is there twice`},
		{"key in another case", `"at":`, `"At":`, `At: unknown key`},
		{"key missing", `"at":"2023-05-19T13:39:35Z",`, ``, `the key "at" is missing`},
		{"time with offset", `13:39:35Z`, `13:39:35+00:00`, `at: found "2023-05-19T13:39:35+00:00", want a time in UTC`},
		{"day for a time", `2023-05-19T13:39:35Z`, `2023-05-19`, `at: found "2023-05-19", want "2023-05-19T00:00:00Z"`},
		{"model of the future", `perpquorum-model/1`, `perpquorum-model/3`,
			`model.format: found the string "perpquorum-model/3"`},
		{"model with unknown key", `"symbol":`, `"sym":1,"symbol":`, `model.sym: unknown key`},
		{"model that contradicts itself", `"decimals":18`, `"decimals":99`,
			`evidence: model.decimals: found 99, want 0 to 36`},
		{"model null", valid, `{"model":null,"at":"2023-05-19T13:39:35Z","chains":{},"reads":[]}`,
			`model: found null, want an object`},
		{"null", valid, `null`, `evidence: found null, want an object`},
		{"chain with two spellings", `"optimism":{"block"`, `"1":{"block"`, `chains[1]: this key is there twice`},
		{"chain unknown", `"optimism":{"block"`, `"goerli":{"block"`, `chains.goerli: chain "goerli"`},
		{"chains null", valid, strings.Replace(valid, `"chains":`, `"chains":null,"c":`, 1),
			`chains: found null, want an object`},
		{"block missing", `"block":`, `"blok":`,
			`evidence: chains.ethereum.blok: unknown key, want one of block, development`},
		{"chain empty", `"optimism":{"block"`, `"8453":{},"optimism":{"block"`,
			`evidence: chains[8453].block: block without header`},
		{"chain in another spelling", `"optimism":{"block"`, `"10":{"block"`,
			`evidence: chains[10]: is not how this key is written`},
		{"block key unknown", `"number":17293885`, `"note":1,"number":17293885`, `chains.ethereum.block`},
		{"block key in another case", `"number":17293885`, `"Number":17293885`, `chains.ethereum.block`},
		{"block without header", `"number":17293885`, `"number":17293886`, `chains.ethereum.block: block 17293886`},
		{"block pinned in many words", `"number":17293885`, `"pinned":false,"number":17293885`, `chains.ethereum.block`},
		{"read key unknown", `"reads":[{`, `"reads":[{"block":1,`,
			`reads[0].block: unknown key, want one of chain, to, data, result, from`},
		{"read null", `"reads":[{`, `"reads":[null,{`, `reads[0]: found null, want an object`},
		{"result as number", `"result":"0x0000000000000000000000000000000000000000007c13bc4b2c133c56000000"`, `"result":1`,
			`reads[0].result: found the number 1, want a string`},
		{"result of odd length", `"result":"0x0`, `"result":"0x`, `reads[0].result: hex string of odd length`},
		{"result without 0x", `"result":"0x`, `"result":"`, `reads[0].result: hex string without 0x prefix`},
		{"endpoint empty", `"from":"node.example#00000"`, `"from":""`, `reads[0].from: is empty: leave the key out`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if !strings.Contains(valid, c.old) {
				t.Fatalf("the evidence does not hold %q", c.old)
			}
			var e votingpower.Evidence
			err := json.Unmarshal([]byte(strings.Replace(valid, c.old, c.new, 1)), &e)
			if err == nil {
				t.Fatal("found no error")
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("found %q\nwant  %q", err, c.want)
			}
		})
	}
}

func TestEvidenceMarshalRefuses(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*votingpower.Evidence){
		"evidence has no model":              func(e *votingpower.Evidence) { e.Model = nil },
		"evidence: model: symbol: is empty":  func(e *votingpower.Evidence) { e.Model.Symbol = "" },
		"evidence: query time: found year 1": func(e *votingpower.Evidence) { e.At = time.Time{} },
		"header missing": func(e *votingpower.Evidence) {
			b := e.Chains[1].Block
			b.Parent = nil
			e.Chains[1] = votingpower.ChainEvidence{Block: b}
		},
	} {
		e := clone(evidence(t, votingpower.PERP(), queryTime, perpState()))
		change(e)
		if _, err := json.Marshal(e); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("found %v, want %s", err, want)
		}
	}
}

// Whatever one changes in a leaf of evidence is refused when it is read,
// refused by Compute, changes the result, or is for display only.
func TestEvidenceTamper(t *testing.T) {
	t.Parallel()
	e := evidence(t, votingpower.PERP(), queryTime, perpState())
	for i := range e.Reads {
		e.Reads[i].From = "" // display only
	}
	var doc any
	if err := json.Unmarshal(marshal(t, e), &doc); err != nil {
		t.Fatal(err)
	}
	want, err := votingpower.Compute(e)
	if err != nil {
		t.Fatal(err)
	}
	// of the model; a report prints them
	display := []string{"name", "symbol", "definition", "label", "source", "sources", "space"}
	changed := 0
	walk(doc, "", func(path string, set func(any), old any) {
		for _, bad := range tamperings(old) {
			set(bad)
			changed++
			var again votingpower.Evidence
			if err := json.Unmarshal(marshal(t, doc), &again); err != nil {
				continue
			}
			r, err := votingpower.Compute(&again)
			if err != nil || r.VotingPower.Cmp(want.VotingPower) != 0 || r.Quorum.Cmp(want.Quorum) != 0 ||
				!reflect.DeepEqual(r.Checks, want.Checks) {
				continue
			}
			key := path[strings.LastIndex(path, ".")+1:]
			if bracket := strings.Index(key, "["); bracket > 0 {
				key = key[:bracket]
			}
			if !strings.HasPrefix(path, "model") || !strings.Contains(strings.Join(display, " "), key) {
				t.Errorf("%s = %v passes unseen", path, bad)
			}
		}
		set(old)
	})
	if changed < 200 {
		t.Errorf("only %d changes were tried", changed)
	}
}

// walk visits the leaves of a JSON document.
func walk(v any, path string, leaf func(path string, set func(any), old any)) {
	visit := func(child any, at string, set func(any)) {
		switch child.(type) {
		case map[string]any, []any:
			walk(child, at, leaf)
		default:
			leaf(at, set, child)
		}
	}
	switch v := v.(type) {
	case map[string]any:
		for key, child := range v {
			visit(child, strings.TrimPrefix(path+"."+key, "."), func(new any) { v[key] = new })
		}
	case []any:
		for i, child := range v {
			visit(child, path+"[0]", func(new any) { v[i] = new })
		}
	}
}

// tamperings are other values for a leaf, of its type and of others.
func tamperings(old any) []any {
	bad := []any{nil, "", "x", []any{}, map[string]any{}, -1, 1.5}
	switch old := old.(type) {
	case bool:
		bad = append(bad, !old)
	case float64:
		bad = append(bad, old+1, old-1)
	case string:
		bad = append(bad, old+"0", old+"00", strings.ToUpper(old)+"A")
		if raw, err := hexutil.Decode(old); err == nil {
			raw[len(raw)-1] ^= 1
			bad = append(bad, hexutil.Encode(raw))
		}
	}
	return bad
}

func FuzzEvidence(f *testing.F) {
	f.Add(marshal(f, evidence(f, votingpower.PERP(), queryTime, perpState())))
	f.Add(marshal(f, evidence(f, madeUp(f), queryTime, madeUpState())))
	f.Fuzz(func(t *testing.T, data []byte) {
		var e votingpower.Evidence
		if e.UnmarshalJSON(data) != nil {
			return
		}
		written := marshal(t, e)
		var again votingpower.Evidence
		if err := json.Unmarshal(written, &again); err != nil {
			t.Fatalf("%v in %s", err, written)
		}
		if !bytes.Equal(marshal(t, again), written) {
			t.Errorf("the JSON form of %s changes", written)
		}
		if _, err := votingpower.Compute(&e); err == nil {
			if _, err := votingpower.Compute(&again); err != nil {
				t.Errorf("computes before a round trip only: %v", err)
			}
		}
	})
}

// FuzzCompute changes the structure of good evidence: which reads there are, in
// which order, and what bytes they hold. The figure stays, or there is an error.
func FuzzCompute(f *testing.F) {
	f.Add(uint8(0), uint8(3), uint8(5), []byte{1})
	f.Add(uint8(1), uint8(0), uint8(0), []byte{})
	f.Add(uint8(2), uint8(7), uint8(1), make([]byte, 33))
	f.Add(uint8(5), uint8(1), uint8(2), []byte{0})
	good := evidence(f, votingpower.PERP(), queryTime, perpState())
	f.Fuzz(func(t *testing.T, kind, i, j uint8, data []byte) {
		e := clone(good)
		a, b := int(i)%len(e.Reads), int(j)%len(e.Reads)
		switch kind % 7 {
		case 0:
			e.Reads[a], e.Reads[b] = e.Reads[b], e.Reads[a]
		case 1:
			e.Reads = append(e.Reads[:a], e.Reads[a+1:]...)
		case 2:
			if len(data) == 32 {
				return // another figure in the right form is for the claim to catch
			}
			e.Reads[a].Result = data
		case 3:
			e.Reads[a].Data = data
		case 4:
			e.Reads[a].To = string(data)
		case 5:
			e.Reads[a].Chain = chains.ID(j)
		case 6:
			e.Reads = append(e.Reads, e.Reads[b])
		}
		r, err := votingpower.Compute(e)
		if err == nil && r.VotingPower.String() != perpVotingPower {
			t.Errorf("found %v without an error", r.VotingPower)
		}
		if changed := !reflect.DeepEqual(e.Reads, good.Reads); changed && err == nil {
			t.Errorf("changed reads pass")
		}
	})
}
