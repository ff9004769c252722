import { setTimeout as delay } from 'node:timers/promises';
import { GrpcCaller } from '../../src/grpc/caller';
import { unseenMs } from '../../src/grpc/suspension';
import { until } from '../support/until';

const BLOCKED_MS = 1_500;

/** A call as grpc-js sees it now, with this much time left. */
function callWith(timeoutMs: number) {
  return { cancelled: false, getPeer: () => '127.0.0.1:1', getDeadline: () => Date.now() + timeoutMs };
}

/** Keeps the process from running, as if it were suspended. */
function suspend(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

beforeEach(() => until(() => unseenMs() === 0, 'the process runs without pauses'));

test('a caller is gone at its deadline, by the clock and before any timer fires', () => {
  const caller = new GrpcCaller(callWith(BLOCKED_MS / 2));
  expect(caller.isGone).toBe(false);
  suspend(BLOCKED_MS);
  expect(caller.isGone).toBe(true);
});

test('a caller without a deadline is gone when it has cancelled, and when the call takes longer than it may', () => {
  const call = callWith(Number.POSITIVE_INFINITY);
  const caller = new GrpcCaller(call);
  const bounded = new GrpcCaller(call, BLOCKED_MS / 2);
  suspend(BLOCKED_MS);
  expect([caller.isGone, bounded.isGone, caller.timeLeftMs]).toEqual([false, true, Number.POSITIVE_INFINITY]);
  call.cancelled = true;
  expect(caller.isGone).toBe(true);
});

test('a call that may have waited while the process was suspended has that much less time', async () => {
  suspend(BLOCKED_MS);
  // Served before any timer fires, and after.
  for (const isLater of [false, true]) {
    if (isLater) await delay(1);
    expect(new GrpcCaller(callWith(BLOCKED_MS / 2)).isGone).toBe(true);
    expect(new GrpcCaller(callWith(600_000)).isGone).toBe(false);
  }
  await until(() => !new GrpcCaller(callWith(BLOCKED_MS / 2)).isGone, 'later calls have all their time');
});
