package strategy

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/ethereum/go-ethereum/common"
	jsonv2 "github.com/go-json-experiment/json"

	"github.com/perpdao/perpquorum/chains"
)

// parser reads the parameters of a strategy that runs at a place. Its error says
// why the strategy cannot be recomputed from chain state.
type parser func(params json.RawMessage, at site) (scorer, error)

// parsers lists the strategies that are recomputed.
func parsers() map[string]parser {
	weight := func(s scorer, p tokenParams) (scorer, error) { return multiplied(s, p.Weight, "weight") }
	coeff := func(s scorer, p tokenParams) (scorer, error) { return multiplied(s, p.Coeff, "coeff") }
	return map[string]parser{
		"erc20-balance-of":                 token("balanceOf(address)", false, asRead),
		"erc20-votes":                      token("getVotes(address)", false, asRead), // EIP-5805
		"erc20-votes-with-override":        ofVoters(parseOverride),
		"comp-like-votes":                  token("getCurrentVotes(address)", false, asRead),
		"erc20-with-balance":               token("balanceOf(address)", false, withBalance),
		"erc20-balance-of-weighted":        token("balanceOf(address)", false, weight),
		"erc20-balance-of-coeff":           token("balanceOf(address)", false, coeff),
		"eth-balance":                      parseNative,
		"native-balance":                   parseNative,
		"erc20-balance-of-cv":              token("balanceOf(address)", false, root),
		"balance-of-with-min":              token("balanceOf(address)", false, withMin),
		"erc20-balance-of-fixed-total":     ofVoters(token("balanceOf(address)", false, shareOut)),
		"uni":                              parseUni,
		"ve-balance-of-at":                 parseCheckpoint(false),
		"erc20-balance-of-at":              parseCheckpoint(true),
		"erc4626-assets-of":                parseVault,
		"erc721":                           token("balanceOf(address)", true, asRead),
		"erc721-with-multiplier":           token("balanceOf(address)", true, multiplierOr1),
		"erc1155-balance-of":               parseERC1155,
		"contract-call":                    parseContractCall,
		"ticket":                           parseTicket,
		"whitelist":                        parseWhitelist,
		"whitelist-weighted":               parseWhitelistWeighted,
		"delegation":                       ofVoters(parseDelegation(false)),
		"with-delegation":                  ofVoters(parseDelegation(true)),
		"erc20-balance-of-delegation":      ofVoters(parseBalanceDelegation(false)),
		"erc20-balance-of-with-delegation": ofVoters(parseBalanceDelegation(true)),
		"weighted":                         parseWeighted,
		"math":                             parseMath,
		"multichain":                       parseMultichain,
	}
}

// old are the strategies that the first version of bundles has the calls of.
var old = []string{
	"erc20-balance-of", "erc20-votes", "comp-like-votes", "erc20-with-balance", "erc20-balance-of-weighted",
	"erc20-balance-of-coeff", "eth-balance", "native-balance", "erc721", "erc721-with-multiplier", "erc1155-balance-of",
	"contract-call", "ticket", "whitelist", "whitelist-weighted", "weighted", "math", "multichain",
}

// Names lists the strategies that are recomputed from the chains, in alphabetical order.
func Names() []string { return slices.Sorted(maps.Keys(parsers())) }

// ofVoters is for strategies whose result depends on who votes, or delegates to whom: those who
// delegate to voters are others.
func ofVoters(parse parser) parser {
	return func(params json.RawMessage, at site) (scorer, error) {
		if at.delegated {
			return nil, errors.New("inside a delegation it is not recomputed here")
		}
		return parse(params, at)
	}
}

// Bounds of a query: the hub takes ten strategies, and compositions of two or three levels.
const (
	maxStrategies = 32
	maxNested     = 256 // strategies at any depth
	maxDepth      = 8   // compositions around a strategy
)

// site is where a strategy runs.
type site struct {
	Place
	depth     int  // number of compositions around it
	hops      int  // blocks between that of the place and the snapshot block
	delegated bool // it runs for delegators, not for voters
	query     *parsing
}

// parsing is what the strategies of a query share while they are parsed.
type parsing struct {
	older      bool
	space      string
	without    []chains.ID
	silent     []chains.ID
	ignored    bool // the networks of strategies may have been
	left       int  // number of strategies that the query may still name
	registries map[Place][]common.Hash
	doubt      string // why the result of the strategy that is parsed may be off
}

// inside is the site of a strategy within a composition, at the same place.
func (s site) inside() site {
	s.depth++
	return s
}

// on is the site of a strategy on a network.
func (s site) on(id chains.ID) (site, error) {
	there := s.Place.on(id)
	if there == s.Place {
		return s, nil
	}
	s.Place = there
	if s.hops++; s.hops > 2 {
		return s, errors.New("its blocks would be three chains away from the snapshot block")
	}
	return s, nil
}

// parse reads one strategy at the site where it runs.
func parse(spec Spec, at site) (scorer, error) {
	if at.depth > maxDepth {
		return nil, fmt.Errorf("strategies are nested more than %d deep", maxDepth)
	}
	if at.query.left--; at.query.left < 0 {
		return nil, fmt.Errorf("there are more than %d strategies, nested ones included", maxNested)
	}
	parser, ok := parsers()[spec.Name]
	if at.query.older && !slices.Contains(old, spec.Name) {
		return nil, errors.New("the program that read the vote did not recompute it")
	}
	if !ok {
		return nil, errors.New(reasonFor(spec.Name))
	}
	if absent(spec.Params) {
		return parser(json.RawMessage("{}"), at)
	}
	return parser(spec.Params, at)
}

// decode reads parameters by keys in exactly their spelling: encoding/json would
// take "minbalance" for minBalance, and Snapshot does not see it.
func decode(params json.RawMessage, into any) error {
	if err := jsonv2.Unmarshal(params, into); err != nil {
		return fmt.Errorf("params: %w", err)
	}
	return nil
}

// network reads a strategy's network; empty means the place's own chain.
func network(text string, at Place) (chains.ID, error) {
	if text == "" {
		return at.Chain, nil
	}
	id, err := strconv.ParseUint(text, 10, 64)
	if err != nil || strconv.FormatUint(id, 10) != text || id == 0 {
		return 0, fmt.Errorf("network %s is not an EIP-155 chain id", clip([]byte(text)))
	}
	return chains.ID(id), nil
}

// reasonFor says why the strategy with this name is left to the hub. Strategies
// that depend on who else votes, or that read a registry's history, an indexer
// or a web service, are known by name; any other is simply not known here.
func reasonFor(name string) string {
	switch name {
	case "api", "api-post", "api-v2", "api-v2-override":
		return "it asks a web service"
	case "delegation-with-cap", "delegation-with-overrides", "split-delegation", "offchain-delegation",
		"delegate-registry-v2", "erc20-balance-of-quadratic-delegation",
		"esd-delegation", "balancer-delegation", "rocketpool-node-operator-delegate-v8":
		return "it depends on delegations that are not recomputed here"
	case "aura-vlaura-vebal-with-overrides",
		"eden-online-override", "balance-of-with-linear-vesting-power", "orbs-network-delegation",
		"ocean-dao-brightid", "cyberkongz", "cyberkongz-v2", "sonic-staked-balance":
		return "its result depends on who else voted, or changes while the vote is open"
	case "gno":
		return "it asks a subgraph"
	}
	return "this strategy is not known here"
}
