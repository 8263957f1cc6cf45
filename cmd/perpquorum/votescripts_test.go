package main

import (
	"encoding/json"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/perpdao/perpquorum/fixtures/hub"
	"github.com/perpdao/perpquorum/fixtures/testchain"
)

// TestVoteScripts runs the program in testdata/vote, against two local chains
// and fake hubs with made-up votes.
func TestVoteScripts(t *testing.T) {
	t.Parallel()
	w := testchain.Start(t)
	ethereumMirror, optimismMirror := mirror(t, w.Ethereum.URL), mirror(t, w.Optimism.URL)
	voter := honest(t, "basic").votes[mixedHolder(t, honest(t, "basic"))].Voter
	action, err := filepath.Abs("../../.github/actions/perpquorum/run.sh")
	if err != nil {
		t.Fatal(err)
	}
	cmds := commands()
	cmds["hub"] = func(ts *testscript.TestScript, neg bool, args []string) { startHub(ts, t, args) }
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/vote",
		Cmds:                cmds,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       *update,
		Setup: func(env *testscript.Env) error {
			env.Setenv("PERPQUORUM_ALLOW_DEV_CHAIN", "1")
			env.Setenv("PERPQUORUM_RPC_ETHEREUM", w.Ethereum.URL)
			env.Setenv("PERPQUORUM_RPC_OPTIMISM", w.Optimism.URL)
			env.Setenv("ETHEREUM_MIRROR", ethereumMirror)
			env.Setenv("OPTIMISM_MIRROR", optimismMirror)
			env.Setenv("SNAPSHOT_HUB_URL", "http://127.0.0.1:1/")
			env.Setenv("ACTION", action)
			env.Setenv("VOTER", voter)
			env.Setenv("NOBODY", w.Nobody.Address.Hex())
			env.Setenv("ETHEREUM_BLOCK", w.Ethereum.At(testchain.Snapshot).Number().String())
			next := w.Optimism.At(testchain.Snapshot).NumberU64() + 1
			env.Setenv("OPTIMISM_NEXT", strconv.FormatUint(next, 10))
			return nil
		},
	})
}

// startHub is the script command "hub GENERATION TYPE CHANGE…". It starts a hub
// with an honest vote of a type, to which some changes were made, and sets
// SNAPSHOT_HUB_URL, HUB (the URL without /graphql) and PROPOSAL.
func startHub(ts *testscript.TestScript, t testing.TB, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: hub GENERATION TYPE CHANGE…")
	}
	e := honest(t, args[1])
	for _, name := range args[2:] {
		if change := changes[name]; change != nil {
			change(t, e)
		} else if lies[name] == nil && hubChanges[name] == nil {
			ts.Fatalf("unknown change %q", name)
		}
	}
	e.sign()
	for _, name := range args[2:] {
		if tell := lies[name]; tell != nil {
			tell(t, e)
		}
	}
	o := e.options(map[string]hub.Generation{"H1": hub.H1, "H2": hub.H2}[args[0]])
	for _, name := range args[2:] {
		if change := hubChanges[name]; change != nil {
			change(&o)
		}
	}
	url, stop := hub.New(o).Start()
	ts.Defer(stop)
	ts.Setenv("SNAPSHOT_HUB_URL", url)
	ts.Setenv("HUB", strings.TrimSuffix(url, "/graphql"))
	ts.Setenv("PROPOSAL", e.proposal.ID)
}

const farFuture = 4102444800 // 2100

