package chains_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/perpdao/perpquorum/chains"
)

// The first block at or after a time, with the header that proves it.
func ExampleClient_BlockAt() {
	url, stop := ethereum().Start()
	defer stop()
	ctx := context.Background()
	c, err := chains.Dial(ctx, chains.Ethereum, url)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()

	t := time.Date(2022, 9, 15, 6, 44, 0, 0, time.UTC)
	b, err := c.BlockAt(ctx, t)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("before:", b.Parent.Number, time.Unix(int64(b.Parent.Time), 0).UTC().Format(time.TimeOnly))
	fmt.Println("first: ", b.Number(), b.Time().Format(time.TimeOnly))
	fmt.Println("proven:", b.Proves(t) == nil)
	fmt.Println("for another time:", b.Proves(t.Add(time.Minute)))

	_, err = c.BlockAt(ctx, t.Add(24*time.Hour))
	fmt.Println("after the head:", errors.Is(err, chains.ErrNoBlockYet))
	// Output:
	// before: 15537399 06:43:59
	// first:  15537400 06:44:11
	// proven: true
	// for another time: block 15537400 has time 2022-09-15T06:44:11Z, before 2022-09-15T06:45:00Z
	// after the head: true
}

// A call by its Solidity signature; types and number of arguments are checked.
func ExampleNewCall() {
	token := common.HexToAddress("0xbC396689893D065F41bc2C6EcbeE5e0085233447")
	wallet := common.HexToAddress("0xD374225abB84DCA94e121F0B8A06B93E39aD7a99")

	call, err := chains.NewCall(token, "balanceOf(address)", wallet)
	fmt.Println(call.Data, err)

	_, err = chains.NewCall(token, "balanceOf(address)")
	fmt.Println(err)
	_, err = chains.NewCall(token, "balanceOf")
	fmt.Println(err)
	// Output:
	// 0x70a08231000000000000000000000000d374225abb84dca94e121f0b8a06b93e39ad7a99 <nil>
	// call balanceOf(address): argument count mismatch: got 0 for 1
	// function signature "balanceOf": want the form name(type,type) without spaces
}
