import type { PoolConnection } from 'mysql2';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import type { Engine } from '../../src/store/dialect';
import { mysqlEngine } from '../../src/store/mysql/dialect';
import { destroySilent } from '../../src/store/mysql/patience';
import { type TemporaryDatabase, temporaryDatabase } from '../support/engines';
import { until } from '../support/until';

const SLOW = 'SELECT SLEEP(4) AS slept';
const RUNNING = "SELECT id FROM information_schema.processlist WHERE info LIKE '%AS s_ept'";

let temporary: TemporaryDatabase;
let url: string;
let engine: Engine;

beforeAll(async () => {
  temporary = await temporaryDatabase('mysql');
  if (temporary.database.engine !== 'mysql') throw new Error('no MySQL');
  url = temporary.database.url;
  // One connection, so that others wait for it.
  engine = mysqlEngine({ ...temporary.database, poolSize: 1 });
  await engine.dialect.connect();
});
afterAll(async () => {
  await engine?.source.destroy();
  await temporary?.drop();
});

test('whoever waits for a connection does not get one that has just died', async () => {
  const { dialect, source } = engine;
  const { pool } = source.driver as unknown as { pool: NodeJS.EventEmitter };
  let used!: PoolConnection;
  let waiting = 0;
  pool.on('acquire', (connection) => {
    used = connection;
  });
  pool.on('enqueue', () => waiting++);
  const died = expect(dialect.select({ text: SLOW, values: [], scans: true })).rejects.toThrow();
  const admin = await createConnection(url);
  await until(async () => (await admin.query<RowDataPacket[]>(RUNNING))[0].length === 1, 'it is in use');
  await admin.end();
  const others = [1, 2, 3].map((one) => dialect.select({ text: `SELECT ${one} AS one`, values: [] }));
  await until(() => waiting === others.length, 'others wait');
  destroySilent(used);
  await died;
  expect(await Promise.all(others)).toEqual([[{ one: 1 }], [{ one: 2 }], [{ one: 3 }]]);
});
