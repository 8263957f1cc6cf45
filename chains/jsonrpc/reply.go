package jsonrpc

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

// requestIDs is what a request expects: its ids, in order, and whether it is a batch.
type requestIDs struct {
	batch bool
	ids   []string
}

// readRequestIDs reads the ids from a request body that go-ethereum's client wrote.
func readRequestIDs(body []byte) (requestIDs, error) {
	type message struct {
		ID json.RawMessage `json:"id"`
	}
	a := requestIDs{batch: len(body) > 0 && body[0] == '['}
	var list []message
	var err error
	if a.batch {
		err = json.Unmarshal(body, &list)
	} else {
		list = make([]message, 1)
		err = json.Unmarshal(body, &list[0])
	}
	if err != nil {
		return requestIDs{}, fmt.Errorf("own request: %w", err)
	}
	for _, m := range list {
		a.ids = append(a.ids, string(m.ID))
	}
	return a, nil
}

// answer is one element of a reply, written anew for go-ethereum's client.
type answer struct {
	Version string          `json:"jsonrpc"`
	ID      json.RawMessage `json:"id"`
	Result  json.RawMessage `json:"result,omitempty"`
	Error   *answerError    `json:"error,omitempty"`
}

type answerError struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

// sanitize checks a reply to a and writes it anew. Ids without an answer are
// left out; the caller asks for them again.
func (a requestIDs) sanitize(body []byte) ([]byte, error) {
	if !json.Valid(body) {
		return nil, foreignFault(200, body)
	}
	if !utf8.Valid(body) {
		return nil, broken("reply is not UTF-8")
	}
	if err := checkKeys(body); err != nil {
		return nil, err
	}
	answers, err := a.read(bytes.TrimSpace(body))
	if err != nil {
		return nil, err
	}
	if !a.batch {
		return answers[0].append(nil), nil
	}
	out := make([]byte, 0, len(body)+64*len(answers))
	for i, m := range answers {
		out = m.append(append(out, "[,"[min(i, 1)]))
	}
	if len(answers) == 0 {
		out = append(out, '[')
	}
	return append(out, ']'), nil
}

// append writes m as JSON; its result stays as it came.
func (m answer) append(out []byte) []byte {
	out = append(append(out, `{"jsonrpc":"2.0","id":`...), m.ID...)
	if m.Error != nil {
		raw, _ := json.Marshal(m.Error) // an int and a string: it cannot fail
		return append(append(append(out, `,"error":`...), raw...), '}')
	}
	return append(append(append(out, `,"result":`...), m.Result...), '}')
}

func (a requestIDs) read(body []byte) ([]answer, error) {
	switch {
	case body[0] == '{':
		return a.readObject(body)
	case body[0] == '[' && a.batch:
		return a.readList(body)
	}
	return nil, broken("reply is not of the kind asked for: " + string(body[:min(len(body), 80)]))
}

// readObject reads the reply to a single call, or the one error with which some
// endpoints answer a whole batch. One success never stands for a batch.
func (a requestIDs) readObject(body []byte) ([]answer, error) {
	id, result, f, err := readElement(body)
	if err != nil {
		return nil, err
	}
	if f == nil {
		if a.batch {
			return nil, broken(fmt.Sprintf("one result for a batch of %d calls", len(a.ids)))
		}
		if id != a.ids[0] {
			return nil, broken("reply has id " + show(id) + ", want " + a.ids[0])
		}
		return []answer{{Version: "2.0", ID: json.RawMessage(id), Result: result}}, nil
	}
	if f.class != ClassNone || f.foreign {
		return nil, f
	}
	if !a.batch && id != "" && id != "null" && id != a.ids[0] {
		return nil, broken("error has id " + show(id) + ", want " + a.ids[0])
	}
	return nil, f
}

// readList reads the reply to a batch: each id at most once, none that was not
// asked for. Errors without an id are the answer to all that have none.
func (a requestIDs) readList(body []byte) ([]answer, error) {
	var list []json.RawMessage
	if err := json.Unmarshal(body, &list); err != nil {
		return nil, broken("malformed batch reply")
	}
	open := make(map[string]bool, len(a.ids))
	for _, id := range a.ids {
		open[id] = true
	}
	var answers []answer
	var shared *fault
	for _, raw := range list {
		id, result, f, err := readElement(raw)
		if err != nil {
			return nil, err
		}
		if f != nil && (id == "" || id == "null") {
			shared = f
			continue
		}
		wanted, known := open[id]
		switch {
		case !known:
			return nil, broken("reply has id " + show(id) + ", which was not asked")
		case !wanted:
			return nil, broken("reply has id " + show(id) + " twice")
		}
		open[id] = false
		answers = append(answers, newAnswer(id, result, f))
	}
	for _, id := range a.ids {
		if open[id] && shared != nil {
			answers = append(answers, newAnswer(id, nil, shared))
		}
	}
	return answers, nil
}

func newAnswer(id string, result json.RawMessage, f *fault) answer {
	out := answer{Version: "2.0", ID: json.RawMessage(id)}
	if f != nil {
		out.Error = &answerError{f.code, f.text}
	} else {
		out.Result = result
	}
	return out
}

// readElement reads one reply object: its id as raw text, and its result or its
// error; an error wins over a result.
func readElement(raw json.RawMessage) (id string, result json.RawMessage, f *fault, err error) {
	var obj map[string]json.RawMessage
	if json.Unmarshal(raw, &obj) != nil || obj == nil {
		return "", nil, nil, broken("reply element is not an object: " + string(raw[:min(len(raw), 80)]))
	}
	id = string(obj["id"])
	if f := objectFault(200, obj); f != nil {
		return id, nil, f, nil
	}
	for key := range obj {
		switch key {
		case "jsonrpc", "id", "result", "error":
		default:
			return "", nil, nil, broken("reply has the unknown key " + key)
		}
	}
	if version, ok := obj["jsonrpc"]; ok && string(version) != `"2.0"` {
		return "", nil, nil, broken("reply has jsonrpc " + string(version))
	}
	result, ok := obj["result"]
	if !ok {
		return "", nil, nil, broken("reply has neither result nor error")
	}
	return id, result, nil, nil
}

func show(id string) string {
	if id == "" {
		return "missing"
	}
	return id
}
