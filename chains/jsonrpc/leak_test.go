package jsonrpc

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// TestNoSecretInAnyError plants secrets in user, password, path and query, lets
// the endpoint echo them in every way it can, and looks at the errors.
func TestNoSecretInAnyError(t *testing.T) {
	t.Parallel()
	const key, query = "sentinelPathKey0123456789", "sentinelQueryKey/987"
	u := func(base string) string {
		return strings.Replace(base, "http://", "http://sentinelUser:sentinelPass@", 1) + "/v3/" + key + "?dkey=" +
			url.QueryEscape(query)
	}
	echo := "bad request to https://sentinelUser:sentinelPass@h/v3/" + key + "?dkey=" + query + " or " +
		url.QueryEscape(query) + "\x1b[31m" + strings.Repeat("A", 1<<20)
	quoted := strings.NewReplacer("\x1b", `\u001b`).Replace(echo)
	handlers := map[string]handler{
		"text 400":  body(400, echo),
		"text 200":  body(200, echo),
		"error 200": body(200, `{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"`+quoted+`"}}`),
		"error 401": body(401, `{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"`+quoted+`"}}`),
		"error data": body(200,
			`{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"x","data":"`+quoted+`"}}`),
		"HTML":     body(403, "<title>"+echo+"</title>"),
		"id":       body(200, `{"jsonrpc":"2.0","id":"`+key+`","result":"0x1"}`),
		"twice":    body(200, `{"`+key+`":1,"`+key+`":1}`),
		"version":  body(200, `{"jsonrpc":"`+key+`","id":1,"result":"0x1"}`),
		"encoding": body(200, "", "Content-Encoding", key),
		"redirect": body(302, "", "Location", "https://sentinelUser:sentinelPass@h.example/v3/"+key),
		"host":     body(302, "", "Location", "https://"+key+".h.example/v3/"+key),
		"close":    func(*node, http.ResponseWriter, []message, bool) bool { panic(http.ErrAbortHandler) },
		"revert": body(200,
			`{"jsonrpc":"2.0","id":null,"error":{"code":3,"message":"execution reverted: `+key+`"}}`),
	}
	check := func(name string, err error) {
		if err == nil {
			t.Errorf("%s: no error", name)
			return
		}
		for e := err; e != nil; e = errors.Unwrap(e) {
			text := fmt.Sprintf("%v %+v %#v", e, e, e)
			if piece := leaks(text, "sentinelUser", "sentinelPass", key, query, url.QueryEscape(query)); piece != "" {
				t.Errorf("%s shows %q: %s", name, piece, text)
			}
			if strings.ContainsAny(e.Error(), "\x1b\n\x00") || len(e.Error()) > 600 {
				t.Errorf("%s: %q", name, e.Error())
			}
		}
	}
	for name, h := range handlers {
		for _, calls := range []int{1, 3} {
			n := serve(t, h)
			replies, err := connect(t, Options{}, u(n.URL)).Send(context.Background(), numbered(calls))
			if err == nil {
				err = replies[0].Err
			}
			check(name, err)
		}
	}
	n := serve(t, body(200, `{"jsonrpc":"2.0","id":1,"result":"`+key+`"}`))
	e := connect(t, Options{}, u(n.URL))
	replies, err := e.Send(context.Background(), numbered(1))
	if err != nil {
		t.Fatal(err)
	}
	_, err = replies[0].Quantity()
	check("quantity", err)
	_, err = replies[0].Data()
	check("data", err)
	check("caller's", e.Fail(ClassProtocol, "chain id is "+key))
	dead := serve(t, nil)
	dead.Close()
	_, err = connect(t, Options{}, u(dead.URL)).Send(context.Background(), numbered(1))
	check("refused", err)
	_, err = connect(t, Options{}, u("http://"+key+".invalid.localhost:1")).Send(context.Background(), numbered(1))
	check("lookup", err)
	_, err = connect(t, Options{}, u(dead.URL)).Send(context.Background(),
		[]Request{{Method: "x", Params: []any{make(chan int)}}})
	check("own request", err)
}

// leaks returns a piece of a secret, 8 bytes long, that text shows.
func leaks(text string, secrets ...string) string {
	text = strings.ToLower(text)
	for _, s := range secrets {
		for i := range len(s) - 7 {
			if strings.Contains(text, strings.ToLower(s[i:i+8])) {
				return s[i : i+8]
			}
		}
	}
	return ""
}
