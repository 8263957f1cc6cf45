package keyurl_test

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/perpdao/perpquorum/chains/keyurl"
)

const secretURL = "https://sentinelUser:sentinelPass@eth.example.com:8545/v3/sentinelPathKey0123456789/rpc" +
	"?apikey=sentinelQuery%2FKey&x=1#sentinelFragment"

var sentinels = []string{"sentinelUser", "sentinelPass", "sentinelPathKey0123456789", "sentinelQuery/Key"}

// leaks returns a piece of a sentinel, 8 bytes long, that text shows.
func leaks(text string, secrets ...string) string {
	const window = 8
	for _, s := range secrets {
		for i := 0; i+window <= len(s); i++ {
			if strings.Contains(lower(text), lower(s[i:i+window])) {
				return s[i : i+window]
			}
		}
	}
	return ""
}

// letters leaves only ASCII letters and digits.
func letters(s string) string { return regexp.MustCompile(`[^0-9A-Za-z]`).ReplaceAllString(s, "") }

// lower changes ASCII letters only: a fuzzer finds others that become ASCII.
func lower(s string) string {
	return strings.Map(func(c rune) rune {
		if 'A' <= c && c <= 'Z' {
			return c + 'a' - 'A'
		}
		return c
	}, s)
}

func parse(t *testing.T, raw string) *url.URL {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestRedactorHidesSecretsInEveryForm(t *testing.T) {
	t.Parallel()
	r := keyurl.NewRedactor(parse(t, secretURL))
	encodings := map[string]func(string) string{
		"as it is":       func(s string) string { return s },
		"query-escaped":  url.QueryEscape,
		"path-escaped":   url.PathEscape,
		"base64":         func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
		"base64 URL":     func(s string) string { return base64.URLEncoding.EncodeToString([]byte(s)) },
		"base64 shifted": func(s string) string { return base64.StdEncoding.EncodeToString([]byte("a" + s)) },
		"base64 inside":  func(s string) string { return base64.StdEncoding.EncodeToString([]byte("ab" + s + "c")) },
		"upper case":     strings.ToUpper,
		"with escapes":   func(s string) string { return s[:5] + "\x1b[31m" + s[5:] },
		"with controls":  func(s string) string { return s[:5] + "\x00\u200b" + s[5:] },
		"a piece":        func(s string) string { return s[2:11] },
	}
	for name, encode := range encodings {
		for _, s := range sentinels {
			text := "key " + encode(s) + " is inactive"
			got := r.Text(text)
			if piece := leaks(got, encode(s), s); piece != "" && name != "with escapes" && name != "with controls" {
				t.Errorf("%s: %q shows %q", name, got, piece)
			}
			if piece := leaks(got, s); piece != "" {
				t.Errorf("%s: %q shows %q", name, got, piece)
			}
			if !strings.HasPrefix(got, "key ") || !strings.HasSuffix(got, " is inactive") {
				t.Errorf("%s: %q lost the words around the secret", name, got)
			}
		}
	}
	for _, s := range sentinels { // the whole URL, as *url.Error and gateways print it
		if piece := leaks(r.Text(`Post "`+secretURL+`": refused`), s); piece != "" {
			t.Errorf("URL shows %q", piece)
		}
	}
	basic := base64.StdEncoding.EncodeToString([]byte("sentinelUser:sentinelPass"))
	if leaks(r.Text("Authorization: Basic "+basic), basic) != "" {
		t.Error("basic authorization is shown")
	}
}

// TestRedactorHidesDisguisedSecrets spells a key as an endpoint might that wants to show it.
func TestRedactorHidesDisguisedSecrets(t *testing.T) {
	t.Parallel()
	const key = "Sentinel-Key-4f9a0c7e"
	each := func(format string) func(string) string {
		return func(s string) (out string) {
			for _, c := range []byte(s) {
				out += fmt.Sprintf(format, c)
			}
			return out
		}
	}
	backwards := func(s string) string {
		b := []byte(s)
		slices.Reverse(b)
		return string(b)
	}
	hidden := regexp.MustCompile(`^no plan for ?\*\*\*\W* , sorry$`)
	r := keyurl.NewRedactor(parse(t, "https://node.example/v3/"+key+"?k="+url.QueryEscape("Query/"+key)))
	for name, disguise := range map[string]func(string) string{
		"upper case":               strings.ToUpper,
		"backwards":                backwards,
		"backwards, in lower case": func(s string) string { return backwards(strings.ToLower(s)) },
		"percent-encoded":          each("%%%02X"),
		"percent-encoded twice":    each("%%25%02x"),
		"partly percent-encoded":   strings.NewReplacer("e", "%65", "4", "%34").Replace,
		"JSON escapes":             each(`\u%04x`),
		"C escapes":                each(`\x%02x`),
		"HTML numbers":             each("&#%d;"),
		"HTML hex numbers":         each("&#x%x;"),
		"hex":                      each("%02x"),
		"hex in pairs":             each("%02X "),
		"spaces":                   each("%c "),
		"dots":                     each("%c."),
		"no separators":            strings.NewReplacer("-", "").Replace,
		"other separators":         strings.NewReplacer("-", " · ").Replace,
		"backwards with spaces":    func(s string) string { return each("%c ")(backwards(s)) },
		"base64 in pieces": func(s string) string {
			return each("%c ")(base64.StdEncoding.EncodeToString([]byte(s)))
		},
	} {
		got := r.Text("no plan for " + disguise(key) + " , sorry")
		if !hidden.MatchString(got) {
			t.Errorf("%s: got %q", name, got)
		}
	}
}

func TestRedactorHidesTheProxysUser(t *testing.T) {
	for _, scheme := range []string{"http://", ""} {
		t.Setenv("HTTPS_PROXY", scheme+"sentinelUser:sentinel%2FPass@proxy.example")
		got := keyurl.NewRedactor(&url.URL{}).Text("sentinelUser:sentinel%2FPass and sentinel/Pass at proxy.example")
		if want := "*** and *** at proxy.example"; got != want {
			t.Errorf("%q: got %q, want %q", scheme, got, want)
		}
	}
}

func TestRedactorCleansAndCuts(t *testing.T) {
	t.Parallel()
	r := keyurl.NewRedactor(&url.URL{})
	for in, want := range map[string]string{
		"plain words":                   "plain words",
		"a\r\n\tb   c":                  "a b c",
		"\x1b[31mred\x1b[0m":            "red",
		"\x1b]0;title\x07text":          "text",
		"say \"hi\"":                    "say 'hi'",
		"\x00\x07\u202eevil\ufeff":      "evil",
		"bad \xff byte":                 "bad ? byte",
		"at http://u:p@proxy.example:1": "at http://proxy.example:1",
		strings.Repeat("é", 300):        strings.Repeat("é", 199) + "…",
	} {
		if got := r.Text(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
	if got := r.Text(strings.Repeat("\x1b[1m x", 1<<20)); len(got) > 800 {
		t.Errorf("%d bytes left of a megabyte", len(got))
	}
}

func FuzzRedactor(f *testing.F) {
	f.Add("sentinelSecret", "before sentinelSecret after")
	f.Add("12345678", "MTIzNDU2Nzg=")
	f.Add("a***b***c", "a***b***c a*a***b***c*b")
	f.Add("***", "\x1b[0m\"")
	f.Add("ſecretſecret", "SECRETSECRET ſecretſecret")
	f.Fuzz(func(t *testing.T, secret, text string) {
		for _, foreign := range []string{text, text + secret, secret + text + secret, url.QueryEscape(secret) + text,
			base64.StdEncoding.EncodeToString([]byte(text + secret))} {
			got := keyurl.NewRedactor(&url.URL{}, secret).Text(foreign)
			if piece := leaks(got, secret); piece != "" {
				t.Fatalf("%q shows %q of %q", got, piece, secret)
			}
			if piece := leaks(letters(got), letters(secret)); piece != "" && !strings.ContainsAny(secret, `%\&`) {
				t.Fatalf("%q shows the letters %q of %q", got, piece, secret)
			}
			if n := len([]rune(got)); n > 200 {
				t.Fatalf("%d runes", n)
			}
			for _, c := range got {
				if !unicode.IsPrint(c) || c == '"' {
					t.Fatalf("%q holds %q", got, c)
				}
			}
		}
	})
}
