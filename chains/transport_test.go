package chains_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
)

// alter is a transport that changes the results of the replies that pass.
type alter func(request, result json.RawMessage) json.RawMessage

func (a alter) RoundTrip(r *http.Request) (*http.Response, error) {
	sent, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(sent))
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	raw = a.all(sent, raw)
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(raw)), int64(len(raw))
	resp.Header.Del("Content-Length")
	return resp, nil
}

// all applies the change to each reply of a batch, or to the only one.
func (a alter) all(sent, raw []byte) []byte {
	type object = map[string]json.RawMessage
	var requests, replies []object
	if json.Unmarshal(sent, &requests) != nil || json.Unmarshal(raw, &replies) != nil {
		var request, reply object
		if json.Unmarshal(sent, &request) != nil || json.Unmarshal(raw, &reply) != nil {
			return raw
		}
		reply["result"] = a(must(json.Marshal(request)), reply["result"])
		return must(json.Marshal(reply))
	}
	asked := map[string]object{}
	for _, r := range requests {
		asked[string(r["id"])] = r
	}
	for _, r := range replies {
		if r["result"] != nil {
			r["result"] = a(must(json.Marshal(asked[string(r["id"])])), r["result"])
		}
	}
	return must(json.Marshal(replies))
}

func must(raw []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return raw
}

func replaceChainID(id string) alter {
	return func(request, result json.RawMessage) json.RawMessage {
		if bytes.Contains(request, []byte("eth_chainId")) {
			return json.RawMessage(id)
		}
		return result
	}
}

// replaceField changes one field of each block.
func replaceField(field, value string) alter {
	return func(request, result json.RawMessage) json.RawMessage {
		var block map[string]json.RawMessage
		if json.Unmarshal(result, &block) != nil || block == nil {
			return result
		}
		block[field] = json.RawMessage(value)
		return must(json.Marshal(block))
	}
}

// replaceResult changes the result of every request of one method that contains a text.
func replaceResult(method, text, value string) alter {
	return func(request, result json.RawMessage) json.RawMessage {
		if bytes.Contains(request, []byte(method)) && bytes.Contains(request, []byte(text)) {
			return json.RawMessage(value)
		}
		return result
	}
}
