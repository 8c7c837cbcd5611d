package kubernetes

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/discovery"
)

// Times of a look.
const (
	// rightsAgain is how long a missing right is taken for granted: each try is
	// a request in vain for every member, and a Role is bound once.
	rightsAgain = 30 * time.Second
	// pauseFirst and pauseLast bound the pause after looks that failed. The first
	// is the time a load balancer needs to notice that one API server is
	// gone; the last is as often as members look anyway.
	pauseFirst = 500 * time.Millisecond
	pauseLast  = 5 * time.Second
	// unseenPatience is how long a Service may take to show a pod that has
	// started, before it is worth a line: kubelet and the endpoints' controller
	// take about a second together.
	unseenPatience = 3 * time.Second
)

// A Selection says which pods are meant. Exactly one of DNS, Service,
// ServiceLabels, PodLabels and WholeNamespace is set.
type Selection struct {
	Namespace string
	// Service is the name of a Service.
	Service string
	// ServiceLabels and PodLabels are label selectors, such as a=b,c=d.
	ServiceLabels, PodLabels string
	// WholeNamespace means every pod of the namespace; Fallback is the Service
	// whose name DNS is asked for where pods may not be listed, "" for none.
	WholeNamespace bool
	Fallback       string
	// DNS is a name that resolves to the members; DNSTimeout limits that.
	DNS        string
	DNSTimeout time.Duration
	// Domain is the cluster's, such as cluster.local.
	Domain string
	// Port of the members, when the answers are not to say it; 0 for not.
	Port uint16
	// ReadyOnly leaves out what is not ready as soon as something is.
	ReadyOnly bool
}

// A Pod is what this member knows of the pod that it runs in.
type Pod struct {
	// Name of the pod; "" if it is not known.
	Name string
	// Addresses of the pod and Port, at which it listens on all of them.
	Addresses []netip.Addr
	Port      uint16
	// Told is what members tell others, usually one of Addresses with Port.
	Told cluster.Address
	// Node is the node's name as far as the environment says it.
	Node string
	// Link returns the address of a Service that was there before the pod, from
	// its environment; zero if there is none.
	Link func(service string) cluster.Address
}

// Options of a Source.
type Options struct {
	Selection Selection
	Pod       Pod
	API       API
	// Resolver asks DNS; nil is the machine's.
	Resolver Resolver
	// Now is the clock; nil is time.Now.
	Now    func() time.Time
	Logger *slog.Logger
}

// A Source is a discovery.Source of pods.
type Source struct {
	o      Options
	client *client

	mu sync.Mutex // one look at a time
	// noRights is the text of a missing right; until then nothing is asked.
	noRights      error
	noRightsUntil time.Time
	// noSlices: Endpoints are asked instead until then.
	noSlicesUntil time.Time
	// failed is the last failure of the API, failures how many there were in a
	// row; until again it is not asked.
	failed   error
	failures int
	again    time.Time
	// unseen is since when looks have not shown this pod; zero if they do.
	unseen   time.Time
	said     string
	asked    bool
	topology topology
}

var _ discovery.Source = (*Source)(nil)

// New returns a source; it asks nobody yet.
func New(o Options) *Source {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Resolver == nil {
		o.Resolver = net.DefaultResolver
	}
	if o.Pod.Link == nil {
		o.Pod.Link = func(string) cluster.Address { return cluster.Address{} }
	}
	s := &Source{o: o, client: newClient(o.API)}
	s.topology.Node = o.Pod.Node
	return s
}

// Look implements discovery.Source.
func (s *Source) Look(ctx context.Context) (discovery.Found, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.o.Selection.DNS != "" {
		return s.lookInDNS(ctx, nil)
	}
	if now := s.o.Now(); now.Before(s.noRightsUntil) {
		return s.withoutRights(ctx, s.noRights)
	} else if now.Before(s.again) {
		return discovery.Found{}, s.failed
	}
	s.sayAsking()
	answer, err := s.ask(ctx)
	switch {
	case err == nil:
		s.noRights, s.failed, s.failures = nil, nil, 0
		found := s.settled(answer)
		s.learnTopology(ctx, answer)
		return found, nil
	case isMissingRight(err):
		s.noRights, s.noRightsUntil = s.roleText(err), s.o.Now().Add(rightsAgain)
		s.failed, s.failures = nil, 0
		return s.withoutRights(ctx, s.noRights)
	}
	s.failures++
	s.failed, s.again = s.adviceText(err), s.o.Now().Add(pause(s.failures))
	return discovery.Found{}, s.failed
}

// Close closes the connections that wait for the next look.
func (s *Source) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.client.disconnect()
}

// pause is how long the API is left alone after a number of failures in a row.
func pause(failures int) time.Duration {
	return min(pauseFirst<<min(failures-1, 10), pauseLast)
}

// withoutRights goes on with DNS, where a Service's name is known.
func (s *Source) withoutRights(ctx context.Context, why error) (discovery.Found, error) {
	if s.dnsName() == "" {
		return discovery.Found{}, why
	}
	return s.lookInDNS(ctx, discovery.Limit{Err: why})
}

// settled is what an answer of the API shows.
func (s *Source) settled(a answer) discovery.Found {
	found := settle(a.endpoints, s.o.Pod, s.o.Selection.ReadyOnly)
	found.Problems = append(found.Problems, a.problems...)
	s.judgeUnseen(&found, unseenText(a, s.o.Selection))
	s.sayFound(len(found.Addresses), a.by)
	return found
}

// judgeUnseen adds why this pod is not shown, once that has lasted too long to be normal.
func (s *Source) judgeUnseen(found *discovery.Found, why error) {
	now := s.o.Now()
	switch {
	case found.SelfShown:
		s.unseen = time.Time{}
	case s.unseen.IsZero():
		s.unseen = now
	case now.Sub(s.unseen) >= unseenPatience:
		found.Problems = append(found.Problems, why)
	}
}

// sayAsking says once whom this member asks.
func (s *Source) sayAsking() {
	if !s.asked {
		s.asked = true
		s.o.Logger.Info("asking the Kubernetes API", slog.String("url", s.o.API.URL),
			slog.String("namespace", s.o.Selection.Namespace), slog.String("selection", s.o.Selection.String()))
	}
}

// sayFound says what a look has found if it differs from the one before.
func (s *Source) sayFound(pods int, by string) {
	text := by + "/" + itoa(pods)
	if text != s.said {
		s.said = text
		s.o.Logger.Info("found pods", slog.Int("pods", pods), slog.String("by", by))
	}
}
