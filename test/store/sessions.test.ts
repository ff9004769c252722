import { type Connection, createConnection } from 'mysql2/promise';
import { byteLength } from '../../src/domain/text';
import { openStore, type StoreOptions } from '../../src/store/open';
import { create, start } from '../support/commands';
import { outcomes } from '../support/decisions';
import { temporaryMysql } from '../support/engines';
import { fresh } from '../support/fresh';
import { Link } from '../support/link';
import { MysqlLink } from '../support/mysql-link';
import { PrivateMysql } from '../support/private-mysql';
import { killLeftovers, Program, run } from '../support/program';
import { TestClock } from '../support/temporary-store';

const MIB = 1024 * 1024;
const KIB = 1024;

let server: PrivateMysql;
let url: string;
let admin: Connection;

beforeAll(async () => {
  server = await PrivateMysql.start([`--max-allowed-packet=${MIB}`]);
  const { database } = await temporaryMysql(server.url());
  if (database.engine !== 'mysql') throw new Error('no MySQL');
  ({ url } = database);
  admin = await createConnection(url);
});
afterAll(async () => {
  await killLeftovers();
  await admin?.end();
  await server?.stop();
});

function open(to = url, more: Partial<StoreOptions> = {}) {
  const options = { clock: new TestClock().read, retention: { afterFinish: null }, whenOutdated: 'migrate' as const };
  return openStore({ engine: 'mysql', url: to, poolSize: 5 }, { ...options, ...more });
}

function through(link: Link): string {
  const linked = new URL(url);
  linked.port = String(link.port);
  return linked.href;
}

async function killConnections(): Promise<void> {
  const [rows] = await admin.query(
    'SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()',
  );
  for (const { id } of rows as { id: number }[]) await admin.query(`KILL ${id}`);
}

test('nothing is sent on a connection before its session is set up', async () => {
  await admin.query("SET GLOBAL log_output = 'TABLE', GLOBAL general_log = 1");
  const store = await open();
  try {
    const id = fresh();
    const calls = [store.transact([create(id)]), store.transact([create(fresh())]), store.outline([id]), store.ping()];
    await Promise.all([...calls, store.read([id], 'FULL'), store.changesAfter(0, 1), store.changeLog()]);
  } finally {
    await store.close();
    await admin.query('SET GLOBAL general_log = 0');
  }
  const [rows] = await admin.query(
    `SELECT thread_id AS thread, CONVERT(argument USING utf8mb4) AS text FROM mysql.general_log
     WHERE command_type IN ('Query', 'Prepare', 'Execute', 'Init DB', 'Field List') AND thread_id <> CONNECTION_ID()`,
  );
  const first = new Map<number, string>();
  for (const { thread, text } of rows as { thread: number; text: string }[]) {
    if (!first.has(thread)) first.set(thread, text);
  }
  expect(first.size).toBeGreaterThan(1);
  for (const text of first.values())
    expect(text).toMatch(/^SET NAMES utf8mb4 COLLATE utf8mb4_bin, SESSION sql_mode = /);
});

describe('a database that takes a setting and keeps another', () => {
  let link: Link;
  beforeAll(async () => {
    link = await Link.to(server.port);
  });
  afterAll(() => link?.close());
  afterEach(() => {
    link.rewrite = (bytes) => bytes;
  });

  /** As many bytes as are replaced, or the packet would not be one any more. */
  function falsify(sent: string, instead: string): void {
    if (sent.length !== instead.length) throw new Error('not of the same length');
    link.rewrite = (bytes) => Buffer.from(bytes.toString('latin1').replace(sent, instead), 'latin1');
  }

  const MODES = ["'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'", "'NO_BACKSLASH_ESCAPES,HIGH_NOT_PRECEDENCE'"] as const;

  test.each([
    ['sql_mode', ...MODES],
    ['autocommit', "autocommit = 'ON'", 'autocommit = OFF '],
    ['time_zone', '+00:00', '+01:00'],
    ['(transaction|tx)_isolation', 'READ COMMITTED', 'SERIALIZABLE  '],
    ['character_set_client', 'NAMES utf8mb4 COLLATE utf8mb4_bin', 'NAMES latin1  COLLATE latin1_bin '],
  ])('%s: it is not served', async (setting, sent, instead) => {
    falsify(sent, instead);
    await expect(open(through(link))).rejects.toThrow(
      new RegExp(
        `^a session of the database has ${setting} = '.+' though '.+' was set: is there a proxy in between\\?$`,
      ),
    );
  });

  test('the command line says so in one line, and ends with 1', async () => {
    falsify(...MODES);
    expect(await run(['serve', '--port', '0', '--migrate', '--database-url', through(link)])).toEqual({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^error: a session of the database has sql_mode = '.+' though .+\n$/),
    });
  });

  test('while a server runs: STORE_UNAVAILABLE with the reason for the log, until it is put right', async () => {
    const store = await open(through(link));
    try {
      const id = fresh();
      falsify(...MODES);
      link.cut();
      const cause = expect.objectContaining({ message: expect.stringContaining("has sql_mode = '") });
      const refusal = { reason: 'STORE_UNAVAILABLE', cause };
      await expect(store.transact([create(id)])).rejects.toMatchObject(refusal);
      await expect(store.outline([id])).rejects.toMatchObject(refusal);
      await expect(store.ping()).rejects.toMatchObject(refusal);
      link.rewrite = (bytes) => bytes;
      expect(outcomes(await store.transact([create(id)]))).toEqual(['changed']);
    } finally {
      await store.close();
    }
  });
});

