package config

import "time"

// Config is everything a member can be told. Load returns it complete and
// checked; it is not changed afterwards and may be shared between goroutines.
type Config struct {
	// File is the configuration file that was read; "" when there was none.
	File string

	// ClusterName separates clusters: members and clients of another name are
	// refused. Never empty.
	ClusterName string
	// InstanceName names this member in logs; "" when not set.
	InstanceName string
	// ServerVersion is the Hazelcast version that clients are told, for
	// example "5.5.0".
	ServerVersion string

	// LiteMember tells that this member owns no partitions.
	LiteMember bool
	// MemberAttributes are shown to clients and members in the member list.
	MemberAttributes map[string]string

	// PartitionCount is fixed for the life of a cluster; members of another
	// count are refused.
	PartitionCount int

	// GracefulShutdownMaxWait limits the time that a leaving member spends on
	// handing over its data.
	GracefulShutdownMaxWait time.Duration
	// HeartbeatInterval is the time between two heartbeats of a pair of members.
	// At most half of MaxNoHeartbeat.
	HeartbeatInterval time.Duration
	// MaxNoHeartbeat is the silence after which a member is taken for gone.
	// Leases are derived from it.
	MaxNoHeartbeat time.Duration
	// ClientHeartbeatTimeout is the silence after which a client's connection
	// is closed.
	ClientHeartbeatTimeout time.Duration
	// FoundingSilence is how long a silent address is asked before a founding
	// member passes it by with a warning.
	FoundingSilence time.Duration
	// JoinPortTries is the number of ports asked of a listed member without one.
	JoinPortTries int
	// OperationCallTimeout limits a forwarded operation, and the time that one
	// waits for a partition without an owner.
	OperationCallTimeout time.Duration
	// AcknowledgeTimeout is how long a write waits for its sync backups before
	// the caller gets an error that says that the outcome is unknown. Longer
	// than MaxNoHeartbeat, so that a silent backup is removed first.
	AcknowledgeTimeout time.Duration
	// ClusterVersion is about the version of the cluster that members talk in.
	ClusterVersion ClusterVersion
	// BackupSyncInterval is how long a pass over all partitions takes in which
	// backups are compared with their primaries, longer when there is more data
	// than a member reads in that time without being felt.
	BackupSyncInterval time.Duration

	// Invalidation says how near-cache invalidations are sent.
	Invalidation Invalidation

	Network         Network
	AdvancedNetwork AdvancedNetwork
	Security        Security
	Limits          Limits
	Memory          Memory
	// Pod is what the environment says of the pod that the member runs in.
	Pod     Pod
	Logging Logging

	// ManagementListen is the address (host:port) of the listener for metrics
	// and profiling; "" (the default) for none, since members that share a
	// machine would fight for a fixed port.
	ManagementListen string

	// Maps holds the map configurations by name or pattern. Use Map to look
	// one up.
	Maps map[string]MapConfig
	// PartitionGroup says which members may be lost together.
	PartitionGroup PartitionGroup

	// SplitBrainProtections holds them by name. Use Protection to look a map's up.
	SplitBrainProtections map[string]SplitBrainProtection

	// Properties holds every property that was set in the file's <properties>,
	// by HZ_PROPERTIES_… or as a system property that begins with hazelcast. or
	// filbert., whether it is used or not.
	Properties map[string]string
}

// Invalidation says how near-cache invalidations are sent to clients: at once
// or, with Batch, together once BatchSize are waiting or Interval has passed.
type Invalidation struct {
	Batch     bool
	BatchSize int
	Interval  time.Duration
}

// Default returns the configuration of a member that was told nothing: cluster
// "dev", port 5701 upwards on the loopback, joining members found there.
func Default() *Config {
	return &Config{
		ClusterName:             "dev",
		ServerVersion:           "5.5.0",
		MemberAttributes:        map[string]string{},
		PartitionCount:          271,
		GracefulShutdownMaxWait: 600 * time.Second,
		HeartbeatInterval:       time.Second,
		MaxNoHeartbeat:          10 * time.Second,
		ClientHeartbeatTimeout:  300 * time.Second,
		FoundingSilence:         5 * time.Second,
		JoinPortTries:           3,
		OperationCallTimeout:    60 * time.Second,
		AcknowledgeTimeout:      30 * time.Second,
		BackupSyncInterval:      30 * time.Second,
		ClusterVersion:          ClusterVersion{AutoUpgradeMinSize: 1},
		Invalidation:            Invalidation{Batch: true, BatchSize: 100, Interval: 10 * time.Second},
		Network:                 defaultNetwork(),
		AdvancedNetwork:         defaultAdvancedNetwork(),
		Security:                Security{Realms: map[string]Realm{}},
		Limits:                  defaultLimits(),
		Memory:                  defaultMemory(),
		Pod:                     defaultPod(),
		Logging:                 Logging{Level: LogInfo, Format: LogText},
		Maps:                    map[string]MapConfig{},
		PartitionGroup:          defaultPartitionGroup(),
		SplitBrainProtections:   map[string]SplitBrainProtection{},
		Properties:              map[string]string{},
	}
}

// ClusterVersion is the properties about the version of the cluster, by the names and defaults of Hazelcast.
type ClusterVersion struct {
	// Init is major.minor of a cluster that this member founds; empty for that of its build.
	Init string
	// AutoUpgrade raises the cluster's version when every member speaks a newer one and the
	// cluster has AutoUpgradeMinSize members or more.
	AutoUpgrade        bool
	AutoUpgradeMinSize int
}
