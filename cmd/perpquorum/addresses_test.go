package main

import (
	"strings"
	"testing"
)

// FuzzAddress: no text makes the program fail, and what is taken is an address in EIP-55.
func FuzzAddress(f *testing.F) {
	for _, seed := range []string{
		"0xD374225abB84DCA94e121F0B8A06B93E39aD7a99", "0xd374225abb84dca94e121f0b8a06b93e39ad7a99", "0X12", "x.eth", "0x", "",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var l addressList
		if l.add(text) != nil {
			return
		}
		if len(l.addresses) != 1 || !strings.EqualFold(l.addresses[0], text) {
			t.Errorf("%q was read as %q", text, l.addresses)
		}
		if l.add(l.addresses[0]) != nil || len(l.addresses) != 1 {
			t.Errorf("%q is not read again, or counts twice", l.addresses)
		}
	})
}
