import { Writable } from 'node:stream';
import { status } from '@grpc/grpc-js';
import { createConnection } from 'mysql2/promise';
import pino, { type Logger } from 'pino';
import { type Calls, callsOf, ms } from '../support/calls';
import { temporaryDatabase } from '../support/engines';
import { Link } from '../support/link';
import { type Refusal, refusal, refused } from '../support/refusal';
import { RPC_NAMES, RPCS, send } from '../support/rpcs';
import { serve, startOn, type TestService } from '../support/service';
import { until } from '../support/until';
import { byIds, openWatch } from '../support/watching';

const EMOJI_ID = '😀'.repeat(64);
const LABEL = new Map([['tenant', 'a']]);

/** What no caller may see of a database. */
const OF_THE_DATABASE =
  /select|insert|update |delete from|task_|table|column|mysql|mariadb|sqlite|typeorm|sql|errno|er_|econn|127\.0/i;

describe('every error carries an ErrorInfo, and details below 4 KB:', () => {
  let service: TestService;
  let calls: Calls;
  beforeAll(async () => {
    service = await startOn('sqlite');
    calls = callsOf(service);
    await calls.create(EMOJI_ID, { task: { path: 'p' } });
    await calls.start(EMOJI_ID);
  });
  afterAll(() => service?.stop());

  test.each<[string, (calls: Calls) => Promise<unknown>]>([
    ['INVALID_FIELD', (calls) => calls.get('x'.repeat(1024 * 1024))],
    ['INVALID_FIELD', (calls) => calls.batchGet([...Array(999).fill('a'), '😀'.repeat(100_000)])],
    ['INVALID_FIELD', (calls) => calls.list({ pageToken: '😀'.repeat(100_000) })],
    ['INVALID_FIELD', (calls) => calls.create('a', { metadata: new Map([['😀'.repeat(100_000), '']]) })],
    ['PAYLOAD_TOO_LARGE', (calls) => calls.create('a', { metadata: new Map([['😀'.repeat(63), 'x'.repeat(256)]]) })],
    ['PAYLOAD_TOO_LARGE', (calls) => calls.create('a', { argsJson: 'x'.repeat(2 * 1024 * 1024) })],
    ['TASK_RESULT_DOES_NOT_EXIST', (calls) => calls.get('😁'.repeat(64))],
    ['TASK_RESULT_DOES_NOT_EXIST', (calls) => calls.get('line 1\nline 2\0\x7f%41\u2028')],
    ['TASK_RESULT_MISMATCH', (calls) => calls.get(EMOJI_ID, { expectedTaskPath: '😀'.repeat(255) })],
    ['TASK_RESULT_EXISTS', (calls) => calls.create(EMOJI_ID, { argsJson: '[1]' })],
    ['STALE_ATTEMPT', (calls) => calls.start(EMOJI_ID, 'w', { force: true }).then(() => calls.succeed(EMOJI_ID, 1))],
    ['ATTEMPT_IN_PROGRESS', (calls) => calls.start(EMOJI_ID, 'w3')],
    ['ILLEGAL_TRANSITION', (calls) => calls.succeed(EMOJI_ID, 2 ** 31 - 1)],
    ['REVISION_MISMATCH', (calls) => calls.remove(EMOJI_ID, { version: { incarnation: 2n ** 63n - 1n } })],
  ])('%s %#', async (reason, cause) => {
    const found = await refusal(cause(calls));
    expect(found).toMatchObject({ reason, domain: 'taskresults.v1' });
    expect(found.detailBytes).toBeGreaterThan(0);
    expect(found.detailBytes).toBeLessThan(4_096);
    expect(encodeURIComponent(found.message).length).toBeLessThan(4_096);
  });

  test('the message of an error says which result', async () => {
    const odd = 'line 1\nline 2\0\x7f%41é😀';
    expect((await refusal(calls.get(odd))).message).toBe(`task result "${odd}" does not exist`);
  });
});

/** What each RPC answers in a state of things in which none can be OK. */
async function allRefusals(service: TestService, id: string): Promise<Record<string, Refusal>> {
  const found: Record<string, Refusal> = {};
  for (const name of RPC_NAMES.filter((rpc) => rpc !== 'RecordTransitions')) {
    found[name] = await refusal(
      send(service, name, { ...RPCS[name].good(id), ...(name === 'CreateTaskResult' && { metadata: LABEL }) }),
    );
  }
  return found;
}

/** Adds each line to `lines`. */
function logInto(lines: string[]): Logger {
  const sink = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  return pino({ level: 'debug' }, sink);
}

