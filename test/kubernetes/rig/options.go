package rig

import (
	"errors"
	"log/slog"
	"time"
)

// Addresses of the rig. They exist only in its network namespace, so every rig
// has the same ones and nothing of the machine can collide with them.
const (
	// NodeIP is the address of the only node, of the apiserver and of CoreDNS.
	NodeIP = "10.200.0.1"
	// NodeName is the name of the only node.
	NodeName = "rig"
	// Zone is the node's topology.kubernetes.io/zone.
	Zone = "rig-zone-1"
	// ClusterDomain is the DNS suffix of Services.
	ClusterDomain = "cluster.local"

	serviceCIDR  = "10.96.0.0/16"
	kubernetesIP = "10.96.0.1" // the first of serviceCIDR, always the apiserver's
	podCIDR      = "10.244.0.0/24"
	apiServerURL = "https://" + NodeIP + ":6443"
	etcdURL      = "http://127.0.0.1:2379"
)

// Images that every rig has.
const (
	pauseImage = "rig.local/pause:1"
)

// Limits on waiting. The parts are slow on a busy machine with two cores, and
// a part that has not come up by then never will.
const (
	partTimeout  = 90 * time.Second  // one part until it says it is ready
	startTimeout = 180 * time.Second // the whole rig
	stopTimeout  = 10 * time.Second  // one process between SIGTERM and SIGKILL
	drainTimeout = 20 * time.Second  // all containers, after their pods were deleted
	probePeriod  = 50 * time.Millisecond
)

// DefaultDir holds a folder for each running rig. It is fixed, so that a rig
// can find and remove what a killed one left.
const DefaultDir = "/var/lib/filbert-rig"

// Options say how to start a rig. The zero value is good.
type Options struct {
	// Dir is the parent of the rig's folder; DefaultDir when empty. It must
	// be short: sockets live below it, and their paths have at most 107 bytes.
	Dir string
	// Tools is the list of folders with the programs, separated by colons, as
	// scripts/install-kubernetes.sh prints it. When empty that script runs.
	Tools string
	// Detached rigs outlive the process that started them and are stopped by
	// name. Others are swept by the next Start when their owner has died.
	Detached bool
	// Log receives what the rig does; nothing when nil.
	Log *slog.Logger
}

func (o Options) withDefaults() Options {
	if o.Dir == "" {
		o.Dir = DefaultDir
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

var (
	// ErrNotRoot is returned by Start for a user who may make no namespaces.
	ErrNotRoot = errors.New("a rig needs root")
	// ErrNotReady is returned by Start when a part did not become ready in time.
	ErrNotReady = errors.New("not ready")
	// ErrNoRig is returned by Attach when no rig of that name is recorded.
	ErrNoRig = errors.New("no such rig")
	// ErrSeveralRigs is returned by Attach without a name when it has a choice.
	ErrSeveralRigs = errors.New("several rigs, name one")
)
