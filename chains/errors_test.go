package chains

import (
	"errors"
	"testing"

	"github.com/ethereum/go-ethereum/common"
)

func TestCallErrorMessages(t *testing.T) {
	t.Parallel()
	tests := []struct {
		err  error
		is   error
		want string
	}{
		{&CallError{Chain: Ethereum, Block: 5,
			Call: Call{To: common.HexToAddress("0xbC396689893D065F41bc2C6EcbeE5e0085233447"),
				Signature: "decimals()"}, Err: ErrNoContract}, ErrNoContract,
			`decimals() of 0xbC396689893D065F41bc2C6EcbeE5e0085233447 at ethereum block 5: no contract`},
		{&CallError{Chain: 31337, Call: Call{Data: []byte{1, 2}}, Err: ErrReverted}, ErrReverted,
			`call with 2 bytes of calldata of 0x0000000000000000000000000000000000000000 at 31337 block 0: call ` +
				`reverted`},
	}
	for _, tt := range tests {
		if got := tt.err.Error(); got != tt.want {
			t.Errorf("got  %s\nwant %s", got, tt.want)
		}
		if !errors.Is(tt.err, tt.is) || errors.Is(tt.err, ErrDisagree) {
			t.Errorf("%v: want only %v to match", tt.err, tt.is)
		}
	}
}
