package snapshot_test

import (
	"fmt"
	"io"
	"net/http"
	"runtime"
	"runtime/metrics"
	"strings"
	"testing"
	"time"

	"github.com/perpdao/perpquorum/snapshot"
)

// bombs are long lists and objects in the place of what is small.
func bombs() map[string]string {
	const size = 2 << 20
	list := func(item string) string { return "[" + strings.Repeat(item+",", size/(len(item)+1)) + item + "]" }
	return map[string]string{
		"empty texts":   list(`""`),
		"empty objects": list("{}"),
		"empty lists":   list("[]"),
		"zeros":         list("0"),
		"nulls":         list("null"),
		"one long list": "[" + list("0") + "]",
		"strategies":    list(`{"name":"ticket"}`),
		"nested":        strings.Repeat("[", 9000) + strings.Repeat("]", 9000),
		"text":          `"` + strings.Repeat("x", size) + `"`,
		"digits":        strings.Repeat("9", size),
		"half a list":   strings.Repeat("[", size),
		"keys":          keys(size),
	}
}

func keys(size int) string {
	var b strings.Builder
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, `,"%x":0`, i)
	}
	return "{" + b.String()[1:] + "}"
}

// answering is a hub that gives the same answer to every question.
type answering string

func (a answering) RoundTrip(r *http.Request) (*http.Response, error) {
	body := io.NopCloser(strings.NewReader(string(a)))
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: body, Request: r}, nil
}

// isCheap fails a test if f takes more than ten times the size of its input and 100 MB, or
// gives a long error.
func isCheap(t *testing.T, size int, f func() error) {
	t.Helper()
	heap := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	runtime.GC()
	metrics.Read(heap)
	before, most, done := heap[0].Value.Uint64(), uint64(0), make(chan error)
	go func() { done <- f() }()
	var err error
	for running := true; running; {
		select {
		case err = <-done:
			running = false
		case <-time.After(time.Millisecond):
		}
		metrics.Read(heap)
		most = max(most, heap[0].Value.Uint64())
	}
	if used := int(most) - int(before); used > 10*size+100<<20 {
		t.Errorf("took %d MB for %d MB", used>>20, size>>20)
	}
	if err != nil && len(err.Error()) > 100*1000 {
		t.Errorf("an error of %d bytes: %.200v", len(err.Error()), err)
	}
}

// TestBombs puts each bomb in the place of values of a proposal or a vote, and of a hub's answer.
func TestBombs(t *testing.T) {
	in := func(object, key, value string) string {
		return strings.TrimSuffix(object, "}") + `,"` + key + `":` + value + "}" // the last of two keys counts
	}
	for name, bomb := range bombs() {
		replies := map[string]string{}
		for _, key := range []string{"choices", "strategies", "scores_by_strategy", "plugins"} {
			replies["a proposal's "+key] = in(goodProposal, key, bomb)
		}
		for _, key := range []string{"choice", "vp_by_strategy", "metadata"} {
			replies["a vote's "+key] = in(goodVote, key, bomb)
		}
		replies["votes"] = bomb
		for place, reply := range replies {
			t.Run(name+" as "+place, func(t *testing.T) {
				isCheap(t, len(reply), func() error {
					if strings.Contains(place, "vote") {
						client, _, _ := read(t, `{"data":{"votes0":[`+reply+`]}}`)
						_, err := client.Votes(t.Context(), &snapshot.Proposal{ID: goodID})
						return err
					}
					_, _, err := read(t, `{"data":{"proposal":`+reply+`}}`)
					return err
				})
			})
		}
		for place, answer := range map[string]string{
			"an answer":       bomb,
			"errors":          `{"errors":` + bomb + `}`,
			"data":            `{"data":` + bomb + `}`,
			"what is unasked": `{"data":{"proposal":null},"x":` + bomb + "}",
			"choices":         `{"data":{"proposal":` + in(goodProposal, "choices", bomb) + `}}`,
		} {
			t.Run(name+" as "+place, func(t *testing.T) {
				client := snapshot.Client{HTTP: &http.Client{Transport: answering(answer)}, Retries: -1}
				isCheap(t, len(answer), func() error {
					_, err := client.Proposal(t.Context(), "0x"+strings.Repeat("1", 64))
					return err
				})
			})
		}
	}
}
