package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/perpdao/perpquorum/snapshot"
)

func hubFlag(category string, to *string) cli.Flag {
	return &cli.StringFlag{Name: "hub", Category: category, EnvVars: []string{"SNAPSHOT_HUB_URL"}, Destination: to,
		Usage:       "GraphQL `URL` of the Snapshot hub; a key for it is read from SNAPSHOT_API_KEY",
		DefaultText: snapshot.DefaultEndpoint}
}

// proposalHelp explains PROPOSAL.
const proposalHelp = `An id (0x..., Qm... or bafkrei...), or the URL of the proposal's page. The
program only reads from the hub. An API key raises the hub's rate limit; it
is read from the environment variable SNAPSHOT_API_KEY.`

// newHub returns a client of the hub at a URL; "" is Snapshot's own. Where the hub limits
// the rate, it waits no longer than the given time.
func (o endpointOptions) newHub(endpoint string, wait time.Duration) *snapshot.Client {
	client := &snapshot.Client{
		Endpoint:  endpoint,
		APIKey:    strings.TrimSpace(os.Getenv("SNAPSHOT_API_KEY")),
		UserAgent: "perpquorum/" + buildInfo().Version,
		MaxWait:   wait,
	}
	if o.progress != nil {
		client.Observe = o.progress.asked.note
	}
	return client
}

func parseProposal(text string) (snapshot.ProposalRef, error) {
	ref, err := snapshot.ParseProposalRef(text)
	if err != nil {
		err = misuse(err)
	}
	if text == exampleName || text == exampleVoteName {
		err = hintf(err, "%s is a bundle: perpquorum report --bundle %s, or perpquorum verify %s", text, text, text)
	}
	return ref, err
}

// hubError separates misuse, which the user can correct, from trouble, and says what to do.
func hubError(err error) error {
	switch {
	case errors.Is(err, snapshot.ErrEndpoint):
		return misuse(fmt.Errorf("--hub or SNAPSHOT_HUB_URL: %w", err))
	case errors.Is(err, snapshot.ErrAuth):
		return hintf(err, "the API key is read from SNAPSHOT_API_KEY")
	case errors.Is(err, snapshot.ErrRateLimit):
		return hintf(err, "try again in a minute, wait longer with --timeout, or set SNAPSHOT_API_KEY")
	case errors.Is(err, snapshot.ErrNotFound):
		return hintf(err, "--hub names another hub")
	}
	return err
}
