package votingpower_test

import (
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/perpdao/perpquorum/votingpower"
)

// bombs are texts that would take gigabytes of memory if they were only read as JSON is, or
// that would fill a terminal with the message about them. Each is put in the place of a value.
func bombs() map[string]string {
	key := strings.Repeat("k", 1<<17)
	return map[string]string{
		"a long key before many values": `{"` + key + `":[` + strings.Repeat("1,", 1<<18) + `1]}`,
		"long keys, nested": strings.Repeat(`{"`+key[:200]+`":`, 60) + "[" + strings.Repeat("1,", 1<<18) + "1]" +
			strings.Repeat("}", 60),
		"nested lists":   strings.Repeat("[", 9000) + strings.Repeat("]", 9000),
		"nested objects": strings.Repeat(`{"a":`, 9000) + "1" + strings.Repeat("}", 9000),
		"empty objects":  "[" + strings.Repeat("{},", 1<<18) + "{}]",
		"empty texts":    "[" + strings.Repeat(`"",`, 1<<17) + `""]`,
		"digits":         strings.Repeat("9", 1<<19),
		"exponent":       "1e999999999",
		"a long text":    `"` + strings.Repeat("x", 1<<19) + `"`,
		"escapes":        `"` + strings.Repeat(`\u202e`, 1<<16) + `"`,
		"half a list":    strings.Repeat("[", 1<<19),
	}
}

// isCheap fails a test if f takes more than ten times the size of its input plus 100 MB, or
// gives no error of one line.
func isCheap(t *testing.T, size int, f func() error) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	err := f()
	runtime.ReadMemStats(&after)
	if used := int(after.TotalAlloc - before.TotalAlloc); used > 10*size+100<<20 {
		t.Errorf("allocated %d MB for %d kB", used>>20, size>>10)
	}
	if err == nil || len(err.Error()) > 1500 {
		t.Errorf("error %.200v", err)
	}
}

// TestBombs puts each bomb in the place of each value of a model and of evidence. It is not parallel,
// because it measures the memory of the process.
func TestBombs(t *testing.T) {
	written := marshal(t, evidence(t, votingpower.PERP(), queryTime, perpState()))
	for name, bomb := range bombs() {
		for _, key := range []string{"format", "name", "decimals", "network", "quorum", "turnout", "tokens", "sources",
			"strategies", "params", "unknown"} {
			t.Run(fmt.Sprintf("%s as %s", name, key), func(t *testing.T) {
				text := replaced(t, []byte(modelFile2), key, bomb)
				if key == "params" {
					strategies := `[{"name":"n","network":"1","params":` + bomb + `}]`
					text = replaced(t, []byte(modelFile2), "strategies", strategies)
				}
				isCheap(t, len(text), func() error {
					_, err := votingpower.ParseModel(strings.NewReader(text))
					return err
				})
			})
		}
		for _, key := range []string{"model", "at", "chains", "reads", "unknown"} {
			t.Run(fmt.Sprintf("%s as the evidence's %s", name, key), func(t *testing.T) {
				text := replaced(t, written, key, bomb)
				isCheap(t, len(text), func() error { return new(votingpower.Evidence).UnmarshalJSON([]byte(text)) })
			})
		}
	}
}

// replaced puts a value into an object.
func replaced(t *testing.T, object []byte, key, value string) string {
	t.Helper()
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(object, &fields); err != nil {
		t.Fatal(err)
	}
	delete(fields, key)
	rest, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(string(rest), "}") + `,"` + key + `":` + value + "}"
}
