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

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/chains/jsonrpc"
	"github.com/perpdao/perpquorum/snapshot"
)

// hubDiagnosis is what the doctor found about the Snapshot hub.
type hubDiagnosis struct {
	Host     string         `json:"host"`
	Space    string         `json:"space"`       // "" if the model names none, so that nothing was asked
	Knows    string         `json:"knows_space"` // "yes", "no", or "unknown" where the hub did not answer
	Required bool           `json:"required"`    // counts for the exit code
	Ready    bool           `json:"ready"`
	Reason   string         `json:"reason,omitempty"` // why it is not ready
	Latency  chains.Latency `json:"latency_ms"`       // median of up to three queries
	Limits   []string       `json:"rate_limit_headers"`
}

// diagnoseHub asks for the space up to three times, without repeating what fails.
func diagnoseHub(ctx context.Context, hub *snapshot.Client, space string, named bool) hubDiagnosis {
	d := hubDiagnosis{Host: hubHost(hub), Space: space, Knows: "unknown", Limits: []string{}}
	d.Required = named && space != ""
	if space == "" {
		d.Reason = "the model names no Snapshot space to ask about"
		return d
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	defer transport.CloseIdleConnections()
	headers := &jsonrpc.LimitRecorder{Inner: transport}
	hub.HTTP, hub.Retries = &http.Client{Transport: headers}, -1
	var took []time.Duration
	for range 3 {
		start := time.Now()
		_, err := hub.Space(ctx, space)
		if err != nil && len(took) == 0 { // one answer is enough to be of use
			d.Reason = err.Error()
			if errors.Is(err, snapshot.ErrNotFound) {
				d.Knows, d.Reason = "no", fmt.Sprintf("the hub has no space %q: %v", space, err)
			}
		}
		if err != nil {
			break
		}
		took = append(took, time.Since(start))
	}
	if len(took) > 0 {
		slices.Sort(took)
		d.Knows, d.Ready, d.Latency = "yes", true, chains.Latency(took[len(took)/2])
	}
	for _, line := range headers.Lines() {
		if !repeatsSecret(hub, line) {
			d.Limits = append(d.Limits, line)
		}
	}
	return d
}

// hubHost returns the host of the hub's URL, or "" if that is no URL to send
// requests to.
func hubHost(hub *snapshot.Client) string {
	u, err := url.Parse(hub.Endpoint)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	return u.Hostname()
}

// repeatsSecret reports whether a line of foreign text repeats a part of the
// hub's URL or the key.
func repeatsSecret(hub *snapshot.Client, line string) bool {
	parts := strings.FieldsFunc(strings.TrimPrefix(hub.Endpoint, snapshot.DefaultEndpoint), func(r rune) bool {
		return strings.ContainsRune("/?&=@:", r)
	})
	return slices.ContainsFunc(append(parts, hub.APIKey), func(part string) bool {
		return len(part) >= 8 && strings.Contains(line, part)
	})
}
