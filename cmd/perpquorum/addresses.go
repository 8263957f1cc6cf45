package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/ethereum/go-ethereum/common"
)

// readAddresses reads the addresses of the command line and of a file, each
// once, in EIP-55. An argument or a file of "-" stands for stdin; "" is no file.
func readAddresses(args []string, file string, stdin io.Reader) ([]string, error) {
	var l addressList
	for _, arg := range args {
		if arg == "-" {
			if err := l.read(stdin, "standard input"); err != nil {
				return nil, err
			}
		} else if err := l.add(arg); err != nil {
			return nil, misuse(err)
		}
	}
	switch file {
	case "":
	case "-":
		if err := l.read(stdin, "standard input"); err != nil {
			return nil, err
		}
	default:
		f, err := openFile(file)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		if err := l.read(f, "--file"); err != nil {
			return nil, err
		}
	}
	if len(l.addresses) == 0 {
		return nil, hintf(usagef("ADDRESS is missing"), "see perpquorum power --help")
	}
	return l.addresses, nil
}

type addressList struct {
	addresses []string
	seen      map[string]bool
}

// add takes an address in lower case, in upper case, or with a right EIP-55
// checksum.
func (l *addressList) add(text string) error {
	digits, ok := strings.CutPrefix(text, "0x")
	if !ok || !common.IsHexAddress(text) {
		return fmt.Errorf("%s is not an address, want 0x and 40 hex digits", quote(text))
	}
	address := common.HexToAddress(text).Hex()
	if mixed := digits != strings.ToLower(digits) && digits != strings.ToUpper(digits); mixed && text != address {
		return fmt.Errorf("%s: the checksum in its upper and lower case letters is wrong, so a digit may be too", quote(text))
	}
	if l.seen == nil {
		l.seen = map[string]bool{}
	}
	if !l.seen[address] {
		l.seen[address] = true
		l.addresses = append(l.addresses, address)
	}
	return nil
}

func (l *addressList) read(r io.Reader, name string) error {
	lines := bufio.NewScanner(r)
	n := 1
	for ; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if err := l.add(line); err != nil {
			return usagef("%s, line %d: %w", name, n, err)
		}
	}
	if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		return usagef("%s, line %d is too long for an address", name, n)
	} else if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
