'use strict';

// Small checks for the table: an answer that differs, and something awaited
// that did not come, are errors of their own, because under churn only the
// latter may be tried again.

const { isDeepStrictEqual, inspect } = require('node:util');

class WrongAnswer extends Error {}
class NothingCame extends Error {}

// Thrown by a timed operation when its calls took so long that the answers say
// nothing. It is tried again.
class TooSlow extends Error {}

// The longest wait for something that the cluster does by itself.
const EVENT_TIMEOUT = 20_000;

function same(what, got, want) {
    if (!isDeepStrictEqual(got, want)) {
        throw new WrongAnswer(`${what} is ${inspect(got)}, want ${inspect(want)}`);
    }
}

// Resolves after so many milliseconds.
function after(milliseconds) {
    return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

// Marks a promise that is awaited only after something else: if it fails before that, Node.js would end the process.
function awaitedLater(promise) {
    promise.catch(() => {});
    return promise;
}

// Polls a check until it holds. Errors of the calls in it end the wait.
async function eventually(check, limit = EVENT_TIMEOUT) {
    const deadline = Date.now() + limit;
    for (;;) {
        try {
            return await check();
        } catch (e) {
            if (!(e instanceof WrongAnswer)) {
                throw e;
            }
            if (Date.now() > deadline) {
                throw new NothingCame(e.message);
            }
        }
        await after(10);
    }
}

// Expects a call to fail with an error of this class.
async function fails(what, promise, errorClass) {
    try {
        await promise;
    } catch (e) {
        if (e instanceof errorClass) {
            return;
        }
        throw e;
    }
    throw new WrongAnswer(`${what} did not fail`);
}

module.exports = { WrongAnswer, NothingCame, TooSlow, EVENT_TIMEOUT, same, after, awaitedLater, eventually, fails };
