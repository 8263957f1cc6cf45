package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/chains/jsonrpc"
)

// environmentNames lists the variables that may name endpoints of a chain before the
// settings file does. The last two are those of Perpetual Protocol's public snapshot script.
func environmentNames(id chains.ID) []string {
	names := []string{"PERPQUORUM_RPC_" + strings.ToUpper(id.String())}
	switch id {
	case chains.Ethereum:
		names = append(names, "MAINNET_WEB3_ENDPOINT")
	case chains.Optimism:
		names = append(names, "OPTIMISM_WEB3_ENDPOINT")
	}
	return names
}

func environmentURLs(names ...string) []string {
	// A comma is a legal character of a URL, so only one in front of a scheme or
	// of white space separates.
	separate := strings.NewReplacer(",http://", " http://", ",https://", " https://", ", ", " ", ",\n", " ")
	for _, name := range names {
		if list := strings.Fields(separate.Replace(os.Getenv(name) + " ")); len(list) > 0 {
			return list
		}
	}
	return nil
}

// settingsFile is where endpoints are looked for that nothing else names: the place that
// the XDG Base Directory Specification gives it, or "" where there is no home directory.
func settingsFile() string {
	dir := os.Getenv("XDG_CONFIG_HOME")
	if !filepath.IsAbs(dir) { // the specification ignores a relative one
		home, err := os.UserHomeDir()
		if err != nil {
			return ""
		}
		dir = filepath.Join(home, ".config")
	}
	return filepath.Join(dir, "perpquorum", "endpoints")
}

// fileURLs reads the endpoints that the file of --endpoints names, or the settings file
// if there is one. The endpoints of a chain are in the order of their lines.
func (o endpointOptions) fileURLs() (map[chains.ID][]string, error) {
	name := o.file
	if name == "" {
		name = settingsFile()
		if _, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
	}
	file, err := openFile(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o077 != 0 && runtime.GOOS != "windows" {
		o.progress.hint("%s holds keys and is open to others; chmod 600 makes it yours alone", name)
	}
	urls, err := parseEndpoints(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return urls, nil
}

// mostSettings bounds a file of endpoints, in bytes.
const mostSettings = 1 << 20

// parseEndpoints reads lines of a chain and a URL. Nothing of a line is repeated in an
// error: it may be a key.
func parseEndpoints(r io.Reader) (map[chains.ID][]string, error) {
	urls := map[chains.ID][]string{}
	lines := bufio.NewScanner(io.LimitReader(r, mostSettings+1))
	lines.Buffer(nil, mostSettings)
	for n := 1; lines.Scan(); n++ {
		line, _, _ := strings.Cut(" "+strings.ReplaceAll(lines.Text(), "\t", " "), " #")
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		id, err := parseChain(fields[0])
		if len(fields) != 2 || err != nil {
			return nil, usagef("line %d: want CHAIN URL, where CHAIN is ethereum, optimism or a chain id", n)
		}
		e, err := jsonrpc.New(fields[1], jsonrpc.Options{})
		if err != nil {
			return nil, usagef("line %d: %w", n, err)
		}
		e.Close()
		urls[id] = append(urls[id], fields[1])
	}
	if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		return nil, usagef("a line is too long")
	} else if err != nil {
		return nil, err
	}
	return urls, nil
}