describe('a database with small packets', () => {
  test('one that cannot hold a result at the limits is refused at the start', async () => {
    const refusal =
      'the database takes packets of 1048576 bytes, and this server needs 4194304: raise its max_allowed_packet';
    await expect(open(url, { maxRowBytes: 2 * MIB })).rejects.toThrow(refusal);
    await (await open(url, { maxRowBytes: MIB / 2 })).close();
  });

  test('the command line says what to set, and takes lower limits', async () => {
    const args = ['serve', '--port', '0', '--migrate', '--database-url', url];
    expect(await run(args)).toEqual({
      code: 1,
      stdout: '',
      stderr:
        'error: the database takes packets of 1048576 bytes, and this server needs 2113536: ' +
        'raise its max_allowed_packet, or lower --max-json-size and --max-traceback-size\n',
    });
    const low = new Program([...args, '--max-json-size', '192KiB']);
    await low.printed(/is listening/);
    expect(await low.kill('SIGTERM')).toMatchObject({ code: 0 });
  });

  test('one whose packets become too small is STORE_UNAVAILABLE until they are put right', async () => {
    const store = await open();
    try {
      await admin.query(`SET GLOBAL max_allowed_packet = ${MIB / 2}`);
      await killConnections();
      await expect(store.transact([create(fresh())])).rejects.toMatchObject({
        reason: 'STORE_UNAVAILABLE',
        cause: expect.objectContaining({
          message: expect.stringMatching(/^the database takes packets of 524288 bytes/),
        }),
      });
      await admin.query(`SET GLOBAL max_allowed_packet = ${MIB}`);
      expect(outcomes(await store.transact([create(fresh())]))).toEqual(['changed']);
    } finally {
      await admin.query(`SET GLOBAL max_allowed_packet = ${MIB}`);
      await store.close();
    }
  });

  /** Texts whose escaped form is twice as long, and which take four packets together. */
  const long = (i: number) => `["${i} ${"'\\\\".repeat(30 * KIB)}"]`;
  const BATCH = 20;

  test('a batch that needs several packets is one transaction', async () => {
    expect(2 * BATCH * byteLength(long(1))).toBeGreaterThan(3 * MIB);
    const link = await MysqlLink.to(url);
    const store = await open(link.url);
    try {
      const ids = Array.from({ length: BATCH }, () => fresh());
      const before = link.commits;
      const decided = await store.transact(ids.flatMap((id, i) => [create(id, { argsJson: long(i) }), start(id)]));
      expect(outcomes(decided)).toEqual(ids.flatMap(() => ['changed', 'changed']));
      expect(link.commits).toBe(before + 1);
      const results = await store.read(ids, 'FULL');
      expect(new Map(results.map(({ id, argsJson }) => [id, argsJson]))).toEqual(
        new Map(ids.map((id, i) => [id, long(i)])),
      );
      expect(results.every(({ revision, workerIds }) => revision === 2 && workerIds.length === 1)).toBe(true);
      expect(await store.changesAfter((await store.changeLog()).newest - BATCH, 100)).toHaveLength(BATCH);
    } finally {
      await store.close();
      await link.close();
    }
  });

  test('when its last packet fails, nothing of the others is left, and it is decided again', async () => {
    const [store, rival] = [await open(), await open()];
    try {
      const ids = Array.from({ length: BATCH }, (_, i) => `z${String(i).padStart(2, '0')} ${fresh()}`);
      const taken = ids.at(-1) as string;
      await rival.transact([create(taken)]);
      const decided = outcomes(await store.transact(ids.map((id, i) => create(id, { argsJson: long(i) }))));
      expect(decided).toEqual(ids.map((id) => (id === taken ? 'TASK_RESULT_EXISTS' : 'changed')));
      const found = await rival.outline(ids);
      expect(found.map(({ id, revision }) => `${id} ${revision}`).sort()).toEqual(ids.map((id) => `${id} 1`));
    } finally {
      await store.close();
      await rival.close();
    }
  });

  test('when its COMMIT is not answered, it is decided once', async () => {
    const link = await MysqlLink.to(url);
    const store = await open(link.url);
    try {
      const ids = Array.from({ length: BATCH }, () => fresh());
      const { newest } = await store.changeLog();
      link.cutNextCommit('after it was answered');
      const decided = await store.transact(ids.map((id, i) => create(id, { argsJson: long(i) })));
      expect(link.hasCut).toBe(true);
      expect(outcomes(decided)).toEqual(ids.map(() => 'changed'));
      expect(await store.changesAfter(newest, 100)).toHaveLength(BATCH);
    } finally {
      await store.close();
      await link.close();
    }
  });
});
