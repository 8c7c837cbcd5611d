package gateway

import (
	"github.com/filbertgrid/filbert/internal/event"
	"github.com/filbertgrid/filbert/internal/partition"
	"github.com/filbertgrid/filbert/internal/protocol"
	"github.com/filbertgrid/filbert/internal/wire"
)

// row is one served message.
type row struct {
	messageType int32
	handler     *handler
}

// table lists every message that is served; protocol/served.txt is the same list, for the compatibility page.
func table() []row {
	rows := clientTable()
	rows = append(rows, mapKeyTable()...)
	rows = append(rows, mapTable()...)
	return append(rows, row{protocol.MCGetMemberConfigRequestType, onSession(memberConfig)})
}

func clientTable() []row {
	return []row{
		{protocol.ClientAuthenticationRequestType, &handler{session: authenticate, anonymous: true, plain: true}},
		{protocol.ClientAuthenticationCustomRequestType, &handler{session: authenticateCustom, anonymous: true, plain: true}},
		{protocol.ClientAddClusterViewListenerRequestType, onSession(addViewListener)},
		{protocol.ClientCreateProxyRequestType, onSession(createProxy)},
		{protocol.ClientDestroyProxyRequestType, &handler{partition: destroyPart, fan: fanSum(destroyed), repeatable: true}},
		{protocol.ClientAddPartitionLostListenerRequestType, onSession(addLostListener)},
		{protocol.ClientRemovePartitionLostListenerRequestType, onSession(removeLostListener)},
		{protocol.ClientGetDistributedObjectsRequestType, onSession(listObjects)},
		{protocol.ClientAddDistributedObjectListenerRequestType, onSession(addObjectListener)},
		{protocol.ClientRemoveDistributedObjectListenerRequestType, onSession(removeObjectListener)},
		{protocol.ClientPingRequestType, &handler{session: ping, plain: true}},
		{protocol.ClientStatisticsRequestType, onSession(statistics)},
		{protocol.ClientCreateProxiesRequestType, onSession(createProxies)},
		{protocol.ClientLocalBackupListenerRequestType, onSession(addBackupListener)},
		{protocol.ClientTriggerPartitionAssignmentRequestType, onSession(triggerAssignment)},
		{protocol.ClientAddMigrationListenerRequestType, onSession(addMigrationListener)},
		{protocol.ClientRemoveMigrationListenerRequestType, onSession(removeMigrationListener)},
		{protocol.ClientSendSchemaRequestType, onSession(sendSchema)},
		{protocol.ClientFetchSchemaRequestType, onSession(fetchSchema)},
		{protocol.ClientSendAllSchemasRequestType, onSession(sendAllSchemas)},
	}
}

// mapKeyTable has the messages about one key.
func mapKeyTable() []row {
	return []row{
		{protocol.MapPutRequestType, onKey(mapPut)},
		{protocol.MapGetRequestType, onReplica(mapGet)},
		{protocol.MapRemoveRequestType, onKey(mapRemove)},
		{protocol.MapReplaceRequestType, onKey(mapReplace)},
		{protocol.MapReplaceIfSameRequestType, onKey(mapReplaceIfSame)},
		{protocol.MapContainsKeyRequestType, onReplica(mapContainsKey)},
		{protocol.MapRemoveIfSameRequestType, onKey(mapRemoveIfSame)},
		{protocol.MapDeleteRequestType, onKey(mapDelete)},
		{protocol.MapTryRemoveRequestType, waiting(mapTryRemove)},
		{protocol.MapTryPutRequestType, waiting(mapTryPut)},
		{protocol.MapPutTransientRequestType, onKey(mapPutTransient)},
		{protocol.MapPutIfAbsentRequestType, onKey(mapPutIfAbsent)},
		{protocol.MapSetRequestType, onKey(mapSet)},
		{protocol.MapLockRequestType, waiting(mapLock)},
		{protocol.MapTryLockRequestType, waiting(mapTryLock)},
		{protocol.MapIsLockedRequestType, onKey(mapIsLocked)},
		{protocol.MapUnlockRequestType, onKey(mapUnlock)},
		{protocol.MapGetEntryViewRequestType, onKey(mapEntryView)},
		{protocol.MapEvictRequestType, onKey(mapEvict)},
		{protocol.MapForceUnlockRequestType, onKey(mapForceUnlock)},
		{protocol.MapSetTtlRequestType, onKey(mapSetTTL)},
		{protocol.MapPutWithMaxIdleRequestType, onKey(mapPutWithMaxIdle)},
		{protocol.MapPutTransientWithMaxIdleRequestType, onKey(mapPutTransientWithMaxIdle)},
		{protocol.MapPutIfAbsentWithMaxIdleRequestType, onKey(mapPutIfAbsentWithMaxIdle)},
		{protocol.MapSetWithMaxIdleRequestType, onKey(mapSetWithMaxIdle)},
	}
}

