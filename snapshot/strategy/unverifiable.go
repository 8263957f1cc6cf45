package strategy

// reasonFor says why the strategy with this name is left to the hub. Strategies
// that depend on who else votes, or that read a registry's history, an indexer
// or a web service, are known by name; any other is simply not known here.
func reasonFor(name string) string {
	switch name {
	case "api", "api-post", "api-v2", "api-v2-override":
		return "it asks a web service"
	case "delegation", "delegation-with-cap", "delegation-with-overrides", "with-delegation",
		"erc20-balance-of-delegation", "erc20-balance-of-with-delegation", "split-delegation",
		"offchain-delegation", "delegate-registry-v2", "erc20-balance-of-quadratic-delegation",
		"esd-delegation", "balancer-delegation", "rocketpool-node-operator-delegate-v8":
		return "it depends on a delegation registry"
	case "erc20-votes-with-override", "erc20-balance-of-fixed-total", "aura-vlaura-vebal-with-overrides",
		"eden-online-override", "balance-of-with-linear-vesting-power", "orbs-network-delegation",
		"ocean-dao-brightid", "cyberkongz", "cyberkongz-v2", "sonic-staked-balance":
		return "its result depends on who else voted, or changes while the vote is open"
	case "ve-balance-of-at", "erc20-balance-of-at":
		return "Snapshot reads it at the latest state, not at the snapshot block"
	case "gno":
		return "it asks a subgraph"
	}
	return "this strategy is not known here"
}
