import type { PoolConnection } from 'mysql2';
import { type Connection, createConnection } from 'mysql2/promise';
import type { Command } from '../../src/domain/command';
import type { TaskResultStore } from '../../src/domain/store';
import { classify } from '../../src/store/driver-errors';
import { mysqlEngine } from '../../src/store/mysql/dialect';
import { openStore } from '../../src/store/open';
import { create, failAttempt, filter, remove, renew, start, succeed } from '../support/commands';
import { outcomes } from '../support/decisions';
import { temporaryDatabase } from '../support/engines';
import { fresh } from '../support/fresh';
import { type Cut, MysqlLink } from '../support/mysql-link';
import { TestClock } from '../support/temporary-store';
import { until } from '../support/until';

const clock = new TestClock();

function open(url: string, poolSize = 4, { read } = clock): Promise<TaskResultStore> {
  const options = { clock: read, retention: { afterFinish: null }, whenOutdated: 'migrate' as const };
  return openStore({ engine: 'mysql', url, poolSize }, options);
}

let url: string;
let drop: () => Promise<void>;
let link: MysqlLink;
/** The store under test, behind the link. */
let store: TaskResultStore;
/** Another process on the same database. */
let rival: TaskResultStore;
/** A hand on the database itself. */
let admin: Connection;

beforeAll(async () => {
  const temporary = await temporaryDatabase('mysql');
  if (temporary.database.engine !== 'mysql') throw new Error('no MySQL');
  ({ url } = temporary.database);
  drop = temporary.drop;
  rival = await open(url);
  link = await MysqlLink.to(url);
  store = await open(link.url);
  admin = await createConnection(url);
});
afterAll(async () => {
  await store?.close();
  await rival?.close();
  await admin?.end();
  await link?.close();
  await drop?.();
});
afterEach(async () => {
  // Whatever happened to it, every connection of the store is outside a transaction. The server needs a moment for one
  // whose connection was closed.
  await until(async () => (await openTransactions()) === 0, 'no transaction is open');
});

/** Transactions of this database that are under way. */
async function openTransactions(): Promise<number> {
  const [rows] = await admin.query(
    `SELECT COUNT(*) AS n FROM information_schema.innodb_trx t
     JOIN information_schema.processlist p ON p.id = t.trx_mysql_thread_id WHERE p.db = DATABASE()`,
  );
  return Number((rows as { n: number }[])[0]?.n);
}

/** Connections of the stores, by what they are doing. */
async function connections(info: string): Promise<number[]> {
  const [rows] = await admin.query(
    'SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID() AND info LIKE ?',
    [info],
  );
  return (rows as { id: number }[]).map(({ id }) => id);
}

async function read(id: string) {
  return (await rival.read([id], 'FULL'))[0];
}

/** What `act` adds to the change log. */
async function logged(act: () => Promise<unknown>): Promise<[string, number][]> {
  const before = (await rival.changeLog()).newest;
  await act();
  return (await rival.changesAfter(before, 100)).map(({ taskId, revision }) => [taskId, revision]);
}

const CUTS: Cut[] = ['before it arrives', 'while it is on its way', 'after it was answered'];

