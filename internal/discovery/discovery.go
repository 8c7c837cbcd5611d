// Package discovery is the contract of looking for members: where founding and
// knocking get the addresses that they ask.
//
// A member listens first, then looks, then asks every address shown. So two
// members that start at once cannot both overlook the other: whoever looks
// later finds the earlier listening. That holds only if the look shows a member
// to others as soon as it listens; SelfShown is how a member knows that of
// itself, and it founds nothing before. Static lists and local ports always
// show it; the Kubernetes API when a fresh LIST does; DNS when its answer does.
//
// Invariants: a look is never answered from a cache. It decides nothing: which
// address founds, joins or waits is membership's. What is known to be
// terminating is left out by the source.
package discovery

import (
	"context"
	"slices"

	"github.com/filbertgrid/filbert/internal/cluster"
)

// MaxAddresses bounds what one look returns: more cannot be asked in the time
// of a founding, and no cluster has as many members.
const MaxAddresses = 4096

// A Source finds addresses. It is safe for concurrent use.
type Source interface {
	// Look looks once, afresh. It returns when it has looked everywhere or ctx
	// ends; in the latter case it may return what it has found so far. The error
	// says that nothing could be learned at all, not even that nobody is there.
	Look(ctx context.Context) (Found, error)
}

// Found is what one look has shown.
type Found struct {
	// Addresses are where members may live, ordered, each once, at most
	// MaxAddresses; hosts are IP addresses. One's own is among them if shown.
	Addresses []cluster.Address
	// SelfShown: the look shows one's own address, so others find it there, too.
	SelfShown bool
	// Door is an address behind which a member chosen at random answers each new
	// connection, often oneself (a Kubernetes Service); zero for none. It is
	// asked where the right to look is missing.
	Door cluster.Address
	// MayFoundUnseen: the look asked DNS, and this pod is ordinal 0 of a
	// StatefulSet: it may found although looks do not show it, once that has
	// lasted. DNS shows a pod only when it is ready, unless the Service says
	// otherwise, and it is not ready before it has founded.
	MayFoundUnseen bool
	// Problems are parts of the look that failed, such as a name that was not
	// resolved; what was found elsewhere holds.
	Problems []error
}

// Limit is a problem that is no fault: a right is missing, and the look was done in a lesser way.
type Limit struct{ Err error }

// Error returns what is missing, and what is done instead.
func (l Limit) Error() string { return l.Err.Error() }

// Unwrap returns the cause.
func (l Limit) Unwrap() error { return l.Err }

// Settle brings addresses into the form that Found promises. It reports
// whether self is among them.
func Settle(addresses []cluster.Address, self cluster.Address) (settled []cluster.Address, selfShown bool) {
	slices.SortFunc(addresses, cluster.Address.Compare)
	addresses = slices.Compact(addresses)
	selfShown = slices.Contains(addresses, self)
	if len(addresses) > MaxAddresses {
		last := MaxAddresses - 1
		if selfShown && self.Compare(addresses[last]) > 0 {
			addresses[last] = self // it is asked for nothing, but must not disappear
		}
		addresses = addresses[:MaxAddresses]
	}
	return addresses, selfShown
}