// changes make another honest vote of one.
var changes = map[string]func(t testing.TB, e *election){
	// States of a vote.
	"open":    func(_ testing.TB, e *election) { e.proposal.End, e.proposal.ScoresState = farFuture, "pending" },
	"pending": func(_ testing.TB, e *election) { e.proposal.ScoresState = "pending" },
	"not-begun": func(_ testing.TB, e *election) {
		e.proposal.Start, e.proposal.End, e.proposal.ScoresState = farFuture-1, farFuture, "pending"
		e.votes, e.proposal.Votes = nil, 0
		e.proposal.Scores, e.proposal.ScoresByStrategy, e.proposal.ScoresTotal = nil, nil, 0
	},
	"sealed": func(_ testing.TB, e *election) {
		e.proposal.End, e.proposal.ScoresState, e.proposal.Privacy = farFuture, "pending", "shutter"
		for i := range e.votes {
			e.votes[i].Choice = "0x00abcdef"
		}
		e.proposal.Scores = []float64{0, 0, 0}
	},
	"one-vote": func(t testing.TB, e *election) {
		e.votes, e.proposal.Votes = e.votes[:1], 1
		tallied(t, e)
	},

	"backdated": func(_ testing.TB, e *election) { e.proposal.Start = e.proposal.Created - 86400 },

	// Power that nothing binds to the model.
	"ticket": func(t testing.TB, e *election) { by(t, e, "ticket", `{"value":9000000}`, 9000000) },
	"list": func(t testing.TB, e *election) {
		by(t, e, "whitelist-weighted", `{"addresses":{"`+e.votes[0].Voter+`":9000000}}`, 9000000)
	},
	"stranger": func(t testing.TB, e *election) {
		by(t, e, "erc20-balance-of", `{"address":"`+testchain.ExampleToken.Hex()+`","decimals":6}`, 0)
	},
	"service": func(t testing.TB, e *election) { by(t, e, "api", `{}`, 9000000) },

	// Proposals of another kind.
	"other-space":   func(_ testing.TB, e *election) { e.proposal.Space = "other.eth" },
	"other-chain":   func(_ testing.TB, e *election) { e.proposal.Strategies[1].Network = "137" },
	"weighted":      func(_ testing.TB, e *election) { e.proposal.Type = "weighted" },
	"delegation":    func(_ testing.TB, e *election) { e.proposal.Strategies[0].Name = "split-delegation" },
	"control-codes": func(_ testing.TB, e *election) { e.proposal.Strategies[0].Name = "del\x1begation" },

	"commanding": func(_ testing.TB, e *election) {
		e.proposal.Title = "x\n::set-output name=verdict::reached\r\n##[error]%0A::add-mask::e\nverdict=reached"
	},
}

// by adds a strategy that gives every voter so much.
func by(t testing.TB, e *election, name, params string, power float64) {
	e.proposal.Strategies = append(e.proposal.Strategies,
		hub.Strategy{Name: name, Network: "1", Params: json.RawMessage(params)})
	for i := range e.votes {
		v := &e.votes[i]
		v.VP, v.VPByStrategy = v.VP+power, append(v.VPByStrategy, power)
	}
	tallied(t, e)
}

