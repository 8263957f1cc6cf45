package votingpower

import (
	"errors"
	"fmt"
	"math/big"
	"regexp"
	"strings"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
)

// parseAddress reads an address with its EIP-55 checksum. A text in one case only
// is refused too: it has no checksum, so a typo could pass.
func parseAddress(s string) (common.Address, error) {
	if !strings.HasPrefix(s, "0x") || !common.IsHexAddress(s) {
		return common.Address{}, fmt.Errorf("found %.80q, want an address: 0x and 40 hex digits", s)
	}
	address := common.HexToAddress(s)
	if address.Hex() != s {
		return address, fmt.Errorf("address %s does not carry its EIP-55 checksum: if no digit is wrong, write %s",
			s, address.Hex())
	}
	return address, nil
}

// maxFractionBits bounds numerator and denominator, so that the text form has
// at most 39 digits on each side.
const maxFractionBits = 128

var (
	ratio   = regexp.MustCompile(`^-?[0-9]{1,39}/[0-9]{1,39}$`)
	decimal = regexp.MustCompile(`^-?[0-9]{1,30}(\.[0-9]{1,30})?$`)
)

// parseFraction reads a number from 0 to 1 written as "1/10", "0.1" or "10%".
func parseFraction(text string) (*big.Rat, error) {
	s, percent := strings.CutSuffix(text, "%")
	rat, ok := new(big.Rat), decimal.MatchString(s) || !percent && ratio.MatchString(s) // bounds the work of SetString
	if ok {
		rat, ok = rat.SetString(s)
	}
	if !ok { // a denominator of zero included
		return nil, fmt.Errorf(`found %.80q, want a fraction such as "1/10", "0.1" or "10%%"`, text)
	}
	if percent {
		rat.Quo(rat, big.NewRat(100, 1))
	}
	return rat, checkFraction(rat)
}

func checkFraction(rat *big.Rat) error {
	switch {
	case rat == nil:
		return errors.New("is missing")
	case rat.Sign() < 0:
		return fmt.Errorf("found %s, want 0 or more", rat.RatString())
	case rat.Cmp(big.NewRat(1, 1)) > 0:
		return fmt.Errorf("found %s, want at most 1, which is 100%%", rat.RatString())
	case rat.Num().BitLen() > maxFractionBits || rat.Denom().BitLen() > maxFractionBits:
		return fmt.Errorf("numerator and denominator have %d and %d bits, want at most %d",
			rat.Num().BitLen(), rat.Denom().BitLen(), maxFractionBits)
	}
	return nil
}

// parseTime reads a time in UTC with a single spelling, RFC 3339 with Z and no more
// digits of a second than it needs, or a day, which is its midnight.
func parseTime(s string) (time.Time, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		if t, err = time.Parse(time.RFC3339, s); err != nil || formatTime(t) != s {
			return t, fmt.Errorf("found %.80q, want a time in UTC such as 2022-09-14T12:30:00Z, or a day such as 2022-09-14", s)
		}
	}
	return t.UTC(), checkTime(t)
}

// formatTime writes a time as the JSON forms do.
func formatTime(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// checkTime refuses times that RFC 3339 cannot write or that no block can have.
func checkTime(t time.Time) error {
	if t.Before(time.Unix(0, 0)) || t.UTC().Year() > 9999 {
		return fmt.Errorf("found year %d, want 1970 to 9999", t.UTC().Year())
	}
	return nil
}

// parseBytes reads 0x and two hex digits for each byte.
func parseBytes(s string) (hexutil.Bytes, error) { return hexutil.Decode(s) }
