package fault

// The sentinels, one for each error code of protocol 2.x, in the order of the codes. Each is returned, wrapped with
// the details, by whatever finds that the request cannot be answered for that reason.
var (
	ErrUndefined                   = kind(0, "com.hazelcast.client.UndefinedErrorCodeException", "unknown error")
	ErrArrayIndexOutOfBounds       = kind(1, "java.lang.ArrayIndexOutOfBoundsException", "array index out of bounds")
	ErrArrayStore                  = kind(2, "java.lang.ArrayStoreException", "wrong type of array element")
	ErrAuthentication              = kind(3, "com.hazelcast.client.AuthenticationException", "authentication failed")
	ErrCache                       = kind(4, "javax.cache.CacheException", "cache failed")
	ErrCacheLoader                 = kind(5, "javax.cache.integration.CacheLoaderException", "cache loader failed")
	ErrCacheNotExists              = kind(6, "com.hazelcast.cache.CacheNotExistsException", "cache does not exist")
	ErrCacheWriter                 = kind(7, "javax.cache.integration.CacheWriterException", "cache writer failed")
	ErrCallerNotMember             = retryable(8, "com.hazelcast.spi.exception.CallerNotMemberException", "caller is not a member")
	ErrCancellation                = kind(9, "java.util.concurrent.CancellationException", "cancelled")
	ErrClassCast                   = kind(10, "java.lang.ClassCastException", "wrong class")
	ErrClassNotFound               = kind(11, "java.lang.ClassNotFoundException", "class not found")
	ErrConcurrentModification      = kind(12, "java.util.ConcurrentModificationException", "concurrent modification")
	ErrConfigMismatch              = kind(13, "com.hazelcast.internal.cluster.impl.ConfigMismatchException", "configurations differ")
	ErrDistributedObjectDestroyed  = kind(14, "com.hazelcast.spi.exception.DistributedObjectDestroyedException", "distributed object is destroyed")
	ErrEOF                         = kind(15, "java.io.EOFException", "unexpected end of input")
	ErrEntryProcessor              = kind(16, "javax.cache.processor.EntryProcessorException", "entry processor failed")
	ErrExecution                   = kind(17, "java.util.concurrent.ExecutionException", "execution failed")
	ErrHazelcast                   = kind(18, "com.hazelcast.core.HazelcastException", "operation failed")
	ErrHazelcastInstanceNotActive  = kind(19, "com.hazelcast.core.HazelcastInstanceNotActiveException", "member is not active")
	ErrHazelcastOverload           = kind(20, "com.hazelcast.core.HazelcastOverloadException", "member is overloaded")
	ErrHazelcastSerialization      = kind(21, "com.hazelcast.nio.serialization.HazelcastSerializationException", "cannot read serialized form")
	ErrIO                          = kind(22, "java.io.IOException", "input or output failed")
	ErrIllegalArgument             = kind(23, "java.lang.IllegalArgumentException", "illegal argument")
	ErrIllegalAccessException      = kind(24, "java.lang.IllegalAccessException", "illegal access")
	ErrIllegalAccess               = kind(25, "java.lang.IllegalAccessError", "illegal access to a class")
	ErrIllegalMonitorState         = kind(26, "java.lang.IllegalMonitorStateException", "caller does not hold the lock")
	ErrIllegalState                = kind(27, "java.lang.IllegalStateException", "illegal state")
	ErrIllegalThreadState          = kind(28, "java.lang.IllegalThreadStateException", "illegal state of a thread")
	ErrIndexOutOfBounds            = kind(29, "java.lang.IndexOutOfBoundsException", "index out of bounds")
	ErrInterrupted                 = kind(30, "java.lang.InterruptedException", "interrupted")
	ErrInvalidAddress              = kind(31, "com.hazelcast.internal.util.AddressUtil$InvalidAddressException", "invalid address")
	ErrInvalidConfiguration        = kind(32, "com.hazelcast.config.InvalidConfigurationException", "invalid configuration")
	ErrMemberLeft                  = retryable(33, "com.hazelcast.core.MemberLeftException", "member has left")
	ErrNegativeArraySize           = kind(34, "java.lang.NegativeArraySizeException", "negative size")
	ErrNoSuchElement               = kind(35, "java.util.NoSuchElementException", "no such element")
	ErrNotSerializable             = kind(36, "java.io.NotSerializableException", "not serializable")
	ErrNullPointer                 = kind(37, "java.lang.NullPointerException", "null is not allowed")
	ErrOperationTimeout            = kind(38, "com.hazelcast.core.OperationTimeoutException", "operation timed out")
	ErrPartitionMigrating          = retryable(39, "com.hazelcast.spi.exception.PartitionMigratingException", "partition is migrating")
	ErrQuery                       = kind(40, "com.hazelcast.query.QueryException", "query failed")
	ErrQueryResultSizeExceeded     = kind(41, "com.hazelcast.map.QueryResultSizeExceededException", "query result is too large")
	ErrSplitBrainProtection        = kind(42, "com.hazelcast.splitbrainprotection.SplitBrainProtectionException", "too few members for split-brain protection")
	ErrReachedMaxSize              = kind(43, "com.hazelcast.map.ReachedMaxSizeException", "maximum size is reached")
	ErrRejectedExecution           = kind(44, "java.util.concurrent.RejectedExecutionException", "execution rejected")
	ErrResponseAlreadySent         = kind(45, "com.hazelcast.spi.exception.ResponseAlreadySentException", "response was already sent")
	ErrRetryableHazelcast          = retryable(46, "com.hazelcast.spi.exception.RetryableHazelcastException", "try again")
	ErrRetryableIO                 = retryable(47, "com.hazelcast.spi.exception.RetryableIOException", "input or output failed, try again")
	ErrRuntime                     = kind(48, "java.lang.RuntimeException", "unexpected failure")
	ErrSecurity                    = kind(49, "java.lang.SecurityException", "not permitted")
	ErrSocket                      = kind(50, "java.net.SocketException", "connection failed")
	ErrStaleSequence               = kind(51, "com.hazelcast.ringbuffer.StaleSequenceException", "sequence is no longer in the ring buffer")
	ErrTargetDisconnected          = kind(52, "com.hazelcast.spi.exception.TargetDisconnectedException", "connection to the target is lost")
	ErrTargetNotMember             = retryable(53, "com.hazelcast.spi.exception.TargetNotMemberException", "target is not a member")
	ErrTimeout                     = kind(54, "java.util.concurrent.TimeoutException", "timed out")
	ErrTopicOverload               = kind(55, "com.hazelcast.topic.TopicOverloadException", "topic is overloaded")
	ErrTransaction                 = kind(56, "com.hazelcast.transaction.TransactionException", "transaction failed")
	ErrTransactionNotActive        = kind(57, "com.hazelcast.transaction.TransactionNotActiveException", "transaction is not active")
	ErrTransactionTimedOut         = kind(58, "com.hazelcast.transaction.TransactionTimedOutException", "transaction timed out")
	ErrURISyntax                   = kind(59, "java.net.URISyntaxException", "malformed URI")
	ErrUTFDataFormat               = kind(60, "java.io.UTFDataFormatException", "malformed text")
	ErrUnsupportedOperation        = kind(61, "java.lang.UnsupportedOperationException", "operation is not supported")
	ErrWrongTarget                 = retryable(62, "com.hazelcast.spi.exception.WrongTargetException", "partition is not owned here")
	ErrXA                          = kind(63, "javax.transaction.xa.XAException", "XA transaction failed")
	ErrAccessControl               = kind(64, "java.security.AccessControlException", "access denied")
	ErrLogin                       = kind(65, "javax.security.auth.login.LoginException", "login failed")
	ErrUnsupportedCallback         = kind(66, "javax.security.auth.callback.UnsupportedCallbackException", "callback is not supported")
	ErrNoDataMember                = kind(67, "com.hazelcast.partition.NoDataMemberInClusterException", "cluster has no data member")
	ErrReplicatedMapCantBeCreated  = kind(68, "com.hazelcast.replicatedmap.ReplicatedMapCantBeCreatedOnLiteMemberException", "lite member cannot hold a replicated map")
	ErrMaxMessageSizeExceeded      = kind(69, "com.hazelcast.client.impl.protocol.exception.MaxMessageSizeExceeded", "message is too large")
	ErrWANReplicationQueueFull     = kind(70, "com.hazelcast.wan.WanQueueFullException", "WAN replication queue is full")
	ErrAssertion                   = kind(71, "java.lang.AssertionError", "assertion failed")
	ErrOutOfMemory                 = kind(72, "java.lang.OutOfMemoryError", "out of memory")
	ErrStackOverflow               = kind(73, "java.lang.StackOverflowError", "stack overflow")
	ErrNativeOutOfMemory           = kind(74, "com.hazelcast.memory.NativeOutOfMemoryError", "out of native memory")
	ErrServiceNotFound             = kind(75, "com.hazelcast.spi.exception.ServiceNotFoundException", "service not found")
	ErrStaleTaskID                 = kind(76, "com.hazelcast.durableexecutor.StaleTaskIdException", "task id is stale")
	ErrDuplicateTask               = kind(77, "com.hazelcast.scheduledexecutor.DuplicateTaskException", "task exists already")
	ErrStaleTask                   = kind(78, "com.hazelcast.scheduledexecutor.StaleTaskException", "task is stale")
	ErrLocalMemberReset            = kind(79, "com.hazelcast.core.LocalMemberResetException", "member was reset")
	ErrIndeterminateOperationState = kind(80, "com.hazelcast.core.IndeterminateOperationStateException", "outcome of the operation is unknown")
	ErrNodeIDOutOfRange            = kind(81, "com.hazelcast.flakeidgen.impl.NodeIdOutOfRangeException", "node id is out of range")
	ErrTargetNotReplica            = retryable(82, "com.hazelcast.crdt.TargetNotReplicaException", "target is not a replica")
	ErrMutationDisallowed          = kind(83, "com.hazelcast.crdt.MutationDisallowedException", "change is not allowed")
	ErrConsistencyLost             = kind(84, "com.hazelcast.core.ConsistencyLostException", "session consistency is lost")
	ErrSessionExpired              = kind(85, "com.hazelcast.cp.internal.session.SessionExpiredException", "CP session has expired")
	ErrWaitKeyCancelled            = kind(86, "com.hazelcast.cp.internal.datastructures.exception.WaitKeyCancelledException", "wait was cancelled")
	ErrLockAcquireLimitReached     = kind(87, "com.hazelcast.cp.lock.exception.LockAcquireLimitReachedException", "lock cannot be acquired more often")
	ErrLockOwnershipLost           = kind(88, "com.hazelcast.cp.lock.exception.LockOwnershipLostException", "lock ownership is lost")
	ErrCPGroupDestroyed            = kind(89, "com.hazelcast.cp.exception.CPGroupDestroyedException", "CP group is destroyed")
	ErrCannotReplicate             = retryable(90, "com.hazelcast.cp.exception.CannotReplicateException", "CP group cannot replicate now")
	ErrLeaderDemoted               = kind(91, "com.hazelcast.cp.exception.LeaderDemotedException", "CP leader was demoted")
	ErrStaleAppendRequest          = kind(92, "com.hazelcast.cp.exception.StaleAppendRequestException", "append request is stale")
	ErrNotLeader                   = kind(93, "com.hazelcast.cp.exception.NotLeaderException", "not the CP leader")
	ErrVersionMismatch             = kind(94, "com.hazelcast.internal.cluster.impl.VersionMismatchException", "versions do not match")
	ErrNoSuchMethod                = kind(95, "java.lang.NoSuchMethodError", "no such method")
	ErrNoSuchMethodException       = kind(96, "java.lang.NoSuchMethodException", "no such method by name")
	ErrNoSuchField                 = kind(97, "java.lang.NoSuchFieldError", "no such field")
	ErrNoSuchFieldException        = kind(98, "java.lang.NoSuchFieldException", "no such field by name")
	ErrNoClassDefFound             = kind(99, "java.lang.NoClassDefFoundError", "class definition not found")
)

