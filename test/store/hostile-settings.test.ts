import { type Connection, createConnection } from 'mysql2/promise';
import { openStore } from '../../src/store/open';
import { describeStore } from '../store-contract/store';
import { create, failAttempt, reported, start, succeed } from '../support/commands';
import { outcomes } from '../support/decisions';
import { temporaryMysql } from '../support/engines';
import { PrivateMysql } from '../support/private-mysql';
import { KEPT, openStoreOn, TestClock } from '../support/temporary-store';

/** Just what a result at the default limits may need, in steps of 1,024 bytes as the server counts. */
const MIN_PACKET_BYTES = 4 * 1024 * 1024 + 16 * 1024;

/** Each of these made the service lose, garble or leak data, or would have. */
const HOSTILE = [
  '--sql-mode=ANSI,NO_BACKSLASH_ESCAPES,PAD_CHAR_TO_FULL_LENGTH',
  '--autocommit=OFF',
  '--completion-type=CHAIN',
  '--transaction-isolation=SERIALIZABLE',
  '--character-set-server=latin1',
  '--collation-server=latin1_swedish_ci',
  '--skip-character-set-client-handshake',
  '--default-storage-engine=MyISAM',
  '--default-time-zone=+05:30',
  `--max-allowed-packet=${MIN_PACKET_BYTES}`,
];

/** What cannot be given on the command line of every engine. */
const HOSTILE_GLOBALS = 'SET GLOBAL sql_select_limit = 3';

describe.each([
  ['a server with hostile settings', []],
  ['one that also counts in steps', ['--auto-increment-increment=3', '--auto-increment-offset=2']],
])('%s', (_what, more) => {
  let server: PrivateMysql;
  beforeAll(async () => {
    server = await PrivateMysql.start([...HOSTILE, ...more]);
    const connection = await createConnection(server.url());
    await connection.query(HOSTILE_GLOBALS);
    await connection.end();
  });
  afterAll(() => server?.stop());

  describeStore('mysql', async () => openStoreOn(await temporaryMysql(server.url())));

  describe('whatever a text holds', () => {
    let connection: Connection;
    let drop: () => Promise<void>;
    let url: string;
    beforeAll(async () => {
      const { database, drop: dropIt } = await temporaryMysql(server.url());
      if (database.engine !== 'mysql') throw new Error('no MySQL');
      ({ url } = database);
      drop = dropIt;
      connection = await createConnection(url);
    });
    afterAll(async () => {
      await connection?.end();
      await drop?.();
    });

    test('it stays a text: no SQL is run, and it comes back as it was', async () => {
      const injections = [
        `["', 0x7b7d); CREATE TABLE injected (a INT PRIMARY KEY); -- "]`,
        `["\\', 0x7b7d); CREATE TABLE injected (a INT PRIMARY KEY); -- "]`,
        `["\\\\', 1); CREATE TABLE injected (a INT PRIMARY KEY); # "]`,
        `[""", 1); CREATE TABLE injected (a INT PRIMARY KEY); /* "]`,
        '["plain"]',
        '["�\\", "縗\\", "\u0000\u001a\u2028"]',
      ];
      const options = {
        clock: new TestClock().read,
        retention: { afterFinish: KEPT },
        whenOutdated: 'migrate' as const,
      };
      const store = await openStore({ engine: 'mysql', url, poolSize: 2 }, options);
      try {
        for (const [i, text] of injections.entries()) {
          const id = `${i}'"\\; DROP TABLE task_results; --`;
          const error = reported(text, text);
          const commands = [
            create(id, { argsJson: text, metadata: { [`${i}'\\`]: text.slice(0, 100) } }),
            start(id, text),
            failAttempt(id, 1, { retry: true, error }),
            start(id, `\\' OR 1 = 1; ${text}`),
            succeed(id, 2, text),
          ];
          for (const command of commands) expect(outcomes(await store.transact([command]))).toEqual(['changed']);
          expect(await store.read([id], 'FULL')).toMatchObject([
            {
              id,
              argsJson: text,
              returnValueJson: text,
              workerIds: [text, `\\' OR 1 = 1; ${text}`],
              errors: [{ message: text, traceback: text }],
              metadata: { [`${i}'\\`]: text.slice(0, 100) },
            },
          ]);
        }
        const [tables] = await connection.query("SHOW TABLES LIKE 'injected'");
        expect(tables).toEqual([]);
      } finally {
        await store.close();
      }
    });
  });
});
