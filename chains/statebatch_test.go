package chains

import (
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common/hexutil"
)

func TestRevertReason(t *testing.T) {
	t.Parallel()
	for data, want := range map[string]bool{
		"0x": false, "0x08c379": false, "0x08c379a0": true, "0x4e487b71": true,
		"0x08c379a0" + strings.Repeat("00", 28): false, "0x08c379a0" + strings.Repeat("00", 64): true,
		"0x4e487b71" + strings.Repeat("00", 32): true, "0x" + strings.Repeat("00", 64): false,
	} {
		if got := isRevertReason(hexutil.MustDecode(data)); got != want {
			t.Errorf("%s: got %v", data, got)
		}
	}
}
