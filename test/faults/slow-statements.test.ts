import type { QueryRunner } from 'typeorm';
import type { Engine } from '../../src/store/dialect';
import { mysqlEngine } from '../../src/store/mysql/dialect';
import { type TemporaryDatabase, temporaryDatabase } from '../support/engines';
import { until } from '../support/until';

/** Longer than a statement may take, shorter than a list may. */
const SECONDS = 7;

const SLOW = `SELECT SLEEP(${SECONDS}) AS slept`;

let temporary: TemporaryDatabase;
let engine: Engine;
let runner: QueryRunner;

beforeAll(async () => {
  temporary = await temporaryDatabase('mysql');
  if (temporary.database.engine !== 'mysql') throw new Error('no MySQL');
  engine = mysqlEngine(temporary.database);
  await engine.dialect.connect();
  runner = engine.source.createQueryRunner();
});
afterAll(async () => {
  await engine?.source.destroy();
  await temporary?.drop();
});

const isSlept = [{ slept: 0 }];

test('most statements are given up after a few seconds, lists later, and migrations never', async () => {
  const { dialect, source } = engine;
  const notInTime = { driverError: { code: 'PROTOCOL_SEQUENCE_TIMEOUT' } };
  await Promise.all([
    expect(dialect.select({ text: SLOW, values: [] })).rejects.toMatchObject(notInTime),
    expect(dialect.select({ text: SLOW, values: [], prepared: true })).rejects.toMatchObject(notInTime),
    expect(source.query(SLOW)).rejects.toMatchObject(notInTime),
    expect(dialect.select({ text: SLOW, values: [], scans: true })).resolves.toEqual(isSlept),
    expect(dialect.whileMigrating(runner, () => runner.query(SLOW))).resolves.toEqual(isSlept),
  ]);
  await runner.release();
  // Those that were given up are not in the pool any more, and the others are as they were.
  for (let i = 0; i < 20; i++)
    expect(await dialect.select({ text: 'SELECT 1 AS one', values: [] })).toEqual([{ one: 1 }]);
});

test('the server ends what runs for longer than anybody waits', async () => {
  const { dialect } = engine;
  const [shown] = (await dialect.select({
    text: "SHOW SESSION VARIABLES WHERE Variable_name IN ('max_statement_time', 'max_execution_time')",
    values: [],
  })) as { Value: string }[];
  expect(['15.000000', '15000']).toContain(shown?.Value);
  if (!process.env.TASKRESULTS_TEST_LONG_FAULTS) return;
  const abandoned = dialect.select({ text: 'SELECT SLEEP(300) FROM (SELECT 1) AS abandoned', values: [] });
  await expect(abandoned).rejects.toThrow();
  const running = "SELECT COUNT(*) AS n FROM information_schema.processlist WHERE info LIKE '%AS aban_oned'";
  await until(async () => {
    const [row] = (await dialect.select({ text: running, values: [] })) as { n: number }[];
    return Number(row?.n) === 0;
  }, 'it is not running any more');
});
