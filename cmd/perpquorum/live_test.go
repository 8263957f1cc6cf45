package main

import (
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/perpdao/perpquorum/fixtures/testchain"
)

// TestLiveScripts runs the program in testdata/live against two local chains.
func TestLiveScripts(t *testing.T) {
	w := testchain.Start(t)
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/live",
		Cmds:                commands(),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       *update,
		Setup: func(env *testscript.Env) error {
			env.Setenv("PERPQUORUM_RPC_ETHEREUM", w.Ethereum.URL)
			env.Setenv("PERPQUORUM_RPC_OPTIMISM", w.Optimism.URL)
			env.Setenv("ETHEREUM", w.Ethereum.URL)
			env.Setenv("OPTIMISM", w.Optimism.URL)
			env.Setenv("ETHEREUM_HEAD", strconv.FormatUint(w.Ethereum.Head().NumberU64(), 10))
			env.Setenv("HEAD_TIME", strconv.FormatUint(min(w.Ethereum.Head().Time(), w.Optimism.Head().Time()), 10))
			env.Setenv("ETHEREUM_BLOCK", w.Ethereum.At(testchain.Snapshot).Number().String())
			env.Setenv("OPTIMISM_BLOCK", w.Optimism.At(testchain.Snapshot).Number().String())
			env.Setenv("OPTIMISM_NEXT", strconv.FormatUint(w.Optimism.At(testchain.Snapshot).NumberU64()+1, 10))
			env.Setenv("AFTER_HEAD", strconv.FormatUint(max(w.Ethereum.Head().Time(), w.Optimism.Head().Time())+1, 10))
			return nil
		},
	})
}