// lies are what a hub does to an honest vote. VOTER is the one with power from both strategies.
var lies = map[string]func(t testing.TB, e *election){
	"power": func(t testing.TB, e *election) {
		v := &e.votes[mixedHolder(t, e)]
		v.VP, v.VPByStrategy[0] = v.VP+1000, v.VPByStrategy[0]+1000
		tallied(t, e)
	},
	"weight": func(t testing.TB, e *election) {
		v := &e.votes[mixedHolder(t, e)]
		v.VP, v.VPByStrategy[1] = v.VP*1.0000001, v.VPByStrategy[1]*1.0000001
		tallied(t, e)
	},
	"score": func(_ testing.TB, e *election) { e.proposal.Scores[1] += 5 },
	"total": func(_ testing.TB, e *election) { e.proposal.ScoresTotal += 5 },
	"dropped": func(t testing.TB, e *election) {
		n := mixedHolder(t, e)
		e.votes = append(e.votes[:n], e.votes[n+1:]...)
	},
	"not-counted": func(_ testing.TB, e *election) { e.proposal.Votes = len(e.votes) },
	"duplicate": func(t testing.TB, e *election) {
		again := e.votes[mixedHolder(t, e)]
		again.ID, again.Created = hub.ID("again"), again.Created+5
		e.votes = append(e.votes, again)
		e.proposal.Votes++
		tallied(t, e)
	},
	"earlier-block": func(_ testing.TB, e *election) { e.proposal.Snapshot-- },
	"late":          func(t testing.TB, e *election) { e.votes[mixedHolder(t, e)].Created = e.proposal.End + 1 },
	"retitled":      func(_ testing.TB, e *election) { e.proposal.Title += " again" },
	"other-end":     func(_ testing.TB, e *election) { e.proposal.End-- },
	"edited": func(_ testing.TB, e *election) {
		e.proposal.Title, e.proposal.Updated = "SYNTHETIC edit", e.proposal.Created+60
	},
	"swapped-choices": func(_ testing.TB, e *election) { e.proposal.Choices = []string{"No", "Yes", "Abstain"} },
	"rechosen":        func(t testing.TB, e *election) { e.votes[mixedHolder(t, e)].Choice = 2; tallied(t, e) },
	"unsigned":        func(t testing.TB, e *election) { e.messages[mixedHolder(t, e)].Sig = "" },
	"signed-by-another": func(t testing.TB, e *election) {
		n := mixedHolder(t, e)
		e.messages[n] = e.votes[n].SignedBy(e.voters[(n+1)%len(e.voters)].Key)
		e.messages[n].Address = e.votes[n].Voter
	},
	"signed-by-alias": func(t testing.TB, e *election) {
		n := mixedHolder(t, e)
		e.messages[n] = e.votes[n].SignedBy(e.voters[(n+1)%len(e.voters)].Key)
		e.aliases = []hub.Alias{{Address: e.votes[n].Voter, Alias: e.messages[n].Address, Created: e.votes[n].Created}}
	},
	"signed-by-contract": func(t testing.TB, e *election) { e.messages[mixedHolder(t, e)].Sig = "0x" },
	"null-power":         func(_ testing.TB, e *election) { e.votes[3].Override = map[string]string{"vp": "null"} },
	"key-twice": func(_ testing.TB, e *election) {
		e.votes[5].Override = map[string]string{"choice": `{"1":1,"1":1}`}
	},
}

// hubChanges are what scripts do to a hub.
var hubChanges = map[string]func(o *hub.Options){
	"forgets": func(o *hub.Options) { o.Proposals = nil },
	"refuses": func(o *hub.Options) {
		o.Fault = func(r hub.Request) *hub.Fault {
			if r.Root != "votes" {
				return nil
			}
			return &hub.Fault{Status: 400, Body: `{"errors":[{"message":"no"}]}`}
		}
	},
	"keeps-messages": func(o *hub.Options) {
		o.Fault = func(r hub.Request) *hub.Fault {
			if r.Root == "messages" {
				return &hub.Fault{Message: "not today"}
			}
			return nil
		}
	},
	"not-found": func(o *hub.Options) {
		o.Fault = func(hub.Request) *hub.Fault { return &hub.Fault{Status: 404, Body: "nothing at /v3/SENTINELPATH"} }
	},
	"later-title":      later("title", `"SYNTHETIC another"`),
	"later-choices":    later("choices", `["No","Yes","Abstain"]`),
	"later-strategies": later("strategies", `[{"name":"ticket","network":"1","params":{"value":1}}]`),
	"later-end":        later("end", `1685111974`),
	"later-flag":       later("flagged", `true`),
	"odd": func(o *hub.Options) {
		p := hub.NewProposal(voteSpace, "odd")
		p.Override = map[string]string{"quorum": "-1"}
		o.Proposals = append(o.Proposals, p)
	},
	"asks-for-key": func(o *hub.Options) { o.Keys = []string{"SENTINEL-HUB-KEY"} },
}

// later makes a hub give another value of a field when the proposal is read again.
func later(field, value string) func(o *hub.Options) {
	return func(o *hub.Options) {
		o.Fault = func(r hub.Request) *hub.Fault {
			if r.Root != "proposal" || r.Number == 1 {
				return nil
			}
			return hub.SetField(0, field, value)
		}
	}
}
