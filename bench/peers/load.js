const { createInterface } = require('node:readline');
const { setTimeout: delay } = require('node:timers/promises');

/** A JSON value of 300 bytes when written as JSON, the size of every value that is stored here. */
const VALUE = 'x'.repeat(298);

/** A waiter waits this long before its result is written: anywhere within one polling interval of those that poll. */
const WAIT_MS = { least: 50, spread: 500 };

const WAIT_LIMIT_MS = 30_000;

/**
 * `callers` loops that call `operation` one time after the other for `seconds`, or until it was called `limit` times
 * because what was made for it is used up.
 */
async function load(callers, seconds, operation, limit = Number.POSITIVE_INFINITY) {
  const times = [];
  const begin = performance.now();
  const end = begin + seconds * 1_000;
  let n = 0;
  await Promise.all(
    Array.from({ length: callers }, async () => {
      for (let now = performance.now(); now < end && n < limit; ) {
        await operation(n++);
        const then = performance.now();
        times.push(then - now);
        now = then;
      }
    }),
  );
  return { perSecond: (times.length * 1_000) / (performance.now() - begin), ...percentiles(times) };
}

/**
 * `waiters` loops that wait for one result after the other. `open(n)` starts to wait and returns `{ notified, write,
 * close }`: a promise for the moment at which the waiter is notified, and the write to wait for.
 */
async function notified(waiters, seconds, open) {
  const sinceCall = [];
  const sinceReturn = [];
  const begin = performance.now();
  const end = begin + seconds * 1_000;
  let n = 0;
  await Promise.all(
    Array.from({ length: waiters }, async () => {
      while (performance.now() < end) {
        const { notified, write } = await open(n++);
        await delay(WAIT_MS.least + Math.random() * WAIT_MS.spread);
        const called = performance.now();
        const writing = write().then(() => performance.now());
        const [notifiedAt, returned] = await Promise.all([notified, writing]);
        sinceCall.push(notifiedAt - called);
        sinceReturn.push(Math.max(0, notifiedAt - returned));
      }
    }),
  );
  const whole = percentiles(sinceCall);
  const took = performance.now() - begin;
  return {
    perSecond: (sinceCall.length * 1_000) / took,
    ...percentiles(sinceReturn),
    callToToldP50Ms: whole.p50Ms,
    callToToldP99Ms: whole.p99Ms,
  };
}

function percentiles(times) {
  const sorted = Float64Array.from(times).sort();
  const at = (part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
  return { p50Ms: at(0.5), p99Ms: at(0.99), samples: sorted.length };
}

/** Measures what each line on stdin asks for, and answers with a line on stdout; ends with its stdin. */
async function answerLines(operations) {
  console.log('ready');
  for await (const line of createInterface({ input: process.stdin })) {
    const { operation, callers, seconds } = JSON.parse(line);
    console.log(JSON.stringify(await operations[operation](callers, seconds)));
  }
  process.exit();
}

function fail(error) {
  console.error(error);
  process.exit(1);
}

module.exports = { VALUE, WAIT_LIMIT_MS, answerLines, delay, fail, load, notified };
