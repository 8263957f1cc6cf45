package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/perpdao/perpquorum/chains"
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

// diagnoseHub asks for the space up to three times.
func diagnoseHub(ctx context.Context, hub *snapshot.Client, space string, named bool) hubDiagnosis {
	d := hubDiagnosis{Host: hub.Host(), Space: space, Knows: "unknown", Limits: []string{}}
	d.Required = named && space != ""
	if space == "" {
		d.Reason = "the model names no Snapshot space to ask about"
		return d
	}
	defer hub.CloseIdleConnections()
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
	d.Limits = append(d.Limits, hub.Limits()...)
	return d
}
