package kubernetes

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/client-go/rest"
)

// Limits of one list.
const (
	// requestTimeout limits one request: a second try must fit into the time of a look.
	requestTimeout = 2 * time.Second
	// retryFirst is the pause before the first retry; each further one is twice as long.
	retryFirst = 100 * time.Millisecond
	// pageItems is the size of a page, as kubectl's: a page of 500 pods has some 5 MB.
	pageItems = 500
	// maxPages bounds a list: eight pages of pods are as many as a look can
	// return, and a namespace may hold pods that do not count.
	maxPages = 20
	// maxBody bounds an answer in bytes, so that whoever stands behind the
	// address cannot take the member's memory.
	maxBody = 32 << 20
)

// API is where and how the Kubernetes API is asked.
type API struct {
	// URL such as https://10.96.0.1:443.
	URL string
	// Token, or TokenFile which is read again as it is rotated.
	Token, TokenFile string
	// CA in PEM, or CAFile; where neither is there the machine's CAs count.
	CA, CAFile string
	// Retries is how often a request is repeated within a look after a failure.
	Retries int
}

// client asks the API. Not for concurrent use.
type client struct {
	api  API
	http *http.Client // nil until the first request, and after a failure
}

func newClient(api API) *client { return &client{api: api} }

// connect makes the HTTP client from what token and CA are now.
func (c *client) connect() error {
	base, err := url.Parse(c.api.URL)
	if err != nil || base.Host == "" || base.Scheme != "https" && base.Scheme != "http" {
		return &failure{kind: unreachable, detail: fmt.Errorf("%q is not the address of an API server, such as https://10.96.0.1", c.api.URL)}
	}
	config := &rest.Config{
		Host: c.api.URL, UserAgent: "filbert",
		// One request at a time needs no HTTP/2.
		TLSClientConfig: rest.TLSClientConfig{NextProtos: []string{"http/1.1"}},
	}
	switch {
	case base.Scheme == "http": // a proxy beside the member, which has a token of its own; ours is not for the open
	case c.api.Token != "":
		config.BearerToken = c.api.Token
	default:
		token, err := os.ReadFile(c.api.TokenFile)
		if err != nil || len(bytes.TrimSpace(token)) == 0 {
			return &failure{kind: noToken, detail: err}
		}
		config.BearerTokenFile = c.api.TokenFile
	}
	if c.api.CA != "" {
		config.CAData = []byte(c.api.CA)
	} else if _, err := os.Stat(c.api.CAFile); err == nil {
		config.CAFile = c.api.CAFile
	}
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return &failure{kind: badCertificate, detail: err} // what else it checks is set above
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c.http = client
	return nil
}

// disconnect forgets the HTTP client, so that the next request reads token and CA anew.
func (c *client) disconnect() {
	if c.http != nil {
		utilnet.CloseIdleConnectionsFor(c.http.Transport)
		c.http = nil
	}
}

// again repeats ask as often as the configuration says, while it fails in a way that may pass.
func (c *client) again(ctx context.Context, ask func() error) error {
	for n := 0; ; n++ {
		err := ask()
		f, ok := errors.AsType[*failure](err)
		if !ok || !f.mayPass() {
			return err
		}
		c.disconnect() // token and CA may have been rotated
		if n >= c.api.Retries {
			return err
		}
		timer := time.NewTimer(retryFirst << min(n, 5))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return err
		}
	}
}

// get asks for one object and decodes it.
func (c *client) get(ctx context.Context, r resource, path string, query url.Values, into any) error {
	if c.http == nil {
		if err := c.connect(); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	address := strings.TrimSuffix(c.api.URL, "/") + path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return &failure{kind: unreachable, resource: r, detail: err}
	}
	request.Header.Set("Accept", "application/json")
	response, err := c.http.Do(request)
	if err != nil {
		return &failure{kind: kindOfTransport(ctx, err), resource: r, detail: withoutURL(err)}
	}
	defer func() { _ = response.Body.Close() }() // read to its end, or given up
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBody+1))
	switch {
	case err != nil:
		return &failure{kind: kindOfTransport(ctx, err), resource: r, detail: withoutURL(err)}
	case response.StatusCode != http.StatusOK:
		return failureOfStatus(r, response.StatusCode, body)
	case len(body) > maxBody:
		return &failure{kind: garbage, resource: r, detail: fmt.Errorf("an answer of more than %d MiB", maxBody>>20)}
	}
	if err := json.Unmarshal(body, into); err != nil {
		return &failure{kind: garbage, resource: r, detail: err}
	}
	return nil
}

// list asks for all pages of a list; page takes one and returns its metadata.
// into is decoded into anew for each page.
func list[T any](ctx context.Context, c *client, r resource, path, selector string, page func(*T) (metav1.TypeMeta, metav1.ListMeta)) error {
	query := url.Values{"limit": {strconv.Itoa(pageItems)}} // and no resourceVersion: the most recent state, never the cache's
	if selector != "" {
		query.Set("labelSelector", selector)
	}
	for range maxPages {
		var into T
		if err := c.get(ctx, r, path, query, &into); err != nil {
			return err
		}
		kind, meta := page(&into)
		if !strings.HasSuffix(kind.Kind, "List") {
			return &failure{kind: garbage, resource: r, detail: fmt.Errorf("an object of kind %q, not a list", kind.Kind)}
		}
		if meta.Continue == "" {
			return nil
		}
		query.Set("continue", meta.Continue)
	}
	return &failure{kind: garbage, resource: r, detail: fmt.Errorf("a list of more than %d pages", maxPages)}
}

// kindOfTransport sorts the errors of a request that got no answer.
func kindOfTransport(ctx context.Context, err error) kind {
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return badCertificate
	}
	if ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded) {
		return silent
	}
	return unreachable
}

// withoutURL is the reason of a transport's error without what differs each
// time: the address with a list's token in it, ports of one's own, the present
// time. What is the same must read the same, to be written once.
func withoutURL(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok && invalid.Reason == x509.Expired {
		return errExpired
	}
	if d, ok := errors.AsType[*net.DNSError](err); ok {
		return fmt.Errorf("looking up %s: %s", d.Name, reasonOf(d))
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return fmt.Errorf("%s: %w", op.Op, op.Err)
	}
	return err
}

// errExpired is a certificate out of its time.
var errExpired = errors.New("the certificate has expired or is not valid yet")