describe.each(CUTS)('a COMMIT whose link is cut %s', (cut) => {
  /** Decides `commands` although the link is cut at their COMMIT. */
  const transactCut = async (commands: Command[], meanwhile?: () => Promise<void>) => {
    link.cutNextCommit(cut, meanwhile);
    const decided = outcomes(await store.transact(commands));
    expect(link.hasCut).toBe(true);
    return decided;
  };

  describe.each([
    ['what another process wrote', () => rival],
    ['what this process wrote', () => store],
  ])('after %s', (_what, historian) => {
    test.each<[string, (id: string) => Command[], (id: string) => Command, object | undefined]>([
      ['a create', () => [], (id) => create(id), { revision: 1, status: 'READY' }],
      ['a start', (id) => [create(id)], (id) => start(id), { revision: 2, workerIds: ['w1'] }],
      [
        'a forced start',
        (id) => [create(id), start(id)],
        (id) => start(id, 'w2', { force: true }),
        { revision: 3, workerIds: ['w1', 'w2'] },
      ],
      [
        'a success',
        (id) => [create(id), start(id)],
        (id) => succeed(id, 1, '42'),
        { revision: 3, returnValueJson: '42' },
      ],
      [
        'a retry',
        (id) => [create(id), start(id)],
        (id) => failAttempt(id, 1, { retry: true }),
        { revision: 3, status: 'READY' },
      ],
      ['a delete', (id) => [create(id)], (id) => remove(id), undefined],
    ])('%s is decided once, and done once', async (_what, history, command, expected) => {
      const id = fresh();
      if (history(id).length > 0) await historian().transact(history(id));
      const entries = await logged(async () => {
        expect(await transactCut([command(id)])).toEqual([command(id).kind === 'delete' ? 'deleted' : 'changed']);
      });
      expect(entries).toEqual([[id, expected ? (expected as { revision: number }).revision : 2]]);
      const result = await read(id);
      if (expected) expect(result).toMatchObject(expected);
      else expect(result).toBeUndefined();
    });
  });

  test('a renewal, which leaves no entry in the log, is done', async () => {
    const id = fresh();
    await rival.transact([create(id), start(id, 'w1', { lease: 1 })]);
    expect(await transactCut([renew(id, 1, 3_600_000_000)])).toEqual(['changed']);
    expect(outcomes(await rival.transact([start(id, 'w2')]))).toEqual(['ATTEMPT_IN_PROGRESS']);
  });

  test('a batch of many, some refused', async () => {
    const ids = Array.from({ length: 20 }, () => fresh());
    await rival.transact(ids.slice(0, 10).map((id) => create(id, { argsJson: '["taken"]' })));
    const entries = await logged(async () => {
      const decided = await transactCut(ids.flatMap((id) => [create(id), start(id, 'w9')]));
      const taken = ['TASK_RESULT_EXISTS', 'changed'];
      expect(decided).toEqual(ids.flatMap((_, i) => (i < 10 ? taken : ['changed', 'changed'])));
    });
    expect(entries).toHaveLength(20);
    for (const id of ids) expect(await read(id)).toMatchObject({ revision: 2, workerIds: ['w9'] });
  });

  test.each([
    ['', 0],
    // No time of a result may be older than another: here both would give it the same one.
    [', also when the clock that made the result was ahead', 3_600_000_000],
  ])('a rival that comes in between sees the truth, and so does the caller%s', async (_when, ahead) => {
    const id = fresh();
    const maker = await open(url, 1, new TestClock(clock.now + ahead));
    await maker.transact([create(id)]);
    await maker.close();
    let rivals: string[] = [];
    const decided = await transactCut([start(id, 'w1')], async () => {
      rivals = outcomes(await rival.transact([start(id, 'w2')]));
    });
    // Exactly one of the two has it, and each was told so.
    expect([...decided, ...rivals].sort()).toEqual(['ATTEMPT_IN_PROGRESS', 'changed']);
    expect((await read(id))?.workerIds).toEqual([decided[0] === 'changed' ? 'w1' : 'w2']);
    if (cut === 'before it arrives') expect(rivals).toEqual(['changed']);
    if (cut === 'after it was answered') expect(decided).toEqual(['changed']);
  });

  test('a rival that builds on the change in between does not hide it', async () => {
    const id = fresh();
    await rival.transact([create(id)]);
    const takeOver = start(id, 'w2', { force: true });
    const decided = await transactCut([start(id, 'w1')], async () => {
      await rival.transact([takeOver]);
    });
    const { workerIds, errors } = (await read(id)) ?? {};
    if (decided[0] === 'changed') expect([workerIds, errors?.length]).toEqual([['w1', 'w2'], 1]);
    else expect([workerIds, errors?.length]).toEqual([['w2'], 0]);
    if (cut === 'after it was answered') expect(decided).toEqual(['changed']);
  });

  test('a change of another that got the same number in the log is not taken for it', async () => {
    // As after a crash: numbers that were given to a transaction that is lost are given again.
    const [id, other] = [fresh(), fresh()];
    await rival.transact([create(id)]);
    const decided = await transactCut([start(id, 'w1')], async () => {
      await admin.query('ALTER TABLE task_changes AUTO_INCREMENT = 1');
      await rival.transact([create(other)]);
    });
    expect(decided).toEqual(['changed']);
    expect(await read(id)).toMatchObject({ revision: 2, workerIds: ['w1'] });
  });
});

