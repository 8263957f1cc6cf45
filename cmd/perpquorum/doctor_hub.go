package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/perpdao/perpquorum/chains/jsonrpc"
	"github.com/perpdao/perpquorum/snapshot"
)

// hubTarget is the hub to try.
type hubTarget struct {
	client *snapshot.Client
	host   string
	space  string // of the model; "" if it names none, so that there is nothing to ask
	named  bool   // by the user, so that it counts for the exit code
}

// hubFound is what the hub showed.
type hubFound struct {
	err     error         // nil if it answered about the space
	latency time.Duration // median of up to three queries; 0 if none was answered
	limits  []string      // response headers about rate limits
}

func parseHub(client *snapshot.Client, space string, named bool) (h hubTarget, err error) {
	h = hubTarget{client: client, space: space, named: named && space != ""}
	if h.client.Endpoint == "" {
		h.client.Endpoint = snapshot.DefaultEndpoint
	}
	u, err := url.Parse(h.client.Endpoint)
	if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" {
		return h, usagef("--hub: want a URL such as %s", snapshot.DefaultEndpoint) // it may hold a key
	}
	h.host = u.Hostname()
	return h, nil
}

// probe asks for the model's space up to three times, without repeating what
// fails.
func (h hubTarget) probe(ctx context.Context) (found hubFound) {
	if h.space == "" {
		return hubFound{err: errors.New("the model names no Snapshot space to ask about")}
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	defer transport.CloseIdleConnections()
	headers := &jsonrpc.LimitRecorder{Inner: transport}
	h.client.HTTP, h.client.Retries = &http.Client{Transport: headers}, -1
	var took []time.Duration
	for range 3 {
		start := time.Now()
		if _, err := h.client.Space(ctx, h.space); err != nil {
			if len(took) == 0 {
				found.err = err
			}
			break // one answer is enough to be of use
		}
		took = append(took, time.Since(start))
	}
	if len(took) > 0 {
		slices.Sort(took)
		found.latency = took[len(took)/2]
	}
	for _, line := range headers.Lines() {
		if !h.secret(line) {
			found.limits = append(found.limits, line)
		}
	}
	return found
}

// secret tells whether a line of foreign text repeats a part of the hub's URL
// or the key.
func (h hubTarget) secret(line string) bool {
	parts := strings.FieldsFunc(strings.TrimPrefix(h.client.Endpoint, snapshot.DefaultEndpoint), func(r rune) bool { return strings.ContainsRune("/?&=@:", r) })
	return slices.ContainsFunc(append(parts, h.client.APIKey), func(part string) bool { return len(part) >= 8 && strings.Contains(line, part) })
}

// failure is the reason why check cannot be used, or nil.
func (f hubFound) failure(h hubTarget) error {
	if errors.Is(f.err, snapshot.ErrNotFound) {
		return fmt.Errorf("the hub has no space %q: %w", h.space, f.err)
	}
	return f.err
}
