import { status } from '@grpc/grpc-js';
import {
  CancelledError,
  InternalError,
  LimitReachedError,
  ShuttingDownError,
  StaleAttemptError,
  TaskResultsError,
} from '../src';
import { Pauses } from '../src/pauses';
import { isWorthRepeating, StreamRule } from '../src/retry-rule';

const plain = (code: number) => new TaskResultsError({ reason: String(status[code]), code, message: 'of a proxy' });
const LOST = plain(status.UNAVAILABLE);
const BUG = new InternalError({ reason: 'INTERNAL', code: status.INTERNAL, message: 'a bug' });
const FULL = new LimitReachedError({ reason: 'LIMIT_REACHED', code: status.RESOURCE_EXHAUSTED, message: 'full' });
const CALM = [
  'Bandwidth exhausted or memory limit exceeded',
  'Stream removed (RST_STREAM (Received RST_STREAM with error code 11))',
  'stream terminated by RST_STREAM with error code: ENHANCE_YOUR_CALM',
].map((message) => new TaskResultsError({ ...plain(status.RESOURCE_EXHAUSTED), message }));
const ODD = new InternalError({ reason: 'INTERNAL', code: status.UNAVAILABLE, message: 'restarting' });
const NEW_BUG = new TaskResultsError({ reason: 'NEW_REASON', code: status.INTERNAL, message: 'a new bug' });
const NEW_REASON = new TaskResultsError({ reason: 'NEW_REASON', code: status.UNKNOWN, message: 'new' });
const STOPPING = new ShuttingDownError({ reason: 'SHUTTING_DOWN', code: status.UNAVAILABLE, message: 'stopping' });
const STALE = new StaleAttemptError({ reason: 'STALE_ATTEMPT', code: status.FAILED_PRECONDITION, message: 'stale' });

const SAYS_NOTHING = [status.UNAVAILABLE, status.INTERNAL, status.UNKNOWN, status.CANCELLED];
const OTHERS = Object.values(status).filter((code) => typeof code === 'number' && !SAYS_NOTHING.includes(code));

test.each([...SAYS_NOTHING.map(plain), ...CALM, FULL, STOPPING, ODD])(
  'what says nothing about a call is worth another try: $reason, $message',
  (error) => {
    expect(isWorthRepeating(error)).toBe(true);
  },
);

test.each([
  ...OTHERS.map((code) => plain(Number(code))),
  BUG,
  NEW_BUG,
  NEW_REASON,
  STALE,
  new CancelledError('by the caller'),
  new InternalError({ reason: 'INTERNAL', message: 'the server answered no state' }),
])('everything else is not: $name, $reason', (error) => {
  expect(isWorthRepeating(error)).toBe(false);
  expect(new StreamRule().isWorthReopening(error)).toBe(error === BUG || error === NEW_BUG);
});

test('a stream outlives two bugs in a row', () => {
  const rule = new StreamRule();
  expect([BUG, LOST, BUG].map((error) => rule.isWorthReopening(error))).toEqual([true, true, true]);
  rule.reset();
  expect([BUG, BUG, LOST, BUG].map((error) => rule.isWorthReopening(error))).toEqual([true, true, true, false]);
});

test('pauses double, those at a limit are longer, and all begin anew', () => {
  const pauses = new Pauses();
  for (const [failure, longest] of [
    [FULL, [1_000, 2_000, 4_000, 8_000, 10_000, 10_000]],
    [LOST, [100, 200, 400, 800, 1_600, 2_000, 2_000]],
  ] as const) {
    for (const ms of longest) {
      const pause = pauses.next(failure);
      expect(pause).toBeGreaterThanOrEqual(ms / 2);
      expect(pause).toBeLessThanOrEqual(ms);
    }
  }
  pauses.reset();
  for (const calm of CALM) expect(new Pauses().next(calm)).toBeGreaterThanOrEqual(500);
  expect(pauses.next(FULL)).toBeLessThanOrEqual(1_000);
  expect(pauses.next(null)).toBeLessThanOrEqual(100);
});

test('no pause is shorter than the server asks for', () => {
  expect(new Pauses().next(new TaskResultsError({ ...LOST, message: '', retryAfterMs: 5_000 }))).toBe(5_000);
  const soon = new LimitReachedError({ ...FULL, message: '', retryAfterMs: 100 });
  expect(new Pauses().next(soon)).toBeGreaterThanOrEqual(500);
});
