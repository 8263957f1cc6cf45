package chains

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"testing"
)

// realHeader is a block header as a node gave it, without its transactions.
type realHeader struct {
	Label  string `json:"label"`
	Source string `json:"source"` // a public repository and a path in it
	// Right says that the header hashes to its hash by Ethereum's rule.
	Right  bool                       `json:"hashes_right"`
	Header map[string]json.RawMessage `json:"header"`
}

// realHeaders are of each fork that changed the form of headers, on several chains.
func realHeaders(t testing.TB) (list []realHeader) {
	t.Helper()
	raw, err := os.ReadFile("testdata/headers.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(raw) {
		var h realHeader
		if err := json.Unmarshal(line, &h); err != nil || h.Source == "" {
			t.Fatalf("%s: %v", line, err)
		}
		list = append(list, h)
	}
	return list
}

func (r realHeader) json(t testing.TB) json.RawMessage {
	t.Helper()
	raw, err := json.Marshal(r.Header)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// TestRealHeaders: real headers of every form hash right, survive being written and read, and
// do not if a byte of a field is altered. Those of chains with another rule are never sound.
func TestRealHeaders(t *testing.T) {
	t.Parallel()
	for _, real := range realHeaders(t) {
		t.Run(real.Label, func(t *testing.T) {
			h, err := parseHeader(real.json(t))
			if h == nil || h.sound != real.Right || (err == nil) != real.Right {
				t.Fatalf("found sound %v, want %v (%v)", h != nil && h.sound, real.Right, err)
			}
			if !real.Right {
				return
			}
			raw := encodeHeader(h.Header, h.more)
			back, more, err := decodeHeader(raw)
			if err != nil || headerHash(back, more) != h.hash {
				t.Errorf("read back: %v", err)
			}
			keys, err := json.Marshal(h.Header)
			if err != nil {
				t.Fatal(err)
			}
			var fields map[string]json.RawMessage
			if err := json.Unmarshal(keys, &fields); err != nil {
				t.Fatal(err)
			}
			for key, value := range real.Header {
				if _, hashed := fields[key]; !hashed || len(value) < 4 {
					continue
				}
				digit := &value[len(value)-2]
				old := *digit
				*digit = "10"[min(max(old, '0'), '1')-'0']
				if h, _ := parseHeader(real.json(t)); h != nil && h.sound {
					t.Errorf("%s ends with %c in place of %c, and the header is still sound", key, *digit, old)
				}
				*digit = old
			}
		})
	}
}

// TestHeadersOfNewerForks: the last fields of real headers under other names are what a fork
// newer than the program looks like.
func TestHeadersOfNewerForks(t *testing.T) {
	t.Parallel()
	tested := 0
	for _, real := range realHeaders(t) {
		last := []string{"requestsHash", "parentBeaconBlockRoot", "excessBlobGas", "blobGasUsed", "withdrawalsRoot",
			"baseFeePerGas"}
		last = slices.DeleteFunc(last, func(key string) bool { return real.Header[key] == nil })
		if !real.Right {
			continue
		}
		for n := range min(len(last), maxNewFields) {
			real.Header[fmt.Sprintf("new%d", n)] = real.Header[last[n]] // in the wrong order
			delete(real.Header, last[n])
			h, err := parseHeader(real.json(t))
			if err != nil || len(h.more) == 0 {
				t.Errorf("%s without %s: found new fields %v and error %v", real.Label, last[:n+1], h, err)
				continue
			}
			back, more, err := decodeHeader(encodeHeader(h.Header, h.more))
			if err != nil || headerHash(back, more) != h.hash {
				t.Errorf("%s without %s: read back: %v", real.Label, last[:n+1], err)
			}
			tested++
		}
	}
	if tested < 15 {
		t.Errorf("only %d forms were tested", tested)
	}
}
