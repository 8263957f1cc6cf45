package chains

import (
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/perpdao/perpquorum/chains/jsonrpc"
)

// node is one endpoint of a chain with what is known about it: the headers that it
// showed, whether they prove its chain, how to ask it for state, and its failures.
type node struct {
	endpoint *jsonrpc.Endpoint
	headers  *headerReader
	proof    *chainProof
	state    *stateReader
	health   health
	claims   atomic.Pointer[Claims] // nil if it was not asked, or does not say
}

func newNode(id ID, e *jsonrpc.Endpoint, allowDev bool) *node {
	h := &headerReader{id: id, endpoint: e}
	return &node{
		endpoint: e,
		headers:  h,
		proof:    &chainProof{headers: h, allowDev: allowDev, send: e.Send},
		state:    &stateReader{headers: h, chunk: firstChunk, chunkLimit: mostChunk},
	}
}

// errOdd: a reply is not what its method returns. Behind a load balancer the next one may be.
var errOdd = errors.New("odd reply")

// broken is the failure of an endpoint whose reply is not what its method returns.
func broken(e *jsonrpc.Endpoint, format string, args ...any) error {
	failure := e.Fail(jsonrpc.ClassProtocol, fmt.Sprintf(format, args...))
	failure.Err = errOdd
	return failure
}

// isOdd reports whether err is about an odd reply, or about parameters that others take: one
// such reply does not count.
func isOdd(err error) bool {
	e, ok := errors.AsType[*EndpointError](err)
	return errors.Is(err, errOdd) || ok && e.Class == jsonrpc.ClassParams
}

// twice asks once more after an odd reply.
func twice[T any](ask func() (T, error)) (T, error) {
	v, err := ask()
	if isOdd(err) {
		v, err = ask()
	}
	return v, err
}
