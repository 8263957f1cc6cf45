package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/perpdao/perpquorum/chains/jsonrpc"
)

// requestLog counts what was asked of which server, for --verbose.
type requestLog struct {
	wanted  bool
	mu      sync.Mutex
	servers map[string]*asked // by label, which has no key
}

// asked is what one server was asked.
type asked struct {
	requests, failed int
	took             time.Duration // of all requests, which may run side by side
	calls            map[string]int
}

// note counts a request, if that is wanted.
func (l *requestLog) note(x jsonrpc.Exchange) {
	if l == nil || !l.wanted {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.servers[x.Server]
	if a == nil {
		a = &asked{calls: map[string]int{}}
		l.servers[x.Server] = a
	}
	a.requests++
	a.took += x.Took
	if x.Failed {
		a.failed++
	}
	for _, method := range x.Methods {
		a.calls[method]++
	}
}

// print writes a line for each server.
func (l *requestLog) print(w io.Writer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, server := range slices.Sorted(maps.Keys(l.servers)) {
		a := l.servers[server]
		var calls []string
		for _, method := range slices.Sorted(maps.Keys(a.calls)) {
			calls = append(calls, thousands(a.calls[method])+" "+method)
		}
		fmt.Fprintf(w, "perpquorum: asked %s: %s in %v (%d failed): %s\n", server, counted(a.requests, "request"),
			a.took.Round(time.Millisecond), a.failed, strings.Join(calls, ", "))
	}
}
