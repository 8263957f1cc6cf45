package chains_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/perpdao/perpquorum/chains"
)

// The examples talk to a local node that serves a made-up continuation of
// Ethereum after the Merge.

func ExampleDial() {
	url, stop := ethereum().Start()
	defer stop()

	c, err := chains.Dial(context.Background(), chains.Ethereum, url)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	fmt.Println(c.ID, "proven by a block hash:", c.Anchored)

	_, err = chains.Dial(context.Background(), chains.Optimism, url)
	fmt.Println("as Optimism:", errors.Is(err, chains.ErrWrongChain))
	// Output:
	// ethereum proven by a block hash: true
	// as Optimism: true
}

// Two endpoints that must give the same bytes for every read.
func ExampleDialer_agree() {
	honest, stop := ethereum().Start()
	defer stop()
	liar := ethereum()
	liar.chain.Lie(holder, 1) // one wei too many
	other, stop := liar.Start()
	defer stop()

	ctx := context.Background()
	c, err := chains.Dialer{Agree: 2}.Dial(ctx, chains.Ethereum, honest, other)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	b, err := c.BlockByNumber(ctx, 15537400)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = c.CallAt(ctx, b, []chains.Call{chains.NativeBalance(holder)})
	fmt.Println(errors.Is(err, chains.ErrDisagree))
	// Output: true
}

func ExampleClient_BlockByNumber() {
	url, stop := ethereum().Start()
	defer stop()
	ctx := context.Background()
	c, err := chains.Dial(ctx, chains.Ethereum, url)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()

	b, err := c.BlockByNumber(ctx, 15537400)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(b.Number(), b.Time().Format(time.RFC3339))
	fmt.Println("first block at or after its own time:", b.Proves(b.Time()) == nil)

	_, err = c.BlockByNumber(ctx, 15600000)
	fmt.Println(err)
	// Output:
	// 15537400 2022-09-15T06:44:11Z
	// first block at or after its own time: true
	// ethereum: block 15600000 does not exist yet, head is 15537594 (2022-09-15T07:22:59Z): no block yet
}

func ExampleClient_CallAt() {
	url, stop := ethereum().Start()
	defer stop()
	ctx := context.Background()
	c, err := chains.Dial(ctx, chains.Ethereum, url)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	b, err := c.BlockByNumber(ctx, 15537400)
	if err != nil {
		fmt.Println(err)
		return
	}

	answers, err := c.CallAt(ctx, b, []chains.Call{chains.NativeBalance(holder), chains.NativeBalance(nobody)})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, a := range answers {
		wei, err := a.Uint256()
		fmt.Println(wei, err)
	}

	// An address without code answers every call with success and no data.
	supply, err := chains.NewCall(common.HexToAddress("0x00000000000000000000000000000000000000A4"), "totalSupply()")
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = c.CallAt(ctx, b, []chains.Call{supply})
	fmt.Println("no contract:", errors.Is(err, chains.ErrNoContract))
	// Output:
	// 911013244168737129184101 <nil>
	// 0 <nil>
	// no contract: true
}
