package main

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"github.com/perpdao/perpquorum/fixtures/testchain"
)

// outcome is what a run of the program came to.
type outcome struct {
	code           int
	stdout, stderr string
}

// onChains runs the program with the test chains as endpoints.
func onChains(t testing.TB, w *testchain.World, args ...string) outcome {
	t.Helper()
	return program(t, append(args, "--allow-dev-chain",
		"--rpc", "ethereum="+w.Ethereum.URL, "--rpc", "optimism="+w.Optimism.URL)...)
}

// program runs the program in this process.
func program(t testing.TB, args ...string) outcome {
	t.Helper()
	return programUntil(t.Context(), args...)
}

func programUntil(ctx context.Context, args ...string) outcome {
	var stdout, stderr bytes.Buffer
	code := run(ctx, append([]string{"perpquorum"}, args...), strings.NewReader(""), &stdout, &stderr)
	return outcome{code, stdout.String(), stderr.String()}
}

// interrupted reports whether the run ended as an interruption does.
func (o outcome) interrupted() bool {
	return o == outcome{exitTrouble, "", "perpquorum: error: interrupted\n"}
}

// mirror serves what a server at another URL answers, on any path.
func mirror(t testing.TB, target string) string {
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.Out.URL = u }})
	t.Cleanup(s.Close)
	return s.URL
}

// hanging serves an endpoint that never answers, and tells when it is asked.
func hanging(t testing.TB) (url string, asked <-chan struct{}) {
	requests, released := make(chan struct{}, 100), make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		select {
		case requests <- struct{}{}:
		default:
		}
		<-released
	}))
	t.Cleanup(func() {
		close(released)
		s.Close()
	})
	return s.URL, requests
}
