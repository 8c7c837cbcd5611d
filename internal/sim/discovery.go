package sim

import (
	"errors"
	"slices"
	"time"

	"github.com/filbertgrid/filbert/internal/cluster"
	"github.com/filbertgrid/filbert/internal/discovery"
)

// kindOfDiscovery is how members of a world find one another.
type kindOfDiscovery int

const (
	shown kindOfDiscovery = iota // all addresses that anybody has ever had
	late                         // processes are shown, in the order of their starts, a while later, and looks fail now and then
	door                         // one address that leads to anybody who listens
)

const (
	// latest is how long after its start a process is shown at the latest.
	latest = 1500 * time.Millisecond
	// doorMost is how many may look for one another behind a door at the same time: so few that they do not miss one another.
	doorMost = 3
	// doorPort is the port of the door, deadPort one at which nobody ever listens.
	doorPort = 5700
	deadPort = firstPort + 99
)

var errLook = errors.New("sim: discovery fails")

func address(port uint16) cluster.Address { return cluster.Address{Host: "127.0.0.1", Port: port} }

// look is what a process finds when it looks.
func (w *World) look(p *process) (discovery.Found, error) {
	switch w.discovery {
	case door:
		return discovery.Found{Door: address(doorPort)}, nil
	case late:
		if w.random.IntN(8) == 0 {
			return discovery.Found{}, errLook
		}
	case shown:
	}
	found := discovery.Found{Addresses: []cluster.Address{address(deadPort)}}
	for _, q := range w.processes {
		if q.shown <= w.now && !slices.Contains(found.Addresses, q.address) {
			found.Addresses = append(found.Addresses, q.address)
		}
	}
	found.SelfShown = p.shown <= w.now // not one that lived at its address before
	return found, nil
}
