package snapshot

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/hasura/go-graphql-client"
)

// maxBody bounds an answer, after decompression, in bytes. A page of 1000 votes
// takes under 2 MB.
const maxBody = 16 << 20

// exchange is one HTTP request of a GraphQL query. It stands between the
// GraphQL library and the network because the hub's status codes cannot be
// trusted: one generation reports a refused limit with 200, the other with 500.
// It hands every GraphQL answer, recognised by its body, to the library with
// status 200, and turns anything else into a [HubError].
type exchange struct {
	client *Client
	op     string
	status int
}

// Do sends a request for the library.
func (e *exchange) Do(req *http.Request) (*http.Response, error) {
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", e.client.UserAgent)
	if e.client.APIKey != "" {
		req.Header.Set("X-Api-Key", e.client.APIKey)
	}
	resp, err := e.client.http.Do(req)
	if err != nil {
		return nil, e.broken(err)
	}
	defer resp.Body.Close()
	e.status = resp.StatusCode
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	switch {
	case len(body) > maxBody:
		return nil, e.failure(ErrProtocol, fmt.Sprintf("an answer of more than %d MiB", maxBody>>20))
	case err != nil:
		return nil, e.broken(err)
	}
	e.client.noteLimits(resp.Header)
	if failure := e.classify(resp.Header, body); failure != nil {
		return nil, failure
	}
	return &http.Response{
		StatusCode: http.StatusOK, Status: "200 OK", Header: resp.Header,
		Body: io.NopCloser(bytes.NewReader(body)), Request: req,
	}, nil
}

// broken classifies a request without a complete answer.
func (e *exchange) broken(err error) *HubError {
	var outer *url.Error
	if errors.As(err, &outer) { // its text holds the URL
		err = outer.Err
	}
	var dns *net.DNSError
	switch {
	case untrusted(err):
		return e.failure(ErrRefused, fmt.Sprintf("no trustworthy connection: %v", err))
	case errors.As(err, &dns) && dns.IsNotFound:
		return e.failure(ErrUnavailable, "no such host; check the hub's URL and the network")
	case errors.Is(err, context.DeadlineExceeded):
		err = fmt.Errorf("none within %v", e.client.Timeout)
	}
	return e.passing(ErrUnavailable, fmt.Sprintf("no complete answer: %v", err))
}

// untrusted reports whether the server's certificate was refused, or it does not
// speak TLS.
func untrusted(err error) bool {
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	return errors.As(err, &certificate) || errors.As(err, &record)
}

// classify returns nil for a GraphQL answer, good or bad.
func (e *exchange) classify(h http.Header, body []byte) *HubError {
	var answer struct {
		Errors      json.RawMessage
		Error       string
		Description string `json:"error_description"`
	}
	if json.Unmarshal(body, &answer) != nil || !bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) {
		return e.notJSON(h, body)
	}
	messages, ok := listOf(maxOdd)(answer.Errors)
	switch {
	case answer.Error != "":
		return e.turnedAway(h, answer.Error+": "+answer.Description)
	case bytes.HasPrefix(answer.Errors, []byte("[")) && !ok:
		return e.failure(ErrProtocol, fmt.Sprintf("an answer with more than %d errors", maxOdd))
	case len(messages) > 0:
		return nil
	case e.status == http.StatusOK:
		return nil // without data the caller notices
	}
	return e.byStatus(h, "JSON without errors")
}

// turnedAway reads the hub's gatekeeper, which does not answer in GraphQL:
// {"error":"unauthorized","error_description":"invalid api key"}, and the same
// error with another description for too many requests.
func (e *exchange) turnedAway(h http.Header, text string) *HubError {
	switch lower := strings.ToLower(text); {
	case strings.Contains(lower, "too many requests"):
		return e.busy(ErrRateLimit, h, text)
	case strings.Contains(lower, "api key"):
		return e.failure(ErrAuth, text)
	}
	return e.byStatus(h, text)
}

// notJSON is an answer from something in front of the hub, the page of a proxy or
// a portal, or a body that was cut short.
func (e *exchange) notJSON(h http.Header, body []byte) *HubError {
	found := "not a GraphQL answer: " + string(body)
	if e.status != http.StatusOK {
		return e.byStatus(h, found)
	}
	return e.passing(ErrProtocol, found)
}

// byStatus judges an answer whose body says nothing.
func (e *exchange) byStatus(h http.Header, found string) *HubError {
	detail := fmt.Sprintf("HTTP status %d: %s", e.status, found)
	switch {
	case e.status == http.StatusTooManyRequests:
		return e.busy(ErrRateLimit, h, detail)
	case e.status == http.StatusUnauthorized || e.status == http.StatusProxyAuthRequired:
		return e.failure(ErrAuth, detail)
	case e.status >= 500 || e.status == http.StatusRequestTimeout || e.status == http.StatusTooEarly:
		return e.busy(ErrUnavailable, h, detail)
	case e.status >= 300 && e.status < 400:
		return e.failure(ErrRefused,
			fmt.Sprintf("HTTP status %d, a redirect, which is not followed; give the final URL", e.status))
	case e.status == http.StatusNotFound:
		failure := e.failure(ErrRefused, detail)
		failure.Detail = "check the hub's URL, which ends in /graphql; " + failure.Detail // our words are not redacted
		return failure
	case e.status < 300:
		return e.failure(ErrProtocol, detail)
	}
	return e.failure(ErrRefused, detail)
}

// refusal classifies the messages of a GraphQL answer. "request failed", the
// hub's word for trouble with its database, is the only transient one.
func (e *exchange) refusal(err error) *HubError {
	var list graphql.Errors
	if !errors.As(err, &list) {
		return e.failure(ErrProtocol, err.Error())
	}
	var texts []string
	transient, limited := true, false
	for _, one := range list {
		if one.Unwrap() != nil { // the library's own: a body that it cannot decode
			return e.failure(ErrProtocol, one.Message)
		}
		lower := strings.ToLower(strings.TrimSpace(one.Message))
		transient = transient && lower == "request failed"
		limited = limited || strings.Contains(lower, "too many requests")
		texts = append(texts, one.Message)
	}
	detail := strings.Join(texts, "; ")
	switch {
	case limited:
		return e.passing(ErrRateLimit, detail)
	case transient:
		return e.passing(ErrUnavailable, detail)
	}
	return e.failure(ErrRefused, detail)
}

func (e *exchange) failure(err error, detail string) *HubError {
	failure := e.client.failure(e.op, err, detail)
	failure.Status = e.status
	return failure
}

// passing is a failure that another try may not meet.
func (e *exchange) passing(err error, detail string) *HubError {
	failure := e.failure(err, detail)
	failure.transient = true
	return failure
}

// busy is a passing failure whose headers may say how long it lasts.
func (e *exchange) busy(err error, h http.Header, detail string) *HubError {
	failure := e.passing(err, detail)
	failure.wait = retryAfter(h, time.Now())
	return failure
}
