import { fromPageToken, toPageToken } from '../../src/grpc/requests/page-token';
import { filter } from '../../src/grpc/requests/read-requests';
import { type Calls, callsOf } from '../support/calls';
import { ENGINES } from '../support/engines';
import { refusal } from '../support/refusal';
import { startOn, type TestService } from '../support/service';

const ALL = filter(undefined);
const LONGEST_ID = '😀'.repeat(64);

/** A token with a right seal, though no server makes such a one. */
const forged = (enqueuedAt: number, id: string) => toPageToken({ enqueuedAt, id }, ALL);

/** Another token, with the same seal. */
function altered(token: string, alter: (bytes: Buffer) => Buffer): string {
  return alter(Buffer.from(token, 'base64url')).toString('base64url');
}

const GENUINE = forged(1, 'a');
const SEAL_BYTES = 8;

test.each([
  [0, 'a'],
  [Number.MAX_SAFE_INTEGER, LONGEST_ID],
  [1_763_850_000_000_000, '\0"]\\\u2028\ufffd'],
])('a token holds any time and id that a result may have (%#)', (enqueuedAt, id) => {
  expect(fromPageToken(forged(enqueuedAt, id), ALL)).toEqual({ enqueuedAt, id });
});

describe.each(ENGINES)('a token made by hand, on %s', (engine) => {
  let service: TestService;
  let calls: Calls;
  beforeAll(async () => {
    service = await startOn(engine);
    calls = callsOf(service);
  });
  afterAll(() => service?.stop());

  test.each([
    ['a time that is no safe integer', forged(2 ** 53, 'a')],
    ['no id', forged(1, '')],
    ['an id of 65 characters', forged(1, 'x'.repeat(65))],
    ['an id of 65 emoji', forged(1, '😀'.repeat(65))],
    ['an id of 1 MiB', forged(1, 'x'.repeat(1024 * 1024))],
    [
      'an id that is no UTF-8',
      altered(forged(1, '\ufffd'), (bytes) => Buffer.concat([bytes.subarray(0, -3), Buffer.of(0xff)])),
    ],
    ['another time', altered(GENUINE, (bytes) => bytes.fill(2, SEAL_BYTES, SEAL_BYTES + 8))],
    ['another id', altered(GENUINE, (bytes) => bytes.fill('b', bytes.length - 1))],
    ['the seal alone', altered(GENUINE, (bytes) => bytes.subarray(0, SEAL_BYTES))],
    ...['x', '{}', 'null', '[1,"a"]', '[{"status":1},"x"]'].map((text): [string, string] => [
      text,
      altered(GENUINE, (bytes) => Buffer.concat([bytes.subarray(0, SEAL_BYTES), Buffer.from(text)])),
    ]),
  ])('with %s is refused', async (_what, pageToken) => {
    const expected = { code: 'INVALID_ARGUMENT', reason: 'INVALID_FIELD', fields: ['page_token'] };
    expect(await refusal(calls.list({ pageToken }))).toMatchObject(expected);
  });

  test('but with a right seal, time and id begins there', async () => {
    const id = await calls.created({});
    expect((await calls.list({ pageToken: forged(Number.MAX_SAFE_INTEGER, 'a') })).taskResults).toMatchObject([{ id }]);
    expect((await calls.list({ pageToken: GENUINE })).taskResults).toEqual([]);
  });
});
