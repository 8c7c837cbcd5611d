package config

import (
	"math"
	"slices"
)

// maxBytesSetting is the largest limit that counts bytes: 1 GiB, since a
// message is one allocation.
const maxBytesSetting = 1 << 30

// bindAny is the property whose default depends on where the member runs.
const bindAny = "hazelcast.socket.bind.any"

// propertyTable returns the properties that are used, bound to the fields of c.
func propertyTable(c *Config) []property {
	return slices.Concat(hazelcastProperties(c), versionProperties(c), filbertProperties(c))
}

func hazelcastProperties(c *Config) []property {
	return []property{
		{
			"hazelcast.partition.count", "Partitions of the cluster; the same on all members.",
			asInt(&c.PartitionCount, 1, math.MaxUint16, "partitions"),
		},
		{
			"hazelcast.partition.backup.sync.interval", "Time in which every backup is compared with its primary once, and copied anew if it differs. " +
				"Hazelcast's default, and little work: what a member holds is read once, at most 20 MiB of it a second.",
			asSeconds(&c.BackupSyncInterval, 1, math.MaxInt32),
		},
		{
			"hazelcast.graceful.shutdown.max.wait", "Limits the time that a leaving member spends on handing over its data.",
			asSeconds(&c.GracefulShutdownMaxWait, 0, math.MaxInt32),
		},
		{
			"hazelcast.heartbeat.interval.seconds", "Time between heartbeats of members; at most half of hazelcast.max.no.heartbeat.seconds.",
			asSeconds(&c.HeartbeatInterval, 1, math.MaxInt32),
		},
		{
			"hazelcast.max.no.heartbeat.seconds", "Silence after which a member is taken for gone. Hazelcast's default is 60: here a silent " +
				"member's data is served again sooner, and a lease keeps it from answering meanwhile.",
			asSeconds(&c.MaxNoHeartbeat, 2, math.MaxInt32),
		},
		{
			"hazelcast.client.max.no.heartbeat.seconds", "Silence after which a client's connection is closed.",
			asSeconds(&c.ClientHeartbeatTimeout, 1, math.MaxInt32),
		},
		{
			"hazelcast.tcp.join.port.try.count", "Ports asked of a member in a static list that is written without one.",
			asInt(&c.JoinPortTries, 1, 1000, "ports"),
		},
		{
			"hazelcast.operation.call.timeout.millis", "Limits a forwarded operation.",
			asMillis(&c.OperationCallTimeout, 1, math.MaxInt32),
		},
		{
			"hazelcast.map.invalidation.batch.enabled", "Whether near-cache invalidations are sent together.",
			asBool(&c.Invalidation.Batch),
		},
		{
			"hazelcast.map.invalidation.batch.size", "Invalidations that are sent together at most.",
			asInt(&c.Invalidation.BatchSize, 1, 100_000, "invalidations"),
		},
		{
			"hazelcast.map.invalidation.batchfrequency.seconds", "How long an invalidation waits for others.",
			asSeconds(&c.Invalidation.Interval, 1, 3600),
		},
		{
			"hazelcast.local.localAddress", "The address to listen on, before all other rules.",
			asAddress(&c.Network.BindAddress),
		},
		{
			"hazelcast.local.publicAddress", "The same as network/public-address, which wins.",
			asFallback(asAddress(&c.Network.PublicAddress)),
		},
		{
			bindAny, "Whether to listen on all addresses. The default is true inside a pod of Kubernetes; elsewhere Hazelcast's is true " +
				"and here the bare member is reachable from its machine only.",
			asBool(&c.Network.BindAny),
		},
	}
}

// versionProperties are about the version of the cluster.
func versionProperties(c *Config) []property {
	return []property{
		{
			"hazelcast.init.cluster.version", "The version of a cluster that this member founds: its own, or the one before. Empty: its own.",
			asClusterVersion(&c.ClusterVersion.Init),
		},
		{
			"hazelcast.cluster.version.auto.upgrade.enabled", "Whether the cluster's version is raised as soon as every member speaks a newer one.",
			asBool(&c.ClusterVersion.AutoUpgrade),
		},
		{
			"hazelcast.cluster.version.auto.upgrade.min.cluster.size", "How many members the cluster must have for that.",
			asInt(&c.ClusterVersion.AutoUpgradeMinSize, 1, math.MaxInt32, "members"),
		},
	}
}

