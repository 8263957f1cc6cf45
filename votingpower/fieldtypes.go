package votingpower

import (
	"errors"
	"fmt"
	"math/big"
	"regexp"
	"strings"
	"time"

	"github.com/ethereum/go-ethereum/common"
)

// eip55 is an address whose text form carries the EIP-55 checksum. A text in
// one case only is refused as well: it has no checksum, so a typo could pass.
type eip55 common.Address

func (a eip55) MarshalText() ([]byte, error) { return []byte(common.Address(a).Hex()), nil }

func (a *eip55) UnmarshalText(text []byte) error {
	s := string(text)
	if !strings.HasPrefix(s, "0x") || !common.IsHexAddress(s) {
		return fmt.Errorf("found %q, want an address: 0x and 40 hex digits", s)
	}
	address := common.HexToAddress(s)
	if address.Hex() != s {
		return fmt.Errorf("address %s does not carry its EIP-55 checksum: if no digit is wrong, write %s", s, address.Hex())
	}
	*a = eip55(address)
	return nil
}

// fraction is a number from 0 to 1 written as "1/10", "0.1" or "10%".
type fraction struct{ rat *big.Rat }

// maxFractionBits bounds numerator and denominator, so that the text form has
// at most 39 digits on each side.
const maxFractionBits = 128

var (
	ratio   = regexp.MustCompile(`^-?[0-9]{1,39}/[0-9]{1,39}$`)
	decimal = regexp.MustCompile(`^-?[0-9]{1,30}(\.[0-9]{1,30})?$`)
)

func (f fraction) MarshalText() ([]byte, error) { return []byte(f.rat.RatString()), nil }

func (f *fraction) UnmarshalText(text []byte) error {
	s, percent := strings.CutSuffix(string(text), "%")
	if !decimal.MatchString(s) && (percent || !ratio.MatchString(s)) {
		return fmt.Errorf(`found %q, want a fraction such as "1/10", "0.1" or "10%%"`, text)
	}
	rat, ok := new(big.Rat).SetString(s)
	if !ok { // a denominator of zero
		return fmt.Errorf(`found %q, want a fraction such as "1/10", "0.1" or "10%%"`, text)
	}
	if percent {
		rat.Quo(rat, big.NewRat(100, 1))
	}
	f.rat = rat
	return checkFraction(rat)
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
		return fmt.Errorf("numerator and denominator have %d and %d bits, want at most %d", rat.Num().BitLen(), rat.Denom().BitLen(), maxFractionBits)
	}
	return nil
}

// instant is a time in UTC with a single spelling: RFC 3339 with Z, and no
// more digits of a second than it needs.
type instant time.Time

func (i instant) MarshalText() ([]byte, error) {
	return []byte(time.Time(i).UTC().Format(time.RFC3339Nano)), nil
}

func (i *instant) UnmarshalText(text []byte) error {
	t, err := time.Parse(time.RFC3339, string(text))
	if t = t.UTC(); err != nil || t.Format(time.RFC3339Nano) != string(text) {
		return fmt.Errorf("found %q, want a time in UTC such as 2022-09-14T12:30:00Z", text)
	}
	*i = instant(t)
	return checkInstant(t)
}

// checkInstant keeps times to those that RFC 3339 can write and a block can have.
func checkInstant(t time.Time) error {
	if t.Before(time.Unix(0, 0)) || t.UTC().Year() > 9999 {
		return fmt.Errorf("found year %d, want 1970 to 9999", t.UTC().Year())
	}
	return nil
}

// date is an instant that may also be written as a day, which is its midnight.
// The zero date is left out.
type date time.Time

func (d date) IsZero() bool                 { return time.Time(d).IsZero() }
func (d date) MarshalText() ([]byte, error) { return instant(d).MarshalText() }

func (d *date) UnmarshalText(text []byte) error {
	if day, err := time.Parse(time.DateOnly, string(text)); err == nil {
		*d = date(day)
		return checkInstant(day)
	}
	if err := (*instant)(d).UnmarshalText(text); err != nil {
		return fmt.Errorf("%w, or a day such as 2022-09-14", err)
	}
	return nil
}
