package jsonrpc

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// outcome is what one HTTP request brought for one call.
type outcome struct {
	raw     json.RawMessage // the result; nil if there is a fault
	fault   *fault
	whole   bool // the fault is that of the whole request
	missing bool // the reply left the call out

	class Class // of the fault
	own   bool  // the fault is the call's own, and its reply
}

var byteOrderMark = []byte("\xef\xbb\xbf")

// readReplies reads the body of the reply to the calls with the given ids, sent as
// a batch or as one object. The outcomes are in the order of the ids. The fault is
// that of the whole reply.
func readReplies(body []byte, ids []string, batch bool) ([]outcome, *fault) {
	body = bytes.TrimPrefix(body, byteOrderMark)
	if f := checkJSON(body); f != nil {
		return nil, f
	}
	body = bytes.TrimSpace(body)
	switch {
	case body[0] == '{':
		return readObject(body, ids, batch)
	case body[0] == '[' && batch:
		return readList(body, ids)
	}
	return nil, broken("reply is not of the kind asked for: " + string(body[:min(len(body), 80)]))
}

// checkJSON refuses what is not one JSON value in UTF-8, and a key that stands twice in
// one object, at any depth. Keys that differ in letter case are different keys: readElement
// knows only one of them, and a header must have its hash, whichever of them is read.
func checkJSON(body []byte) *fault {
	err := jsonv2.Unmarshal(body, new(jsontext.Value), jsontext.AllowInvalidUTF8(true))
	syntax, _ := errors.AsType[*jsontext.SyntacticError](err)
	switch {
	case errors.Is(err, jsontext.ErrDuplicateName):
		return broken("reply has the key " + syntax.JSONPointer.LastToken() + " twice in one object")
	case err != nil:
		return foreignFault(200, body)
	case !utf8.Valid(body):
		return broken("reply is not UTF-8")
	}
	return nil
}

// readObject reads the reply to a single call, or the one error with which some
// endpoints answer a whole batch. One success never stands for a batch.
func readObject(body []byte, ids []string, batch bool) ([]outcome, *fault) {
	id, o := readElement(body)
	f := o.fault
	switch {
	case f != nil && f.class == ClassNone && !f.foreign && !batch && !noID(id) && id != ids[0]:
		return nil, broken("error has id " + id + ", want " + ids[0])
	case f != nil:
		return nil, f
	case batch:
		return nil, broken(fmt.Sprintf("one result for a batch of %d calls", len(ids)))
	case id != ids[0]:
		return nil, broken("reply has id " + show(id) + ", want " + ids[0])
	}
	return []outcome{o}, nil
}

// readList reads the reply to a batch: each id at most once, and none that was not
// sent. An error without an id is the answer to all calls that have none.
func readList(body []byte, ids []string) ([]outcome, *fault) {
	var list []json.RawMessage
	if json.Unmarshal(body, &list) != nil {
		return nil, broken("malformed batch reply")
	}
	index := make(map[string]int, len(ids))
	for i, id := range ids {
		index[id] = i
	}
	out := make([]outcome, len(ids))
	left := outcome{fault: broken("no answer for one of the calls"), missing: true}
	for _, raw := range list {
		id, o := readElement(raw)
		i, known := index[id]
		switch {
		case o.fault != nil && o.fault.class == ClassProtocol:
			return nil, o.fault
		case o.fault != nil && noID(id):
			left = o
		case !known:
			return nil, broken("reply has id " + show(id) + ", which was not asked")
		case out[i].raw != nil || out[i].fault != nil:
			return nil, broken("reply has id " + show(id) + " twice")
		default:
			out[i] = o
		}
	}
	for i := range out {
		if out[i].raw == nil && out[i].fault == nil {
			out[i] = left
		}
	}
	return out, nil
}

// readElement reads one reply object: its id as raw text, and its result or its
// error. An error wins over a result. A number that comes back as a text is the same id. Of other
// keys, those are refused that could be meant for ours, or that say that something failed.
func readElement(raw json.RawMessage) (id string, o outcome) {
	var obj map[string]json.RawMessage
	if json.Unmarshal(raw, &obj) != nil || obj == nil {
		return "", outcome{fault: broken("reply element is not an object: " + string(raw[:min(len(raw), 80)]))}
	}
	id = string(obj["id"])
	if text := strings.Trim(id, `"`); text != "" && len(text)+2 == len(id) && strings.Trim(text, "0123456789") == "" {
		id = text
	}
	if f := objectFault(200, obj); f != nil {
		return id, outcome{fault: f}
	}
	for key := range obj {
		known := func(ours string) bool { return strings.EqualFold(key, ours) }
		if !slices.Contains(replyKeys, key) && (slices.ContainsFunc(replyKeys, known) ||
			slices.ContainsFunc(failureKeys, known)) {
			return id, outcome{fault: broken("reply has the key " + key + " beside the result")}
		}
	}
	if v := string(obj["jsonrpc"]); v != "" && v != `"2.0"` && v != `"1.0"` {
		return id, outcome{fault: broken("reply has jsonrpc " + v)}
	}
	result, ok := obj["result"]
	if !ok {
		return id, outcome{fault: broken("reply has neither result nor error")}
	}
	return id, outcome{raw: result}
}

var (
	replyKeys   = []string{"jsonrpc", "id", "result", "error"}
	failureKeys = []string{"errors", "message", "code"} // with which gateways say that something failed
)

func noID(id string) bool { return id == "" || id == "null" }

func show(id string) string {
	if id == "" {
		return "missing"
	}
	return id
}
