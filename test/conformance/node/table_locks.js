'use strict';

const { IllegalMonitorStateError } = require('hazelcast-client');
const { same, after, awaitedLater, eventually, fails, WrongAnswer, EVENT_TIMEOUT } = require('./check');
const { LIFETIME } = require('./table_expiry');

// This client has one lock owner per client: it sends neither thread ids nor
// reference ids.
const locks = {
    async 'lock'({ map, second }) {
        same('isLocked before', await map.isLocked('k'), false);
        await map.lock('k');
        same('isLocked', await second.isLocked('k'), true);
        same('tryLock by another client', await second.tryLock('k'), false);
        same('tryLock with a wait', await second.tryLock('k', 100), false);
        await map.set('k', 'v');
        await map.unlock('k');
        same('isLocked after', await second.isLocked('k'), false);
        same('what the owner wrote', await second.get('k'), 'v');
        same('tryLock after unlock', await second.tryLock('k'), true);
        await second.unlock('k');
    },

    async 'lock-reentrant'({ map, second }) {
        await map.lock('k');
        await map.lock('k');
        await map.unlock('k');
        same('locked after one of two', await second.tryLock('k'), false);
        await map.unlock('k');
        same('free after two of two', await second.tryLock('k'), true);
        await second.unlock('k');
    },

    async 'lock-waits'({ map, second }) {
        await map.lock('k');
        let through = false;
        const waiting = awaitedLater(second.lock('k').then(() => { through = true; }));
        await after(200);
        same('a waiting lock came through', through, false);
        await map.unlock('k');
        await waiting;
        same('tryLock of a lock that moved', await map.tryLock('k'), false);
        await second.unlock('k');
    },

    async 'lock-lease'({ map, second }) {
        const start = Date.now();
        await map.lock('k', LIFETIME);
        same('tryLock until the lease ends', await second.tryLock('k', EVENT_TIMEOUT), true);
        if (Date.now() - start < LIFETIME / 2) {
            throw new WrongAnswer('the lease ended early');
        }
        await second.unlock('k');
        same('tryLock with a lease', await map.tryLock('k', 0, LIFETIME), true);
        await eventually(async () => same('isLocked', await second.isLocked('k'), false));
    },

    async 'lock-force'({ map, second }) {
        await map.lock('k');
        await second.forceUnlock('k');
        same('isLocked', await map.isLocked('k'), false);
    },

    async 'lock-blocks-writes'({ map, second }) {
        await map.set('k', 'v1');
        await map.lock('k');
        same('get of a locked key', await second.get('k'), 'v1');
        same('tryPut of a locked key', await second.tryPut('k', 'v2', 100), false);
        same('tryRemove of a locked key', await second.tryRemove('k', 100), false);
        const waiting = awaitedLater(second.put('k', 'v4'));
        await after(100);
        same('put by the owner', await map.put('k', 'v3'), 'v1');
        await map.unlock('k');
        same('put that waited', await waiting, 'v3');
    },

    async 'unlock-by-stranger'({ map, second }) {
        await fails('unlock of a free key', map.unlock('k'), IllegalMonitorStateError);
        await map.lock('k');
        await fails('unlock by another client', second.unlock('k'), IllegalMonitorStateError);
        same('isLocked', await map.isLocked('k'), true);
        await map.unlock('k');
    },

    async 'lock-of-gone-client'({ map, name, connect }) {
        const gone = await connect();
        await (await gone.getMap(name)).lock('k');
        same('tryLock', await map.tryLock('k'), false);
        await gone.shutdown();
        same('tryLock after the client is gone', await map.tryLock('k', EVENT_TIMEOUT), true);
        await map.unlock('k');
    },
};

module.exports = { locks };