describe('a COMMIT whose answer is lost while another transaction of this process is answered', () => {
  test.each<[string, (id: string) => Command[], (id: string) => Command, string[]]>([
    ['a start', (id) => [create(id)], (id) => start(id), ['w1']],
    ['a forced start', (id) => [create(id), start(id, 'w0')], (id) => start(id, 'w1', { force: true }), ['w0', 'w1']],
    ['a delete', (id) => [create(id)], (id) => remove(id), []],
  ])('%s is decided once, and done once', async (_what, history, command, workerIds) => {
    const id = fresh();
    await rival.transact(history(id));
    link.cutNextCommit('after it was answered', async () => {
      await store.transact([create(fresh('other'))]);
    });
    const decided = outcomes(await store.transact([command(id)]));
    expect(link.hasCut).toBe(true);
    expect(decided).toEqual([command(id).kind === 'delete' ? 'deleted' : 'changed']);
    expect((await read(id))?.workerIds ?? []).toEqual(workerIds);
  });
});

describe('a COMMIT that never arrives, and whose next try is done without an answer', () => {
  test.each<[string, string[]]>([
    ['start', ['ATTEMPT_IN_PROGRESS']],
    ['create', ['ATTEMPT_IN_PROGRESS', 'changed']],
  ])('%s: what is answered is what was done, not what the first one would have done', async (what, expected) => {
    const [id, other] = [fresh(), fresh()];
    await rival.transact([create(id)]);
    link.cutNextCommit('before it arrives', async () => {
      expect(outcomes(await rival.transact([start(id, 'w2')]))).toEqual(['changed']);
      link.cutNextCommit('after it was answered');
    });
    const decided = await store.transact([start(id, 'w1'), ...(what === 'create' ? [create(other)] : [])]);
    expect(link.hasCut).toBe(true);
    expect(outcomes(decided)).toEqual(expected);
    expect(await read(id)).toMatchObject({ revision: 2, workerIds: ['w2'] });
    const created = decided[1];
    if (created?.kind === 'changed') expect(created.state.incarnation).toBe((await read(other))?.incarnation);
  });
});

describe('a transaction that arrives when the next try of it has been answered', () => {
  test.each<[string, (id: string) => Command[], (id: string) => Command, (id: string) => Command[]]>([
    ['brings no deleted result back', () => [], (id) => create(id), (id) => [remove(id)]],
    ['deletes no result created anew', (id) => [create(id)], (id) => remove(id), (id) => [create(id)]],
    ['starts nothing', (id) => [create(id)], (id) => start(id), (id) => [failAttempt(id, 1, { retry: true })]],
  ])('%s', async (_what, history, command, since) => {
    const id = fresh('late');
    // What this process knows goes in one packet: no lock is held while it is on its way.
    if (history(id).length > 0) await store.transact(history(id));
    const held = link.holdNextCommit();
    await store.transact([command(id)]);
    expect(outcomes(await rival.transact(since(id)))).not.toContain('refused');
    const before = await read(id);
    await (await held)();
    expect(await read(id)).toEqual(before);
  });
});

test('a bug that the next try meets: nobody is told that nothing was done, and nobody may do it again', async () => {
  const id = fresh();
  await rival.transact([create(id)]);
  link.cutNextCommit('after it was answered', async () => {
    await admin.query('RENAME TABLE task_results TO away');
  });
  const settled = store.transact([start(id)]).finally(() => admin.query('RENAME TABLE away TO task_results'));
  await expect(settled).rejects.toMatchObject({ reason: 'STORE_UNAVAILABLE' });
  expect(await read(id)).toMatchObject({ revision: 2 });
});

