package kubernetes

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// A resource is what the API is asked for, in the words of a Role.
type resource struct{ verb, group, name string }

// The resources asked for. The group of core/v1 is written as in a Role.
func slicesResource() resource        { return resource{"list", "discovery.k8s.io", "endpointslices"} }
func endpointsResource() resource     { return resource{"get", "", "endpoints"} }
func endpointsListResource() resource { return resource{"list", "", "endpoints"} }
func podsResource() resource          { return resource{"list", "", "pods"} }
func podResource() resource           { return resource{"get", "", "pods"} }
func nodeResource() resource          { return resource{"get", "", "nodes"} }

// kind is what went wrong with the API.
type kind uint8

const (
	// forbidden: the API knows this pod and lets it not ask (403).
	forbidden kind = iota + 1
	// noToken: there is nothing to ask with.
	noToken
	// absent: no such object or group of the API (404).
	absent
	// unauthorized: the token does not count (401).
	unauthorized
	// serverError: 5xx, or 429.
	serverError
	// garbage: an answer that is none of the API's.
	garbage
	unreachable
	silent
	badCertificate
)

// failure is an answer of the API that shows nothing.
type failure struct {
	kind     kind
	resource resource
	// status of the answer; 0 if there was none.
	status int
	// user is who the API takes this pod for; "" if it has not said.
	user   string
	detail error
}

// Error implements error.
func (f *failure) Error() string {
	if f.detail == nil {
		return http.StatusText(f.status)
	}
	return clean(f.detail.Error())
}

// Unwrap returns the cause.
func (f *failure) Unwrap() error { return f.detail }

// mayPass tells whether asking again is worth it.
func (f *failure) mayPass() bool {
	return f.kind != forbidden && f.kind != noToken && f.kind != absent
}

func kindOf(err error) kind {
	if f, ok := errors.AsType[*failure](err); ok {
		return f.kind
	}
	return 0
}

// isMissingRight tells whether err means that this pod may not ask.
func isMissingRight(err error) bool {
	k := kindOf(err)
	return k == forbidden || k == noToken
}

// failureOfStatus sorts an answer that is not 200. What the API says itself is a
// Status object; anything else comes from something between.
func failureOfStatus(r resource, status int, body []byte) error {
	f := &failure{resource: r, status: status, kind: garbage}
	var said metav1.Status
	isStatus := json.Unmarshal(body, &said) == nil && said.Kind == "Status"
	switch {
	case status == http.StatusUnauthorized:
		f.kind = unauthorized
	case status == http.StatusForbidden && isStatus:
		f.kind = forbidden
		f.user = userIn(said.Message)
	case status == http.StatusNotFound && (isStatus || strings.HasPrefix(string(body), "404 page not found")): // a group that there is not
		f.kind = absent
	case status >= http.StatusInternalServerError, status == http.StatusTooManyRequests, status == http.StatusGone && isStatus:
		f.kind = serverError
	}
	text := fmt.Sprintf("status %d", status)
	if isStatus && said.Message != "" {
		text += ": " + clipped(said.Message)
	}
	f.detail = errors.New(text)
	return f
}

// userIn finds whom the API speaks of: … is forbidden: User "x" cannot list ….
func userIn(message string) string {
	_, rest, ok := strings.Cut(message, `User "`)
	user, _, closed := strings.Cut(rest, `"`)
	if !ok || !closed {
		return ""
	}
	return clipped(user)
}

// roleText is the line of a missing right: what helps, in the words of a Role.
func (s *Source) roleText(err error) error {
	f, _ := errors.AsType[*failure](err)
	sel := s.o.Selection
	goesOn := ""
	if name := s.dnsName(); name != "" {
		goesOn = "going on by DNS (" + strings.TrimSuffix(name, ".") + "); "
	}
	if f.kind == noToken {
		return fmt.Errorf("no token for the Kubernetes API in %s: %sautomountServiceAccountToken: true in the pod, and a Role with the verb %s on %s "+
			"in the namespace %s for its service account, would show all pods one by one", s.o.API.TokenFile, goesOn, s.wanted().verb, s.wanted().full(), sel.Namespace)
	}
	who := "this pod's service account"
	if f.user != "" {
		who = f.user
	}
	return fmt.Errorf("the Kubernetes API does not let %s %s %s (403): %sa Role with the verb %s on %s in the namespace %s, bound to it, would show all pods one by one",
		who, s.wanted().verb, s.wanted().name, goesOn, s.wanted().verb, s.wanted().full(), sel.Namespace)
}

// wanted is what the selection is best asked by.
func (s *Source) wanted() resource {
	if s.o.Selection.Service != "" || s.o.Selection.ServiceLabels != "" {
		return slicesResource()
	}
	return podsResource()
}

func (r resource) full() string {
	if r.group == "" {
		return r.name
	}
	return r.name + " (apiGroup " + r.group + ")"
}

// adviceText is the line of a failure: what is wrong, and what to do.
func (s *Source) adviceText(err error) error {
	f, ok := errors.AsType[*failure](err)
	if !ok {
		return err
	}
	at := s.o.API.URL
	waits := "this member asks again, and founds no cluster while it cannot know of the others"
	switch f.kind {
	case unauthorized:
		if s.o.API.Token != "" {
			return fmt.Errorf("the Kubernetes API at %s does not accept api-token (401), which may have expired: set another one; %s", at, waits)
		}
		return fmt.Errorf("the Kubernetes API at %s does not accept the token in %s (401), which may have expired: it is read again each time; %s", at, s.o.API.TokenFile, waits)
	case serverError:
		return fmt.Errorf("the Kubernetes API at %s fails (%w): see to the API server; %s", at, f, waits)
	case garbage:
		return fmt.Errorf("what answers at %s is no Kubernetes API (%w): check kubernetes-master, and what stands between; %s", at, f, waits)
	case silent:
		return fmt.Errorf("the Kubernetes API at %s does not answer within %v: see to the API server and network policies; %s", at, requestTimeout, waits)
	case badCertificate:
		where := s.o.API.CAFile
		if s.o.API.CA != "" {
			where = "ca-certificate"
		}
		return fmt.Errorf("the certificate of the Kubernetes API at %s cannot be verified by the CA in %s (%w): check kubernetes-master and ca-certificate; %s", at, where, f, waits)
	case absent:
		return fmt.Errorf("the Kubernetes API at %s has no %s (404): check kubernetes-master; %s", at, f.resource.name, waits)
	case unreachable, forbidden, noToken:
	}
	return fmt.Errorf("the Kubernetes API at %s cannot be reached (%w): check kubernetes-master and network policies; %s", at, f, waits)
}

// maxQuoted bounds what is repeated of another's text, in bytes.
const maxQuoted = 300

func clipped(s string) string {
	if len(s) > maxQuoted {
		s = strings.ToValidUTF8(s[:maxQuoted], "?") + "…"
	}
	return clean(s)
}

// clean makes a text of somebody else fit for one line of a log.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, s)
}
