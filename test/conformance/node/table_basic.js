'use strict';

const { same } = require('./check');

// More than there are partitions, so that most hold some.
const BULK = 1000;

async function fill(map, n) {
    const entries = [];
    for (let i = 0; i < n; i++) {
        entries.push([i, 2 * i]);
    }
    await map.putAll(entries);
    return entries;
}

const byNumber = (a, b) => a - b;
const byKey = (a, b) => a[0] - b[0];

const basic = {
    async 'put'({ map, second }) {
        same('put of a new key', await map.put('k', 'v1'), null);
        same('put of a present key', await map.put('k', 'v2'), 'v1');
        same('get', await second.get('k'), 'v2');
        same('get of an absent key', await map.get('absent'), null);
    },

    async 'set'({ map, second }) {
        await map.set('k', 1);
        same('get after set', await second.get('k'), 1);
        await second.set('k', 2);
        same('get after the second set', await map.get('k'), 2);
    },

    async 'put-if-absent'({ map, second }) {
        same('putIfAbsent of a new key', await map.putIfAbsent('k', 'v1'), null);
        same('putIfAbsent of a present key', await second.putIfAbsent('k', 'v2'), 'v1');
        same('get', await map.get('k'), 'v1');
    },

    async 'replace'({ map, second }) {
        same('replace of an absent key', await map.replace('k', 'v'), null);
        same('containsKey', await map.containsKey('k'), false);
        await map.set('k', 'v1');
        same('replace', await map.replace('k', 'v2'), 'v1');
        same('replaceIfSame with another value', await map.replaceIfSame('k', 'v1', 'v3'), false);
        same('replaceIfSame', await map.replaceIfSame('k', 'v2', 'v3'), true);
        same('get', await second.get('k'), 'v3');
    },

    async 'remove'({ map, second }) {
        same('remove of an absent key', await map.remove('k'), null);
        await map.set('k', 'v');
        same('remove', await second.remove('k'), 'v');
        await map.set('k', 'v');
        same('remove with another value', await map.remove('k', 'w'), false);
        same('remove with the value', await map.remove('k', 'v'), true);
        await map.set('k', 'v');
        await map.delete('k');
        await map.delete('absent');
        same('size', await second.size(), 0);
    },

    async 'try'({ map }) {
        same('tryPut', await map.tryPut('k', 'v', 1000), true);
        same('get', await map.get('k'), 'v');
        same('tryRemove', await map.tryRemove('k', 1000), true);
        same('containsKey', await map.containsKey('k'), false);
    },

    async 'put-transient'({ map, second }) {
        await map.putTransient('k', 'v');
        same('get', await second.get('k'), 'v');
    },

    async 'contains'({ map, second }) {
        await map.set('k', 'v');
        same('containsKey', await map.containsKey('k'), true);
        same('containsKey of an absent key', await map.containsKey('v'), false);
        same('containsValue', await second.containsValue('v'), true);
        same('containsValue of an absent value', await second.containsValue('k'), false);
    },

    async 'types'({ map, second }) {
        const values = [true, 0, -1.5, '', 'text äß🙂', [1, 2, 3], ['a', ''], { json: [1, { a: null }] }, Buffer.from([0, 255])];
        for (const [i, v] of values.entries()) {
            await map.set(String(i), v);
            same(`value ${i}`, await second.get(String(i)), v);
        }
    },

    async 'large-value'({ map, second }) {
        const large = '0123456789abcdef'.repeat(1 << 16);
        await map.set('k', large);
        same('get of a mebibyte', (await second.get('k')) === large, true);
    },

    async 'entry-view'({ map }) {
        same('view of an absent key', await map.getEntryView('absent'), null);
        await map.set('k', 'v');
        const view = await map.getEntryView('k');
        same('key and value', [view.key, view.value], ['k', 'v']);
        same('version', view.version.toNumber(), 0);
        same('last stored time without a store', view.lastStoredTime.toNumber(), -1);
        for (const field of ['creationTime', 'expirationTime', 'lastAccessTime', 'lastUpdateTime', 'ttl', 'maxIdle', 'cost']) {
            same(`${field} is zero`, view[field].isZero(), false);
        }
    },

    async 'evict'({ map, second }) {
        same('evict of an absent key', await map.evict('k'), false);
        await fill(map, 50);
        same('evict', await map.evict(7), true);
        same('get after evict', await second.get(7), null);
        await map.evictAll();
        same('size after evictAll', await second.size(), 0);
    },

    async 'flush'({ map, second }) {
        await map.set('k', 'v');
        await map.flush();
        same('get', await second.get('k'), 'v');
    },

    async 'put-all'({ map, second }) {
        const entries = await fill(map, BULK);
        const keys = entries.map((e) => e[0]).concat(entries.map((e) => e[0] + BULK));
        same('getAll', (await second.getAll(keys)).sort(byKey), entries);
        await second.setAll([[0, -1], [BULK, -1]]);
        same('an entry set over', await map.get(0), -1);
        same('size', await map.size(), BULK + 1);
    },

    async 'sets'({ map, second }) {
        const entries = await fill(map, BULK);
        same('keySet', (await second.keySet()).sort(byNumber), entries.map((e) => e[0]));
        same('values', (await second.values()).toArray().sort(byNumber), entries.map((e) => e[1]));
        same('entrySet', (await second.entrySet()).sort(byKey), entries);
    },

    async 'size'({ map, second }) {
        same('isEmpty', await map.isEmpty(), true);
        await fill(map, BULK);
        same('size', await second.size(), BULK);
        same('isEmpty', await second.isEmpty(), false);
        await second.clear();
        same('size after clear', await map.size(), 0);
    },

    async 'empty-map'({ map }) {
        const sizes = [await map.keySet(), await map.entrySet(), (await map.values()).toArray(), await map.getAll(['a'])];
        same('sizes', sizes.map((x) => x.length), [0, 0, 0, 0]);
    },

    async 'destroy'(s) {
        await s.map.set('k', 'v');
        await s.map.destroy();
        s.map = await s.clients[0].getMap(s.name);
        same('size after destroy', await s.map.size(), 0);
        await s.map.set('k', 'w');
        same('get', await s.second.get('k'), 'w');
    },

    async 'random-walk'({ map, second }) {
        const model = new Map();
        const pick = (n) => Math.floor(Math.random() * n);
        for (let step = 0; step < 300; step++) {
            const [key, m] = [pick(20), pick(2) === 0 ? map : second];
            const old = model.has(key) ? model.get(key) : null;
            switch (pick(5)) {
                case 0:
                    same('put', await m.put(key, step), old);
                    model.set(key, step);
                    break;
                case 1:
                    same('remove', await m.remove(key), old);
                    model.delete(key);
                    break;
                case 2:
                    same('putIfAbsent', await m.putIfAbsent(key, step), old);
                    model.set(key, old === null ? step : old);
                    break;
                case 3:
                    same('replace', await m.replace(key, step), old);
                    if (old !== null) {
                        model.set(key, step);
                    }
                    break;
                default:
                    same('get', await m.get(key), old);
            }
        }
        same('size', await second.size(), model.size);
    },
};

module.exports = { basic };
