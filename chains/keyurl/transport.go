package keyurl

import (
	"bufio"
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync"
	"sync/atomic"
	"time"
)

// Exchange is one HTTP request and what became of it.
type Exchange struct {
	Server  string   // its label, without a key
	Methods []string // of the calls in it
	Took    time.Duration
	Failed  bool // there was no reply that can be read
}

// Transport carries HTTP requests, and keeps the newest response headers about rate
// limits.
//
// On an HTTP/1 connection net/http writes to the standard logger what a server sends
// while no request waits for an answer, and a server can repeat there the key and the
// headers of a request. So an HTTP/1 connection carries one request only, and delivers
// nothing before it. HTTP/2 connections are shared.
type Transport struct {
	given  http.RoundTripper
	own    *http.Transport // if none is given
	limits limits
}

// NewTransport returns a transport that takes proxies from the environment and waits at
// most the given time for the head of an answer. Where given is not nil, requests go to
// it instead, marked so that it closes their connection after the answer.
func NewTransport(given http.RoundTripper, wait time.Duration) *Transport {
	if given != nil {
		return &Transport{given: given}
	}
	return &Transport{own: &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            dial,
		TLSHandshakeTimeout:    10 * time.Second,
		ResponseHeaderTimeout:  wait,
		MaxResponseHeaderBytes: 64 << 10,
		ForceAttemptHTTP2:      true,
		MaxIdleConnsPerHost:    -1,              // none of HTTP/1
		IdleConnTimeout:        4 * time.Second, // Snapshot's hub closes idle connections after 5 s
	}}
}

// RoundTrip implements http.RoundTripper.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := t.send(req)
	if err == nil {
		t.limits.note(resp.Header)
	}
	return resp, err
}

func (t *Transport) send(req *http.Request) (*http.Response, error) {
	if t.own != nil {
		return t.own.RoundTrip(req.WithContext(withDialed(req.Context())))
	}
	marked := *req
	marked.Close = true
	return t.given.RoundTrip(&marked)
}

// CloseIdleConnections closes idle connections, but none of a given transport.
func (t *Transport) CloseIdleConnections() {
	if t.own != nil {
		t.own.CloseIdleConnections()
	}
}

// dialed is the connection that was dialed for a request; its context holds it.
type dialed struct{ conn atomic.Pointer[askedConn] }

type dialedKey struct{}

// withDialed returns a context for one request with which dial and the TLS handshake
// know of each other.
func withDialed(ctx context.Context) context.Context {
	d := &dialed{}
	ctx = context.WithValue(ctx, dialedKey{}, d)
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		TLSHandshakeStart: func() { d.conn.Load().handshake(true) },
		TLSHandshakeDone:  func(tls.ConnectionState, error) { d.conn.Load().handshake(false) },
	})
}

func dial(ctx context.Context, network, address string) (net.Conn, error) {
	dialer := net.Dialer{Timeout: 10 * time.Second, KeepAlive: 15 * time.Second}
	conn, err := dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	c := &askedConn{Conn: conn, in: bufio.NewReader(conn), asked: make(chan struct{}), closed: make(chan struct{})}
	ctx.Value(dialedKey{}).(*dialed).conn.Store(c)
	return c, nil
}

// askedConn is a connection on which the client speaks first: bytes that come earlier
// wait for its first Write, and after a TLS handshake for the next one.
type askedConn struct {
	net.Conn
	in     *bufio.Reader
	closed chan struct{}
	close  sync.Once

	mu      sync.Mutex
	asked   chan struct{} // closed by a Write
	shaking bool          // in a TLS handshake
}

// handshake notes that a TLS handshake begins or has ended.
func (c *askedConn) handshake(begins bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.shaking = begins; !begins {
		c.asked = make(chan struct{})
	}
}

// Read reads one byte at a time in a handshake, so that crypto/tls holds nothing of what
// comes behind it.
func (c *askedConn) Read(p []byte) (int, error) {
	c.mu.Lock()
	asked, shaking := c.asked, c.shaking
	c.mu.Unlock()
	select {
	case <-asked:
	case <-c.closed:
		return 0, net.ErrClosed
	}
	if shaking {
		p = p[:min(len(p), 1)]
	}
	return c.in.Read(p)
}

// Write lets Read go on.
func (c *askedConn) Write(p []byte) (int, error) {
	c.mu.Lock()
	select {
	case <-c.asked:
	default:
		close(c.asked)
	}
	c.mu.Unlock()
	return c.Conn.Write(p)
}

// Close also ends a Read that waits.
func (c *askedConn) Close() error {
	c.close.Do(func() { close(c.closed) })
	return c.Conn.Close()
}
