// Package keyurl handles URLs of HTTP endpoints, which hold API keys: it names endpoints
// without the key, cleans foreign text that may repeat the key, and sends requests so
// that net/http logs none.
package keyurl

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path"
	"slices"
	"strings"
)

// Parse reads the http or https URL of an endpoint. Its errors give the reason, never
// the URL.
func Parse(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	switch {
	case raw == "":
		return nil, errors.New("it is empty")
	case err != nil:
		return nil, errors.New("it cannot be parsed; want https://HOST/PATH")
	case u.Scheme == "ws" || u.Scheme == "wss":
		return nil, errors.New("WebSocket is not supported; use the provider's https:// URL")
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, errors.New("it does not start with https:// or http://")
	case u.Hostname() == "":
		return nil, errors.New("the host is missing; want https://HOST/PATH")
	}
	u.Fragment, u.RawFragment = "", ""
	return u, nil
}

// keyHosts are providers whose host names carry the key.
var keyHosts = []string{
	"quiknode.pro", "rpcpool.com", "chainstack.com", "p2pify.com", "blastapi.io", "rivet.cloud", "validationcloud.io",
	"getblock.io",
}

// Host returns what may be shown of a host: all of it, or only its last two
// names if the others may be a key.
func Host(host string) string {
	if net.ParseIP(host) != nil {
		return host
	}
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	names := strings.Split(host, ".")
	if len(names) <= 2 {
		return host
	}
	registrable := strings.Join(names[len(names)-2:], ".")
	if slices.Contains(keyHosts, registrable) || slices.ContainsFunc(names, looksLikeKey) {
		return registrable
	}
	return host
}

// looksLikeKey reports whether a name is too long and too mixed to be a word.
func looksLikeKey(name string) bool {
	return len(name) >= 16 && strings.ContainsAny(name, "0123456789")
}

// Label names an endpoint without its key: host (and port), "#", and 5 hex digits of
// the SHA-256 of the URL without user information. The hash tells two keys of one
// provider apart.
func Label(u *url.URL) string {
	bare := *u
	bare.User = nil
	sum := sha256.Sum256([]byte(bare.String()))
	host := Host(u.Hostname())
	if port := portOf(u); port != defaultPorts[u.Scheme] {
		host = net.JoinHostPort(host, port)
	}
	return host + "#" + hex.EncodeToString(sum[:])[:5]
}

var defaultPorts = map[string]string{"http": "80", "https": "443"}

func portOf(u *url.URL) string {
	return cmp.Or(strings.TrimLeft(u.Port(), "0"), defaultPorts[u.Scheme])
}

// Same reports whether two URLs are of one endpoint: their scheme, host, port and path are
// the same, however they are written. Keys in the query or before the host do not matter.
func Same(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && address(a) == address(b) && path.Clean("/"+a.Path) == path.Clean("/"+b.Path)
}

// address is host and port in one spelling. This machine has one name.
func address(u *url.URL) string {
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	if ip, err := netip.ParseAddr(host); err == nil {
		ip = ip.Unmap()
		if host = ip.String(); ip.IsUnspecified() || host == "127.0.0.1" || host == "::1" {
			host = "localhost"
		}
	}
	return net.JoinHostPort(host, portOf(u))
}

// proxySecrets lists the user information of the proxies in the environment.
func proxySecrets() (out []string) {
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"} {
		value := os.Getenv(name)
		at := strings.LastIndexByte(value, '@')
		if at < 0 {
			continue
		}
		_, user, ok := strings.Cut(value[:at], "://")
		if !ok {
			user = value[:at]
		}
		out = append(out, user)
		for _, part := range strings.Split(user, ":") {
			plain, err := url.PathUnescape(part)
			if err != nil {
				plain = part
			}
			out = append(out, part, plain)
		}
	}
	return out
}

// secretsOf lists the parts of an endpoint's URL that must not be shown: user
// information, path, query, fragment, and the part of a host that may be a key.
func secretsOf(u *url.URL) []string {
	out := []string{u.Fragment}
	if u.User != nil {
		password, _ := u.User.Password()
		out = append(out, u.User.Username(), password, u.User.Username()+":"+password)
	}
	// Short path segments are words such as "v2" or "mainnet", not keys.
	for _, segment := range append(strings.Split(u.Path, "/"), strings.Split(u.EscapedPath(), "/")...) {
		if len(segment) >= window {
			out = append(out, segment)
		}
	}
	for part := range strings.SplitSeq(u.RawQuery, "&") {
		name, value, _ := strings.Cut(part, "=")
		value = cmp.Or(value, name) // a key alone
		plain, _ := url.QueryUnescape(value)
		out = append(out, value, plain)
	}
	if host, keyless := strings.ToLower(u.Hostname()), Host(u.Hostname()); !strings.HasPrefix(host, keyless) {
		out = append(out, host[:strings.Index(host, "."+keyless)])
	}
	return slices.DeleteFunc(out, func(s string) bool { return s == "" })
}
