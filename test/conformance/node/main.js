'use strict';

// Plays the table of map operations with the official Node.js client.
//
//   node main.js --cluster NAME --members HOST:PORT,… --routing smart|unisocket [--churn]
//
// Exit status 0 when every answer was right. With --churn the table is played
// over and over until standard input ends, and once more after that; meanwhile
// members come and go, at the pace of the lines "played NAME", so an operation whose member went away is repeated on a
// new map: its outcome is known to nobody.

const { parseArgs } = require('node:util');
const { Client, HazelcastInstanceNotActiveError, IndeterminateOperationStateError, IOError, TargetDisconnectedError } =
    require('hazelcast-client');
const { NothingCame, TooSlow, after } = require('./check');
const { table, awaitsEvents, locksKeys } = require('./table');

const WORKERS = 8; // operations at a time: most of them wait
const TRIES = 8; // of one operation under churn
const PAUSE = 500; // after the first try, in ms; it grows, and all of them outlast the heartbeat timeout
const GIVE_UP = 5; // failures after which the rest is left: a cluster that hangs fails them all, slowly
const OPERATION_TIMEOUT = 60_000; // of one try

const { values: options } = parseArgs({
    options: {
        cluster: { type: 'string' },
        members: { type: 'string' },
        routing: { type: 'string', default: 'smart' },
        churn: { type: 'boolean', default: false },
    },
});

function connect() {
    return Client.newHazelcastClient({
        clusterName: options.cluster,
        network: { clusterMembers: options.members.split(','), smartRouting: options.routing === 'smart' },
        connectionStrategy: { connectionRetry: { initialBackoffMillis: 50, maxBackoffMillis: 500 } },
        nearCaches: { 'near-*': {} },
        properties: {
            'hazelcast.logging.level': 'OFF',
            'hazelcast.client.invocation.retry.pause.millis': 100,
            // Only by this does the client notice a connection that broke while it was writing, or while it introduced
            // itself at its start: until then it sends nothing and fails everything.
            'hazelcast.client.heartbeat.interval': 1000,
            'hazelcast.client.heartbeat.timeout': 10_000,
        },
    });
}

// How many connections the clients have lost so far.
let disconnections = 0;

const unknown = [TargetDisconnectedError, IOError, IndeterminateOperationStateError, HazelcastInstanceNotActiveError];

function outcomeUnknown(e) {
    return unknown.some((c) => e instanceof c || e?.cause instanceof c);
}

// The client itself leaves a promise without a handler when it fetches the metadata of a near cache; lost connections, and
// nothing else, are no reason to end.
process.on('unhandledRejection', (e) => {
    if (!(options.churn && outcomeUnknown(e))) {
        throw e;
    }
});

let scenes = 0;

async function play(name, clients) {
    const prefix = name.startsWith('near-') ? '' : 'map-';
    const s = { clients, connect, name: `${prefix}${name}-${options.routing}-${process.pid}-${++scenes}` };
    s.map = await clients[0].getMap(s.name);
    s.second = await clients[1].getMap(s.name);
    let timer;
    const timeout = new Promise((_, reject) => {
        timer = setTimeout(() => reject(new Error(`no end after ${OPERATION_TIMEOUT} ms`)), OPERATION_TIMEOUT);
    });
    try {
        await Promise.race([table[name](s), timeout]);
        await s.map.destroy();
    } finally {
        clearTimeout(timer);
    }
}

async function playUntilKnown(name, clients, churn) {
    for (let attempt = 1; ; attempt++) {
        const before = disconnections;
        try {
            return await play(name, clients);
        } catch (e) {
            // This client repeats lock and unlock when a connection is lost, and sends no reference ids by which members
            // could tell a repetition: a key may then be locked twice, or unlocked already.
            const repeated = locksKeys.has(name) && disconnections > before;
            const lost = churn && (outcomeUnknown(e) || repeated || (awaitsEvents.has(name) && e instanceof NothingCame));
            if (attempt === TRIES || !(lost || e instanceof TooSlow)) {
                throw e;
            }
            await after(attempt * PAUSE);
        }
    }
}

// Plays the whole table and returns how many operations went wrong.
async function playAll(clients, churn) {
    const names = Object.keys(table);
    let failed = 0;
    const worker = async () => {
        for (let name = names.shift(); name !== undefined && failed < GIVE_UP; name = names.shift()) {
            try {
                await playUntilKnown(name, clients, churn);
            } catch (e) {
                failed++;
                console.log(`FAIL ${name} (${options.routing}): ${e.stack}`);
            }
            console.log(`played ${name}`);
        }
    };
    await Promise.all(Array.from({ length: WORKERS }, worker));
    return failed;
}

async function main() {
    const clients = [await connect(), await connect()];
    for (const client of clients) {
        client.connectionManager.on('connectionRemoved', () => { disconnections++; });
    }
    let failed = 0;
    if (options.churn) {
        let churning = true;
        process.stdin.resume().on('end', () => { churning = false; });
        while (churning && failed < GIVE_UP) {
            failed += await playAll(clients, true);
        }
    }
    failed += await playAll(clients, false);
    for (const client of clients) {
        await client.shutdown();
    }
    console.log(`${Object.keys(table).length} operations, ${failed} failures (${options.routing})`);
    return failed === 0 ? 0 : 1;
}

main().then((status) => process.exit(status), (e) => {
    console.log(e.stack);
    process.exit(1);
});
