'use strict';

const { same, after, eventually, WrongAnswer, TooSlow } = require('./check');

// TTL and max-idle time of the entries that shall expire: whole seconds, the
// precision that Hazelcast promises, so an entry lives for one of the two.
const LIFETIME = 2000;
const HOUR = 3600 * 1000;

// Stores one entry that shall live for LIFETIME and sees it there and then gone.
function expires(put) {
    return async ({ map, second }) => {
        const start = Date.now();
        await put(map);
        const size = await second.size();
        if (Date.now() - start < LIFETIME / 2) {
            same('size before expiry', size, 1);
        }
        await eventually(async () => same('size after expiry', await second.size(), 0));
        if (Date.now() - start < LIFETIME / 2) {
            throw new WrongAnswer(`the entry lived for ${Date.now() - start} ms only`);
        }
        same('get after expiry', await map.get('k'), null);
    };
}

const expiry = {
    'put-ttl': expires((m) => m.put('k', 'v', LIFETIME)),
    'put-max-idle': expires((m) => m.put('k', 'v', HOUR, LIFETIME)),
    'set-ttl-of-value': expires((m) => m.set('k', 'v', LIFETIME)),
    'set-max-idle': expires((m) => m.set('k', 'v', HOUR, LIFETIME)),
    'put-if-absent-ttl': expires((m) => m.putIfAbsent('k', 'v', LIFETIME)),
    'put-if-absent-max-idle': expires((m) => m.putIfAbsent('k', 'v', HOUR, LIFETIME)),
    'put-transient-ttl': expires((m) => m.putTransient('k', 'v', LIFETIME)),
    'put-transient-max-idle': expires((m) => m.putTransient('k', 'v', HOUR, LIFETIME)),
    'set-ttl': expires(async (m) => {
        await m.set('k', 'v');
        same('setTtl', await m.setTtl('k', LIFETIME), true);
    }),

    async 'set-ttl-of-absent'({ map }) {
        same('setTtl of an absent key', await map.setTtl('absent', LIFETIME), false);
    },

    async 'ttl-lifted'({ map }) {
        const start = Date.now();
        for (const key of ['overwritten', 'prolonged', 'gone']) {
            await map.set(key, 'v', LIFETIME);
        }
        await map.set('overwritten', 'w');
        await map.setTtl('prolonged', HOUR);
        if (Date.now() - start > LIFETIME / 2) {
            throw new TooSlow('"prolonged" may have expired first');
        }
        await eventually(async () => same('size', await map.size(), 2));
        await after(Math.max(0, start + 2 * LIFETIME - Date.now()));
        same('an entry set again', await map.get('overwritten'), 'w');
        same('an entry with a longer TTL', await map.get('prolonged'), 'v');
    },
};

module.exports = { expiry, LIFETIME };