// mapTable has the other messages of maps.
func mapTable() []row {
	return []row{
		{protocol.MapContainsValueRequestType, &handler{partition: mapContainsValue, fan: fanContainsValue()}},
		{protocol.MapFlushRequestType, onSession(mapFlush)},
		{protocol.MapAddEntryListenerToKeyRequestType, onSession(addKeyListener)},
		{protocol.MapAddEntryListenerRequestType, onSession(addEntryListener)},
		{protocol.MapRemoveEntryListenerRequestType, onSession(removeEntryListener)},
		{protocol.MapAddPartitionLostListenerRequestType, onSession(addMapLostListener)},
		{protocol.MapRemovePartitionLostListenerRequestType, onSession(removeMapLostListener)},
		{protocol.MapEvictAllRequestType, &handler{partition: mapEvictAll, fan: fanClear(event.EvictAll), repeatable: true}},
		{protocol.MapLoadAllRequestType, onSession(mapLoadAll)},
		{protocol.MapLoadGivenKeysRequestType, onSession(mapLoadGivenKeys)},
		{protocol.MapKeySetRequestType, &handler{partition: mapKeySet, list: true, repeatable: true}},
		{protocol.MapGetAllRequestType, &handler{
			partition: mapGetAll, spread: spreadGetAll, onBackup: readFromBackup, repeatable: true,
		}},
		{protocol.MapValuesRequestType, &handler{partition: mapValues, list: true, repeatable: true}},
		{protocol.MapEntrySetRequestType, &handler{partition: mapEntrySet, list: true, repeatable: true}},
		{protocol.MapSizeRequestType, &handler{partition: mapSize, fan: fanSize()}},
		{protocol.MapIsEmptyRequestType, &handler{partition: mapIsEmpty, fan: fanIsEmpty()}},
		{protocol.MapPutAllRequestType, &handler{partition: mapPutAll, spread: spreadPutAll, parts: fanDone()}},
		{protocol.MapClearRequestType, &handler{partition: mapClear, fan: fanClear(event.ClearAll), repeatable: true}},
		{protocol.MapFetchKeysRequestType, &handler{partition: mapFetchKeys}},
		{protocol.MapFetchEntriesRequestType, &handler{partition: mapFetchEntries}},
		{protocol.MapFetchNearCacheInvalidationMetadataRequestType, &handler{partition: metadataPart, session: fetchMetadata}},
		{protocol.MapAddNearCacheInvalidationListenerRequestType, onSession(addInvalidationListener)},
		{protocol.MapPutAllWithMetadataRequestType, &handler{
			partition: mapPutAllWithMetadata, spread: spreadPutAllWithMetadata, parts: fanDone(),
		}},
	}
}

func onSession(f func(s *Session, m wire.Message, r reply) error) *handler {
	return &handler{session: f}
}

// onKey is a message about one key.
func onKey(f func(g *Gateway, tx *partition.Tx, m wire.Message) error) *handler {
	return &handler{partition: f, keyed: true}
}

// waiting is one that may wait for a lock for as long as its caller wants.
func waiting(f func(g *Gateway, tx *partition.Tx, m wire.Message) error) *handler {
	return &handler{partition: f, keyed: true, waits: true}
}

// onReplica is one that a backup may answer, if the map is configured so.
func onReplica(f func(g *Gateway, tx *partition.Tx, m wire.Message) error) *handler {
	return &handler{partition: f, keyed: true, onBackup: readFromBackup}
}