describe('a command whose caller has gone', () => {
  test('is dropped before the first try, and what others want is done', async () => {
    const [id, other] = [fresh(), fresh()];
    expect(outcomes(await store.transact([create(id), create(other)], (place) => place === 0))).toEqual([
      'dropped',
      'changed',
    ]);
    expect(await read(id)).toBeUndefined();
  });

  test('is dropped even when the rest was read as if it were not', async () => {
    const id = fresh();
    await rival.transact([create(id)]);
    let asked = 0;
    const decided = await store.transact([create(id), start(id)], (place) => place === 0 && asked++ > 0);
    expect(outcomes(decided)).toEqual(['dropped', 'changed']);
    expect(await read(id)).toMatchObject({ revision: 2 });
  });

  test('is dropped before another try', async () => {
    const [id, other] = [fresh(), fresh()];
    let isGone = false;
    link.cutNextCommit('before it arrives', async () => {
      isGone = true;
    });
    const decided = await store.transact([create(id), create(other), start(id)], (place) => isGone && place !== 1);
    expect(outcomes(decided)).toEqual(['dropped', 'changed', 'dropped']);
    expect(await read(id)).toBeUndefined();
    const [, created] = decided;
    expect(created).toMatchObject({ state: { id: other, incarnation: (await read(other))?.incarnation } });
  });

  test('while its try took effect: those that remain are answered', async () => {
    const [id, other] = [fresh(), fresh()];
    let isGone = false;
    link.cutNextCommit('after it was answered', async () => {
      isGone = true;
    });
    const decided = await store.transact([create(id), create(other)], (place) => isGone && place === 0);
    expect(outcomes(decided)[1]).toBe('changed');
    expect([await read(id), await read(other)]).toMatchObject([{ revision: 1 }, { revision: 1 }]);
  });

  test('while its try was in doubt: it cannot take effect late', async () => {
    const id = fresh();
    let isGone = false;
    const held = link.holdNextCommit().then((deliver) => {
      isGone = true;
      return deliver;
    });
    expect(outcomes(await store.transact([create(id)], () => isGone))).toEqual(['dropped']);
    await (await held)();
    expect(await read(id)).toBeUndefined();
  });
});

describe('round trips of a transition', () => {
  const requests = async (command: Command) => {
    const before = link.requests;
    expect(outcomes(await store.transact([command]))).toEqual(['changed']);
    return link.requests - before;
  };

  test('one, of a result that this process knows', async () => {
    const id = fresh();
    await store.transact([create(id)]);
    expect([await requests(start(id)), await requests(succeed(id))]).toEqual([1, 1]);
  });

  test('one, of the delete of a result that this process knows', async () => {
    const id = fresh();
    await store.transact([create(id)]);
    const before = link.requests;
    expect(outcomes(await store.transact([remove(id)]))).toEqual(['deleted']);
    expect(link.requests - before).toBe(1);
  });

  test('two, of one that it does not know', async () => {
    const id = fresh();
    await rival.transact([create(id)]);
    expect([await requests(start(id)), await requests(succeed(id))]).toEqual([2, 1]);
  });
});

describe('a connection that is killed', () => {
  test('while a transaction waits for a lock: the transaction is decided once', async () => {
    const id = fresh();
    await rival.transact([create(id)]);
    await admin.query('BEGIN');
    await admin.query('SELECT * FROM task_results WHERE id = ? FOR UPDATE', [id]);
    const deciding = store.transact([start(id, 'w1')]);
    const waiting = () => connections('%FOR UPDATE%');
    await until(async () => (await waiting()).length > 0, 'the store waits for the lock');
    for (const connection of await waiting()) await admin.query(`KILL ${connection}`);
    await admin.query('COMMIT');
    expect(outcomes(await deciding)).toEqual(['changed']);
    expect(await read(id)).toMatchObject({ revision: 2, workerIds: ['w1'] });
  });

  test('at rest: reads and writes go on', async () => {
    const id = fresh();
    for (let round = 0; round < 3; round++) {
      await Promise.all([store.ping(), store.ping(), store.changeLog(), store.read([id], 'FULL')]);
      const [rows] = await admin.query(
        'SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()',
      );
      for (const connection of rows as { id: number }[]) await admin.query(`KILL ${connection.id}`).catch(() => {});
      const [found] = await Promise.all([store.list(filter(), null, 1), store.transact([create(id)])]);
      expect(found.length).toBeLessThanOrEqual(1);
    }
    expect(await read(id)).toMatchObject({ revision: 1 });
  });

  test('between two statements of a transaction: the next one is no bug', async () => {
    const { source, dialect } = mysqlEngine({ engine: 'mysql', url, poolSize: 1 });
    await dialect.connect();
    try {
      const runner = source.createQueryRunner();
      await dialect.runAll(runner, [{ text: 'BEGIN', values: [] }]);
      const connection: PoolConnection = await runner.connect();
      const closed = new Promise((resolve) => connection.once('error', resolve));
      await admin.query(`KILL ${connection.threadId}`);
      await closed;
      const error = await dialect.runAll(runner, [{ text: 'COMMIT', values: [] }]).catch((reason: unknown) => reason);
      expect(classify(error, dialect.faultOf)).toBe('in-doubt');
      await runner.release();
    } finally {
      await source.destroy();
    }
  });
});

