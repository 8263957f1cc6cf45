package jsonrpc

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// maxWords bounds, in bytes, the foreign text that is looked at.
const maxWords = 2048

// fault is a failure as it arrived, before it has a class. Its text is foreign and
// may hold secrets; only a redactor makes a message of it.
type fault struct {
	class      Class // set if the transport alone shows it; else classify finds it
	status     int   // HTTP status
	code       int   // JSON-RPC code
	text       string
	page       bool          // the body is an HTML page
	foreign    bool          // the body is not a JSON-RPC reply
	unsent     bool          // no connection was made
	retryAfter time.Duration // what the endpoint asked for; 0: nothing usable
}

func broken(text string) *fault { return &fault{class: ClassProtocol, status: 200, text: text} }

// transportFault describes an error of the HTTP round trip.
func transportFault(err error) *fault {
	dial, _ := errors.AsType[*net.OpError](err)
	f := &fault{class: ClassTransport, text: err.Error(), unsent: dial != nil && dial.Op == "dial"}
	var timeout net.Error
	switch {
	case isTLS(err):
		f.class = ClassTLS
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		f.class = ClassTimeout
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		f.text = "connection closed before the end of the reply"
	}
	return f
}

// isTLS reports whether err is a failure of TLS. Package crypto/tls gives a type to
// some of its errors; the others are known by their first word.
func isTLS(err error) bool {
	for _, target := range []any{
		new(*tls.CertificateVerificationError), new(x509.UnknownAuthorityError), new(x509.HostnameError),
		new(x509.CertificateInvalidError), new(tls.AlertError), new(tls.RecordHeaderError),
	} {
		if errors.As(err, target) {
			return true
		}
	}
	return strings.HasPrefix(err.Error(), "tls: ") || strings.HasPrefix(err.Error(), "remote error: tls: ")
}

// foreignFault describes a body that is not a JSON-RPC reply: HTML, plain text,
// or JSON of another kind. Its words may still say what is wrong.
func foreignFault(status int, body []byte) *fault {
	f := &fault{status: status, foreign: true}
	text := strings.TrimSpace(string(body[:min(len(body), maxWords)]))
	switch {
	case text == "":
		if status == 200 {
			f.class, f.text = ClassProtocol, "empty body"
		}
	case strings.HasPrefix(text, "<"):
		f.page, f.text = true, "HTML page: "+title(text)
	case strings.HasPrefix(text, "\x1f\x8b"):
		f.class, f.text = ClassProtocol, "compressed reply without a Content-Encoding header"
	case status == 200 && strings.ContainsAny(text[:1], "[{"):
		f.class, f.text = ClassProtocol, "truncated or malformed JSON"
	default:
		f.text = text
	}
	return f
}

var titleTag = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title>`)

func title(page string) string {
	if m := titleTag.FindStringSubmatch(page); m != nil && strings.TrimSpace(m[1]) != "" {
		return strings.TrimSpace(m[1])
	}
	return "no title"
}

// errorFault reads the error member of a reply in the forms that endpoints use: the
// object of the standard, a bare string, codes as strings or fractions.
func errorFault(status int, raw json.RawMessage) *fault {
	f := &fault{status: status}
	var obj map[string]json.RawMessage
	if json.Unmarshal(raw, &obj) != nil || obj == nil {
		f.text = plain(raw)
		return f
	}
	f.code = looseInt(obj["code"])
	f.text = plain(obj["message"])
	var words string
	// Data that is only hex is the return data of a revert, not words.
	if json.Unmarshal(obj["data"], &words) == nil && words != "" && !strings.HasPrefix(words, "0x") {
		f.text = strings.TrimPrefix(f.text+": "+words[:min(len(words), maxWords)], ": ")
	}
	if f.text == "" && f.code == 0 {
		f.text = "error object without message: " + string(raw[:min(len(raw), 200)])
	}
	var data struct {
		Rate struct {
			Backoff json.RawMessage `json:"backoff_seconds"`
		} `json:"rate"`
	}
	if json.Unmarshal(obj["data"], &data) == nil { // Infura's way to say Retry-After
		f.retryAfter = max(0, time.Duration(min(looseInt(data.Rate.Backoff), 1e6))*time.Second)
	}
	return f
}

// plain returns the text of a JSON string, and any other value unchanged.
func plain(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		s = string(raw)
	}
	return s[:min(len(s), maxWords)]
}

// looseInt reads an error code that may be written as 429, 429.0 or "429".
func looseInt(raw json.RawMessage) int {
	n, err := strconv.ParseFloat(strings.Trim(string(raw), `"`), 64)
	if err != nil || n != float64(int32(n)) {
		return 0
	}
	return int(n)
}
