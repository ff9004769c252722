import { Stopwatch } from '../domain/stopwatch';

/** How often the process notes that it runs. */
const PULSE_MS = 250;

/** Pulses that are late by less are a busy thread's, and of no account. */
const MIN_PAUSE_MS = 500;

/** For how long afterwards calls may still come up that arrived while the process did not run. */
const BACKLOG_MS = 1_000;

let sincePulse = new Stopwatch();
/** The last time that the process did not run, and when it ran again. */
let pause = { ms: 0, since: sincePulse };

// A module's timer, since what it measures is the process's. It keeps nothing from ending.
setInterval(() => {
  const ms = currentPauseMs();
  sincePulse = new Stopwatch();
  if (ms > 0) pause = { ms, since: sincePulse };
}, PULSE_MS).unref();

/** For how long, at most, the process has not run just now: it was suspended, or its thread was blocked. */
function currentPauseMs(): number {
  const { ms } = sincePulse;
  return ms < MIN_PAUSE_MS ? 0 : ms;
}

/**
 * For how long, at most, a call that is seen now may have waited to be seen, in milliseconds. After the process was
 * suspended, calls that came meanwhile are served before any timer fires, and some of them only a few rounds of the
 * event loop later. grpc-js counts their deadlines from when it sees them.
 */
export function unseenMs(): number {
  return Math.max(currentPauseMs(), pause.since.ms < BACKLOG_MS ? pause.ms : 0);
}
