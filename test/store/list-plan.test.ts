import type { DataSource } from 'typeorm';
import type { Filter } from '../../src/domain/filter';
import type { Position, TaskResultStore } from '../../src/domain/store';
import { mysqlEngine } from '../../src/store/mysql/dialect';
import { openStore } from '../../src/store/open';
import { sqliteEngine } from '../../src/store/sqlite/dialect';
import type { Statement } from '../../src/store/statement';
import { TypeOrmStore } from '../../src/store/typeorm-store';
import { ANY_TASK, create, fail, filter } from '../support/commands';
import { ENGINES, type TemporaryDatabase, temporaryDatabase } from '../support/engines';
import { TestClock } from '../support/temporary-store';

const RESULTS = 5_000;
const PAGE = 50;
const clock = new TestClock();
const common = { retention: { afterFinish: null } };

const ofPath = (i: number) => ({ ...ANY_TASK, path: `app.tasks.${i % 5}` });

/** A third of them FAILED. */
async function fill(store: TaskResultStore): Promise<void> {
  for (let first = 0; first < RESULTS; first += 250) {
    const numbers = Array.from({ length: 250 }, (_, i) => first + i);
    await store.transact(numbers.map((i) => create(`plan-${i}`, { task: ofPath(i) })));
    await store.transact(numbers.filter((i) => i % 3 === 0).map((i) => fail(`plan-${i}`)));
  }
}

const FILTERS: [string, Filter][] = [
  ['everything', filter()],
  ['one status', filter({ statuses: ['FAILED'] })],
  ['one task', filter({ taskPath: 'app.tasks.1' })],
];

describe.each(ENGINES)('pages of a list on %s', (engine) => {
  let temporary: TemporaryDatabase;
  let source: DataSource;
  let store: TypeOrmStore;
  /** What was sent for the store last. */
  let last: Statement;

  beforeAll(async () => {
    temporary = await temporaryDatabase(engine);
    const { database } = temporary;
    const filling = await openStore(database, { clock: clock.read, whenOutdated: 'migrate', ...common });
    await fill(filling);
    await filling.close();
    // One call after the other, and so one connection: its counters are those of the query.
    const { source: unopened, dialect } =
      database.engine === 'mysql' ? mysqlEngine({ ...database, poolSize: 2 }) : sqliteEngine(database);
    source = unopened;
    await dialect.connect();
    await source.query(engine === 'mysql' ? 'ANALYZE TABLE task_results' : 'ANALYZE');
    const select = (statement: Statement) => {
      last = statement;
      return dialect.select(statement);
    };
    store = new TypeOrmStore(source, { ...dialect, select }, clock.read, common.retention);
  });
  afterAll(async () => {
    await source?.destroy();
    await temporary?.drop();
  });

  /** The position after the page that ends four fifths into the list. */
  async function deep(wanted: Filter): Promise<Position> {
    const all = await store.list(wanted, null, RESULTS);
    const { id, enqueuedAt } = all[Math.floor(all.length * 0.8)] as Position;
    return { id, enqueuedAt };
  }

  if (engine === 'mysql') {
    test.each(FILTERS)('of %s: the deepest reads no more rows than the first', async (_what, wanted) => {
      const read = async (after: Position | null) => {
        await source.query('FLUSH STATUS');
        await store.list(wanted, after, PAGE);
        const rows: { Value: string }[] = await source.query("SHOW SESSION STATUS LIKE 'Handler_read%'");
        return rows.reduce((sum, { Value }) => sum + Number(Value), 0);
      };
      expect(await read(null)).toBeLessThan(2 * PAGE);
      expect(await read(await deep(wanted))).toBeLessThan(2 * PAGE);
    });
  }

  test.each(FILTERS)('of %s come out of an index in their order', async (_what, wanted) => {
    for (const after of [null, await deep(wanted)]) {
      expect(await store.list(wanted, after, PAGE)).toHaveLength(PAGE);
      const plan = await explain();
      expect(plan).toMatch(/task_results_(enqueued|status|path)/);
      expect(plan).not.toMatch(/filesort|temp b-tree|scan r(?! using)/i);
    }
  });

  async function explain(): Promise<string> {
    const { text, values } = last;
    expect(text).toContain('ORDER BY');
    const prefix = engine === 'mysql' ? 'EXPLAIN' : 'EXPLAIN QUERY PLAN';
    return JSON.stringify(await source.query(`${prefix} ${text}`, [...values]));
  }
});
