'use strict';

const { same, eventually } = require('./check');
const { LIFETIME } = require('./table_expiry');

// Keeps events as short texts. A listener has only the handlers that are named:
// this client breaks when a member sends a type that was not asked for.
function recorder(...types) {
    const seen = [];
    const listener = {};
    for (const type of types) {
        listener[type] = (e) => {
            const map = type === 'mapCleared' || type === 'mapEvicted';
            seen.push(map ? `${type} ${e.numberOfAffectedEntries}` : `${type} ${e.key} ${e.value} ${e.oldValue}`);
        };
    }
    const expect = (...want) => eventually(() => same('the events', [...seen].sort(), want.sort()));
    return { listener, seen, expect };
}

const entryTypes = ['added', 'updated', 'removed', 'evicted', 'expired'];

// A change by another client reaches the near cache.
function invalidated(change) {
    return async ({ map, second }) => {
        await second.set('k', 'old');
        await eventually(async () => {
            const before = map.nearCache.getStatistics().hitCount;
            same('get', await map.get('k'), 'old');
            same('answered by the near cache', map.nearCache.getStatistics().hitCount > before, true);
        });
        await change(second);
        const now = await second.get('k');
        await eventually(async () => same('the near cache', await map.get('k'), now));
    };
}

const events = {
    async 'listener'({ map, second }) {
        const r = recorder(...entryTypes);
        const id = await map.addEntryListener(r.listener, undefined, true);
        await second.set('k', 'v1');
        await second.set('k', 'v2');
        await second.remove('k');
        await second.set('short', 'v', LIFETIME);
        await r.expect('added k v1 null', 'updated k v2 v1', 'removed k null v2', 'added short v null', 'expired short null v');
        same('removeEntryListener', await map.removeEntryListener(id), true);
        same('removeEntryListener of an unknown id', await map.removeEntryListener('unknown'), false);
        const late = recorder('added');
        await second.set('after', 'v');
        await map.addEntryListener(late.listener);
        await second.set('late', 'v');
        await late.expect('added late null null');
        same('events after the removal', r.seen.length, 5);
    },

    async 'listener-without-values'({ map, second }) {
        const r = recorder(...entryTypes);
        await map.addEntryListener(r.listener, undefined, false);
        await second.set('k', 'v1');
        await second.set('k', 'v2');
        await second.evict('k');
        await r.expect('added k null null', 'updated k null null', 'evicted k null null');
    },

    async 'listener-to-key'({ map, second }) {
        const r = recorder(...entryTypes);
        await map.addEntryListener(r.listener, 'k', true);
        await second.set('other', 'v');
        await second.set('k', 'v');
        await second.remove('k');
        await r.expect('added k v null', 'removed k null v');
    },

    async 'listener-to-one-type'({ map, second }) {
        const r = recorder('removed');
        await map.addEntryListener(r.listener, undefined, true);
        await second.set('k', 'v1');
        await second.set('k', 'v2');
        await second.remove('k');
        await r.expect('removed k null v2');
    },

    async 'listener-to-map-events'({ map, second }) {
        const r = recorder('mapCleared', 'mapEvicted');
        await map.addEntryListener(r.listener);
        const entries = Array.from({ length: 30 }, (_, i) => [i, 'v']);
        await second.putAll(entries);
        await second.clear();
        await r.expect('mapCleared 30');
        await second.putAll(entries);
        await second.evictAll();
        await r.expect('mapCleared 30', 'mapEvicted 30');
    },

    'near-set': invalidated((m) => m.set('k', 'new')),
    'near-put-all': invalidated((m) => m.putAll([['k', 'new'], ['other', 'x']])),
    'near-delete': invalidated((m) => m.delete('k')),
    'near-evict': invalidated((m) => m.evict('k')),
    'near-clear': invalidated((m) => m.clear()),
    'near-evict-all': invalidated((m) => m.evictAll()),
};

module.exports = { events };