test('a query that is killed in a transaction rolls all of it back, and it is tried again', async () => {
  const [first, second] = [fresh('a'), fresh('b')];
  await rival.transact([create(first), create(second)]);
  await admin.query('BEGIN');
  await admin.query('SELECT * FROM task_results WHERE id = ? FOR UPDATE', [second]);
  const deciding = store.transact([start(first), start(second)]);
  await until(async () => (await connections('%FOR UPDATE%')).length > 0, 'the store waits for the lock');
  for (const connection of await connections('%FOR UPDATE%')) await admin.query(`KILL QUERY ${connection}`);
  await admin.query('COMMIT');
  expect(outcomes(await deciding)).toEqual(['changed', 'changed']);
  for (const id of [first, second]) expect(await read(id)).toMatchObject({ revision: 2 });
});

test('a transaction that fails half-way leaves nothing, neither in the tables nor on its connection', async () => {
  const single = await open(url, 1);
  const [id, other] = [fresh(), fresh()];
  await admin.query('RENAME TABLE task_metadata TO mislaid');
  try {
    const failing = single.transact([create(id, { metadata: { secret: 'hunter2' } })]);
    const error = await failing.then(
      () => null,
      (reason: Error) => reason,
    );
    expect(error?.message).toBe('the database answered ER_NO_SUCH_TABLE');
    expect(`${error?.message} ${error?.stack} ${JSON.stringify(error)}`).not.toMatch(/hunter2|insert into/i);
    expect(await openTransactions()).toBe(0);
    // The next one has the same connection.
    expect(outcomes(await single.transact([create(other)]))).toEqual(['changed']);
    expect(await rival.outline([id])).toEqual([]);
  } finally {
    await admin.query('RENAME TABLE mislaid TO task_metadata');
    await single.close();
  }
  expect(await read(other)).toMatchObject({ revision: 1 });
});

test('a deadlock is tried again', async () => {
  const [first, second] = [fresh('a'), fresh('b')];
  await rival.transact([create(first), create(second)]);
  const lock = (id: string) => admin.query('UPDATE task_results SET priority = 1 WHERE id = ?', [id]);
  await admin.query('BEGIN');
  // Much work done makes the other one the victim.
  await admin.query('CREATE TABLE IF NOT EXISTS weight (n INT)');
  await admin.query('BEGIN');
  await admin.query('INSERT INTO weight SELECT seq FROM task_changes');
  await lock(second);
  const deciding = store.transact([start(first), start(second)]);
  await until(
    async () => (await connections('%FOR UPDATE%')).length > 0,
    'the store has the first and wants the second',
  );
  const deadlocks = await deadlockCount();
  await lock(first);
  expect(await deadlockCount()).toBe(deadlocks + 1);
  await admin.query('COMMIT');
  expect(outcomes(await deciding)).toEqual(['changed', 'changed']);
  for (const id of [first, second]) expect(await read(id)).toMatchObject({ revision: 2, workerIds: ['w1'] });
});

async function deadlockCount(): Promise<number> {
  const [rows] = await admin.query(
    "SELECT count AS n FROM information_schema.innodb_metrics WHERE name = 'lock_deadlocks'",
  );
  return Number((rows as { n: number }[])[0]?.n);
}