describe('a store out of reach is UNAVAILABLE, with the time to wait:', () => {
  /** A running service whose database can be taken away, and what it logs. */
  const onLink = async () => {
    const { database, drop } = await temporaryDatabase('mysql');
    if (database.engine !== 'mysql') throw new Error('no MySQL');
    const url = new URL(database.url);
    const link = await Link.to(Number(url.port));
    const { port } = url;
    url.port = String(link.port);
    const log: string[] = [];
    const service = await serve({ ...database, url: url.href }, {}, logInto(log));
    const stop = async () => {
      await service.stop();
      await drop();
    };
    return { service, link, port, log, stop };
  };

  test('every RPC', async () => {
    const { service, link, port, stop } = await onLink();
    try {
      await callsOf(service).create('a');
      await link.close();
      for (const [name, found] of Object.entries(await allRefusals(service, 'a'))) {
        expect({ name, ...found }).toMatchObject({
          name,
          code: 'UNAVAILABLE',
          reason: 'STORE_UNAVAILABLE',
          retryMs: 500,
        });
        expect(found.message).not.toMatch(OF_THE_DATABASE);
        expect(found.message).not.toContain(port);
      }
    } finally {
      await stop();
    }
  });

  test('the log says why, in one line for each call that fails by it, streams included', async () => {
    const { service, link, log, stop } = await onLink();
    try {
      await callsOf(service).create('a');
      await link.close();
      // The change feed logs the outage as it is told of it, which is with another type.
      const causes = () => log.map((line) => JSON.parse(line).err?.type).filter((type) => type !== 'TaskResultsError');
      await refusal(callsOf(service).get('a'));
      const one = causes();
      expect(one).toHaveLength(1);
      expect(await refused(send(service, 'WatchTaskResults', { target: byIds('a') }))).toBe(
        'UNAVAILABLE STORE_UNAVAILABLE',
      );
      expect(causes()).toEqual([...one, ...one]);
      await send(service, 'RecordTransitions', RPCS.RecordTransitions.good('a'));
      expect(causes()).toEqual([...one, ...one, ...one]);
    } finally {
      await stop();
    }
  });
});

describe('a bug is INTERNAL, without a word about it:', () => {
  /** A running service with a part of its database missing, and what it logs. */
  const broken = async () => {
    const { database, drop } = await temporaryDatabase('mysql');
    if (database.engine !== 'mysql') throw new Error('no MySQL');
    const log: string[] = [];
    const service = await serve(database, {}, logInto(log));
    await callsOf(service).create('a', { metadata: LABEL });
    const connection = await createConnection(database.url);
    await connection.query('RENAME TABLE task_metadata TO mislaid');
    const stop = async () => {
      await connection.end();
      await service.stop();
      await drop();
    };
    return { service, log, stop };
  };

  test('for reads and writes, and the log holds no payload', async () => {
    const { service, log, stop } = await broken();
    try {
      const calls = callsOf(service);
      const secrets = { metadata: LABEL, argsJson: '["hunter2"]' };
      for (const call of [
        calls.get('a'),
        calls.batchGet(['a']),
        calls.list({}),
        calls.refresh('a'),
        calls.create('b', secrets),
      ]) {
        expect(await refusal(call)).toMatchObject({
          code: 'INTERNAL',
          reason: 'INTERNAL',
          domain: 'taskresults.v1',
          message: 'internal error',
          fields: [],
        });
      }
      expect(await refusal(send(service, 'WatchTaskResults', { target: byIds('a') }))).toMatchObject({
        code: 'INTERNAL',
        reason: 'INTERNAL',
      });
      expect(await refusal(calls.wait({ id: 'a' }))).toMatchObject({ code: 'INTERNAL', reason: 'INTERNAL' });
      expect(log.join('')).toContain('ER_NO_SUCH_TABLE');
      expect(log.join('')).not.toContain('hunter2');
    } finally {
      await stop();
    }
  });

  test('one bad write does not fail the others of its batch', async () => {
    const { service, stop } = await broken();
    try {
      const calls = callsOf(service);
      const asked = Array.from({ length: 20 }, (_, i) => calls.create(`n${i}`, i % 5 === 0 ? { metadata: LABEL } : {}));
      const settled = await Promise.allSettled(asked);
      expect(settled.map((one) => one.status)).toEqual(asked.map((_, i) => (i % 5 === 0 ? 'rejected' : 'fulfilled')));
    } finally {
      await stop();
    }
  });
});

describe('a server that stops', () => {
  test('tells those who wait that it does', async () => {
    const service = await startOn('sqlite');
    const calls = callsOf(service);
    await calls.create('a');
    const waiting = refusal(calls.wait({ id: 'a', timeout: ms(60_000) }));
    const watch = openWatch(service.reads, { target: byIds('a') });
    await until(() => watch.events.length === 1, 'the watch is open');
    await service.stopServer();
    expect(await waiting).toMatchObject({ code: 'UNAVAILABLE', reason: 'SHUTTING_DOWN', retryMs: 500 });
    expect(await watch.ended).toBe(status.OK);
    await service.stop();
  });
});