func filbertProperties(c *Config) []property {
	return append([]property{
		{
			"filbert.server.version", "The Hazelcast version that clients are told.",
			asVersion(&c.ServerVersion),
		},
		{
			"filbert.management.address", "Where metrics and profiling are served; nowhere when empty.",
			asListenAddress(&c.ManagementListen),
		},
		{
			"filbert.logging.level", "The same as LOGGING_LEVEL, which wins.",
			asEnum(&c.Logging.Level, logLevels()),
		},
		{
			"filbert.logging.format", "The same as LOGGING_FORMAT, which wins.",
			asEnum(&c.Logging.Format, logFormats()),
		},
		{
			"filbert.founding.silence.seconds", "How long a silent address is asked before a founding member passes it by.",
			asSeconds(&c.FoundingSilence, 1, 3600),
		},
		{
			"filbert.acknowledge.timeout.seconds", "How long a write waits for its sync backups before it fails with an unknown outcome; " +
				"more than hazelcast.max.no.heartbeat.seconds.",
			asSeconds(&c.AcknowledgeTimeout, 1, math.MaxInt32),
		},
		{
			"filbert.memory.budget.percent", "What entries may take of the memory of the container, or of the machine. Beyond it, writes that need more " +
				"are refused, or entries evicted where the map does.",
			asInt(&c.Memory.BudgetPercent, 1, 95, "percent"),
		},
		{
			"filbert.memory.budget.bytes", "The same in bytes; unless 0, the percentage does not count.",
			asInt(&c.Memory.BudgetBytes, 0, math.MaxInt, "bytes"),
		},
	}, limitProperties(&c.Limits)...)
}

func limitProperties(l *Limits) []property {
	bytes := func(field *int, low int) value { return asInt(field, low, maxBytesSetting, "bytes") }
	count := func(field *int) value { return asInt(field, 1, math.MaxInt32, "") }
	return []property{
		{"filbert.limit.client.connections", "Open client connections.", count(&l.MaxClientConnections)},
		{
			"filbert.limit.unauthenticated.connections", "Connections that have not said who they are.",
			count(&l.MaxUnauthenticatedConnections),
		},
		{
			"filbert.limit.unauthenticated.seconds", "How long a connection may take to say who it is.",
			asSeconds(&l.UnauthenticatedTimeout, 1, 3600),
		},
		{
			"filbert.limit.unauthenticated.message.bytes", "A message before authentication.",
			bytes(&l.MaxUnauthenticatedMessageBytes, 4096),
		},
		{
			"filbert.limit.message.bytes", "A message of an authenticated client, and so the largest value with its key.",
			asInt(&l.MaxMessageBytes, 64<<10, mostMessageBytes, "bytes"),
		},
		{"filbert.limit.name.bytes", "The name of a structure.", asInt(&l.MaxNameBytes, 64, 64<<10, "bytes")},
		{"filbert.limit.structures", "Distributed objects of the cluster.", count(&l.MaxStructures)},
		{"filbert.limit.schemas", "Compact schemas of the cluster.", count(&l.MaxSchemas)},
		{"filbert.limit.parked.partition", "Operations that wait in one partition.", count(&l.MaxParkedPerPartition)},
		{"filbert.limit.parked.client", "Waiting operations of one client.", count(&l.MaxParkedPerClient)},
		{"filbert.limit.link.buffer.bytes", "What is buffered for one member that reads slowly; beyond it writes to its backups wait.", bytes(&l.MaxLinkBufferBytes, 4<<20)},
		{
			"filbert.limit.session.buffer.bytes",
			"What is buffered for a client that does not read; beyond it the client is disconnected. Answers to reads that come late wait when half of it is taken.",
			bytes(&l.MaxSessionBufferBytes, 64<<10),
		},
		{
			"filbert.limit.sessions.buffer.bytes", "The same for all clients of a member; beyond it those that have the most are disconnected.",
			bytes(&l.MaxSessionsBufferBytes, 1<<20),
		},
		{"filbert.limit.listing.bytes", "What is in memory of one answer to keySet, values, entrySet or getAll.", bytes(&l.ListingBytes, 16<<10)},
	}
}