// errTable holds the sentinels; the index is the code.
//
//nolint:gochecknoglobals // a table, never written; an array in a function would be copied at each call
var errTable = [...]error{
	ErrUndefined,
	ErrArrayIndexOutOfBounds,
	ErrArrayStore,
	ErrAuthentication,
	ErrCache,
	ErrCacheLoader,
	ErrCacheNotExists,
	ErrCacheWriter,
	ErrCallerNotMember,
	ErrCancellation,
	ErrClassCast,
	ErrClassNotFound,
	ErrConcurrentModification,
	ErrConfigMismatch,
	ErrDistributedObjectDestroyed,
	ErrEOF,
	ErrEntryProcessor,
	ErrExecution,
	ErrHazelcast,
	ErrHazelcastInstanceNotActive,
	ErrHazelcastOverload,
	ErrHazelcastSerialization,
	ErrIO,
	ErrIllegalArgument,
	ErrIllegalAccessException,
	ErrIllegalAccess,
	ErrIllegalMonitorState,
	ErrIllegalState,
	ErrIllegalThreadState,
	ErrIndexOutOfBounds,
	ErrInterrupted,
	ErrInvalidAddress,
	ErrInvalidConfiguration,
	ErrMemberLeft,
	ErrNegativeArraySize,
	ErrNoSuchElement,
	ErrNotSerializable,
	ErrNullPointer,
	ErrOperationTimeout,
	ErrPartitionMigrating,
	ErrQuery,
	ErrQueryResultSizeExceeded,
	ErrSplitBrainProtection,
	ErrReachedMaxSize,
	ErrRejectedExecution,
	ErrResponseAlreadySent,
	ErrRetryableHazelcast,
	ErrRetryableIO,
	ErrRuntime,
	ErrSecurity,
	ErrSocket,
	ErrStaleSequence,
	ErrTargetDisconnected,
	ErrTargetNotMember,
	ErrTimeout,
	ErrTopicOverload,
	ErrTransaction,
	ErrTransactionNotActive,
	ErrTransactionTimedOut,
	ErrURISyntax,
	ErrUTFDataFormat,
	ErrUnsupportedOperation,
	ErrWrongTarget,
	ErrXA,
	ErrAccessControl,
	ErrLogin,
	ErrUnsupportedCallback,
	ErrNoDataMember,
	ErrReplicatedMapCantBeCreated,
	ErrMaxMessageSizeExceeded,
	ErrWANReplicationQueueFull,
	ErrAssertion,
	ErrOutOfMemory,
	ErrStackOverflow,
	ErrNativeOutOfMemory,
	ErrServiceNotFound,
	ErrStaleTaskID,
	ErrDuplicateTask,
	ErrStaleTask,
	ErrLocalMemberReset,
	ErrIndeterminateOperationState,
	ErrNodeIDOutOfRange,
	ErrTargetNotReplica,
	ErrMutationDisallowed,
	ErrConsistencyLost,
	ErrSessionExpired,
	ErrWaitKeyCancelled,
	ErrLockAcquireLimitReached,
	ErrLockOwnershipLost,
	ErrCPGroupDestroyed,
	ErrCannotReplicate,
	ErrLeaderDemoted,
	ErrStaleAppendRequest,
	ErrNotLeader,
	ErrVersionMismatch,
	ErrNoSuchMethod,
	ErrNoSuchMethodException,
	ErrNoSuchField,
	ErrNoSuchFieldException,
	ErrNoClassDefFound,
}
