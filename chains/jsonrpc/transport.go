package jsonrpc

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/perpdao/perpquorum/chains/keyurl"
)

const (
	// maxReply bounds a reply, after decompression, in bytes. The largest known limit of a
	// node is 25 MB for a batch of 1000; ours are a tenth of that.
	maxReply = 16 << 20
	// maxRefusal bounds the body of a reply that is not a success.
	maxRefusal = 64 << 10
)

// transport sends request bodies to one endpoint. It alone knows the URL.
type transport struct {
	inner *keyurl.Transport
	url   *url.URL
	agent string
	now   func() time.Time
}

// post sends a body and returns that of the reply. Only a complete reply with a status from 200
// to 203 passes: in each of them the body is the whole answer.
func (t *transport) post(ctx context.Context, body []byte) ([]byte, *fault) {
	resp, err := t.inner.RoundTrip(t.request(ctx, body))
	if err != nil {
		return nil, transportFault(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode < http.StatusOK || resp.StatusCode > http.StatusNonAuthoritativeInfo {
		return nil, t.refusal(resp)
	}
	return readBody(resp)
}

func (t *transport) request(ctx context.Context, body []byte) *http.Request {
	target := *t.url
	req := &http.Request{
		Method: http.MethodPost, URL: &target, Host: target.Host, ContentLength: int64(len(body)),
		GetBody: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil },
		Header: http.Header{
			"Accept": {"application/json"}, "Content-Type": {"application/json"}, "User-Agent": {t.agent},
		},
	}
	req.Body, _ = req.GetBody()
	if user := target.User; user != nil {
		password, _ := user.Password()
		req.SetBasicAuth(user.Username(), password)
		target.User = nil
	}
	return req.WithContext(ctx)
}

// readBody reads the body to its clean end, so that a reply that was cut after the last
// brace, or has a bad checksum, is noticed.
func readBody(resp *http.Response) ([]byte, *fault) {
	if enc := resp.Header.Get("Content-Encoding"); enc != "" && !strings.EqualFold(enc, "identity") {
		return nil, broken("reply with Content-Encoding " + enc)
	}
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxReply+1))
	if len(raw) > maxReply {
		return nil, &fault{class: ClassSize, status: 200, text: fmt.Sprintf("reply of more than %d bytes", maxReply)}
	}
	var corrupt flate.CorruptInputError
	switch {
	case err == nil:
		return raw, nil
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum), errors.As(err, &corrupt):
		return nil, broken("damaged compression: " + err.Error())
	}
	f := transportFault(err)
	f.status, f.text = http.StatusOK, "reading the reply: "+f.text
	return nil, f
}

// refusal reads a reply with any other status. Whatever it holds is not a value.
func (t *transport) refusal(resp *http.Response) *fault {
	if resp.StatusCode/100 == 3 {
		return &fault{class: ClassRedirect, status: resp.StatusCode, text: "to " + redirectHost(resp)}
	}
	raw, _ := io.ReadAll(io.LimitReader(resp.Body, maxRefusal)) // the status stands, even if the body is cut
	f := refusalFault(resp.StatusCode, raw)
	if wait := parseRetryAfter(resp.Header.Get("Retry-After"), t.now()); wait > 0 {
		f.retryAfter = wait
	}
	if resp.StatusCode/100 == 2 {
		f.class = ClassProtocol
	}
	return f
}

func redirectHost(resp *http.Response) string {
	to, err := url.Parse(resp.Header.Get("Location"))
	if err != nil || to.Hostname() == "" {
		return "no other host"
	}
	return keyurl.Host(to.Hostname())
}

// refusalFault finds the words of a reply with an error status: in a JSON-RPC error, the
// first error of a batch, a JSON object of another kind, or text.
func refusalFault(status int, raw []byte) *fault {
	raw = bytes.TrimPrefix(raw, byteOrderMark)
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) == nil && len(list) > 0 {
		raw = list[0]
	}
	var obj map[string]json.RawMessage
	if json.Unmarshal(raw, &obj) != nil || obj == nil {
		return foreignFault(status, raw)
	}
	if f := objectFault(status, obj); f != nil {
		return f
	}
	return &fault{status: status}
}

// objectFault returns the error that a JSON object reports, or nil if it reports none.
// Gateways, and APIs that are not JSON-RPC, send objects without "error" but with
// "message" or "code".
func objectFault(status int, obj map[string]json.RawMessage) *fault {
	if raw, ok := obj["error"]; ok && string(raw) != "null" {
		f := errorFault(status, raw)
		if f.text == "" {
			f.text = plain(obj["message"])
		}
		return f
	}
	if _, ok := obj["result"]; ok {
		return nil
	}
	if obj["message"] == nil && obj["code"] == nil {
		return nil
	}
	raw, _ := json.Marshal(obj)
	f := errorFault(status, raw)
	f.foreign = true
	if f.code == 404 {
		f.class = ClassNotRPC
	}
	return f
}
