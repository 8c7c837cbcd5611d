package member

import (
	"errors"
	"log/slog"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/link"
)

// maxStrangers is how many addresses are remembered as strangers': more than any list of addresses that makes sense.
// Those beyond are not logged.
const maxStrangers = 1024

// noteStranger logs why whoever lives at an address cannot be of this cluster: once, until something else answers there,
// since the address is asked again for as long as this member lives. Only called in Step.
func (n *Node) noteStranger(address cluster.Address, r link.Reply) {
	if r.Outcome != link.Stranger || r.Err == nil {
		delete(n.strangers, address)
		return
	}
	reason := r.Err.Error()
	if known, ok := n.strangers[address]; known == reason || (!ok && len(n.strangers) >= maxStrangers) {
		return
	}
	n.strangers[address] = reason
	say := n.log("member").Info // several clusters and other programs on one machine are nothing to worry about
	if errors.Is(r.Err, link.ErrPartitionCount) || errors.Is(r.Err, link.ErrVersion) {
		say = n.log("member").Warn // of the same name, and yet not the same cluster
	}
	say("who lives at this address is not of this cluster", slog.String("address", address.String()), slog.String("reason", reason))
}
