package chains_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/fixtures/faultrpc"
)

// Row 54: a reply that is cut at any byte never gives a number.
func TestMatrixTruncated(t *testing.T) {
	t.Parallel()
	account := faultrpc.Whale // the longest result, whose pieces are numbers too
	calls := []chains.Call{chains.NativeBalance(account), of(faultrpc.Token, account)}
	for _, most := range []int{0, 1} {
		for name, wire := range map[string]func(w http.ResponseWriter, body []byte){
			"with Content-Length": func(w http.ResponseWriter, body []byte) { _, _ = w.Write(body) },
			"without Content-Length": func(w http.ResponseWriter, body []byte) {
				_ = http.NewResponseController(w).Flush()
				_, _ = w.Write(body)
			},
		} {
			t.Run(fmt.Sprintf("row 54: cut, batches of %d, %s", most, name), func(t *testing.T) {
				s := good()
				var at, whole atomic.Int64
				s.Rules = []*faultrpc.Rule{{Fault: faultrpc.Fault{
					Body: func(asked []faultrpc.Request, body []byte) []byte {
						method := asked[len(asked)-1].Method
						if method != "eth_call" && method != "eth_getBalance" {
							return body
						}
						whole.Store(max(whole.Load(), int64(len(body))))
						if at.Load() >= 1<<20 {
							return body
						}
						return body[:min(int(at.Load()), len(body)-1)] // also of the short replies to single calls
					},
					Wire: wire,
				}}}
				bare, stop := s.Start()
				defer stop()
				c, err := chains.Dialer{MaxBatch: most, Clock: s.Clock}.Dial(t.Context(), 1, bare)
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				b := pinned(t, c, target)
				step := int64(1)
				if testing.Short() || raced || name == "with Content-Length" {
					step = 5 // the other cuts are made without
				}
				for ; at.Load() == 0 || at.Load() < whole.Load(); at.Add(step) {
					if answers, err := c.CallAt(t.Context(), b, calls); err == nil || answers != nil {
						t.Fatalf("cut at byte %d of %d: found %v, %v", at.Load(), whole.Load(), answers, err)
					}
				}
				at.Store(1 << 20)
				if answers, err := c.CallAt(t.Context(), b, calls); err != nil || len(answers) != 2 {
					t.Errorf("not cut: found %v, %v", answers, err)
				}
			})
		}
	}
}

// Row 57: silence ends with the deadline, or with the transport's patience.
func TestMatrixSilence(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]faultrpc.Fault{"no reply": faultrpc.Hang(),
		"no end of the reply": faultrpc.Stall()} {
		for _, method := range []string{"eth_chainId", "eth_call"} {
			t.Run(fmt.Sprintf("row 57: %s to %s", name, method), func(t *testing.T) {
				s := good()
				s.Rules = []*faultrpc.Rule{{Method: method, Fault: f}}
				ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
				defer cancel()
				_, answers, err := newAttempt(t, 1, s).figures(ctx, t)
				if answers != nil || !errors.Is(err, chains.ErrTimeout) {
					t.Fatalf("found %v, %v, want ErrTimeout", answers, err)
				}
				wantNoSecret(t, err)
			})
		}
	}
	t.Run("row 57: no head of a reply, and an impatient transport", func(t *testing.T) {
		s := good()
		s.Rules = []*faultrpc.Rule{{Method: "eth_call", Nth: 1, Fault: faultrpc.Hang()}}
		impatient := &http.Transport{ResponseHeaderTimeout: time.Second}
		defer impatient.CloseIdleConnections()
		a := newAttempt(t, 1, s)
		a.dialer.Transport = impatient
		if err := a.read(t); err != nil {
			t.Errorf("found %v, want the right figures from the second try", err)
		}
	})
}

// Row 60: a certificate that does not hold ends it at once.
func TestMatrixTLS(t *testing.T) {
	t.Parallel()
	hour := time.Hour
	for _, tt := range []struct {
		name  string
		host  string
		until time.Duration
		trust bool
		want  error
	}{
		{"self-signed", "127.0.0.1", hour, false, chains.ErrTLS},
		{"expired", "127.0.0.1", -hour, true, chains.ErrTLS},
		{"wrong host", "localhost", hour, true, chains.ErrTLS},
		{"right", "127.0.0.1", hour, true, nil},
	} {
		t.Run("row 60: "+tt.name, func(t *testing.T) {
			s := good()
			cert, pool := certificate(t, tt.until)
			hs := httptest.NewUnstartedServer(s)
			hs.Config.ErrorLog = log.New(io.Discard, "", 0)
			hs.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
			hs.StartTLS()
			defer hs.Close()
			u, err := url.Parse(dressed(t, hs.URL))
			if err != nil {
				t.Fatal(err)
			}
			u.Host = net.JoinHostPort(tt.host, u.Port())
			transport := &http.Transport{TLSClientConfig: &tls.Config{}}
			defer transport.CloseIdleConnections()
			if tt.trust {
				transport.TLSClientConfig.RootCAs = pool
			}
			clock := faultrpc.NewClock()
			c, err := chains.Dialer{Transport: transport, Clock: clock}.Dial(t.Context(), 1, u.String())
			if !errors.Is(err, tt.want) {
				t.Fatalf("found %v, want %v", err, tt.want)
			}
			if err == nil {
				c.Close()
				return
			}
			wantNoSecret(t, err)
			if n := s.Log().Requests; n > 0 || clock.Slept() > 0 {
				t.Errorf("found %d requests and waits of %v", n, clock.Slept())
			}
		})
	}
}

// certificate is a certificate for 127.0.0.1 that signs itself.
func certificate(t *testing.T, validFor time.Duration) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: now.Add(-48 * time.Hour), NotAfter: now.Add(validFor),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}
