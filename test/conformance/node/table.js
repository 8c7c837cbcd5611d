'use strict';

// The table of map operations by the Node.js client: the same as the Go tests
// play, as far as this client has the calls. Every operation gets a map of its
// own, seen by two clients: s.map and s.second.

const { basic } = require('./table_basic');
const { expiry } = require('./table_expiry');
const { locks } = require('./table_locks');
const { events } = require('./table_events');

// Name → function. A name that begins with "near-" plays on a map with a near
// cache. Those in awaitsEvents wait for what members send by themselves; those in locksKeys lock.
const table = { ...basic, ...expiry, ...locks, ...events };
const awaitsEvents = new Set(Object.keys(events));
const locksKeys = new Set(Object.keys(locks));

module.exports = { table, awaitsEvents, locksKeys };
