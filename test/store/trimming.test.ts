import { createConnection } from 'mysql2/promise';
import { create } from '../support/commands';
import { fresh } from '../support/fresh';
import { openTemporaryStore } from '../support/temporary-store';

const HOUR = 3_600_000_000;

test('on SQLite, entries of a clock that ran ahead do not keep those behind them', async () => {
  const { store, clock, close } = await openTemporaryStore('sqlite');
  const now = clock.now;
  clock.now = now + 24 * HOUR;
  for (let i = 0; i < 700; i++) await store.transact([create(fresh('ahead'))]);
  clock.now = now;
  for (let i = 0; i < 1_000; i++) await store.transact([create(fresh('right'))]);
  clock.now = now + HOUR;
  for (let i = 0; i < 100; i++) await store.transact([create(fresh('young'))]);
  const young = (await store.changesAfter(0, 2_000)).slice(-100);
  clock.now = now + 2 * HOUR - 1_000;
  for (let chunks = 0; await store.trimChanges(HOUR, 500); chunks++) expect(chunks).toBeLessThan(10);
  expect(await store.changesAfter(0, 2_000)).toEqual(young);
  await close();
});

describe('on MySQL', () => {
  test('entries that the clock of the database gave too late a time do not keep those behind them', async () => {
    const { store, database, close } = await openTemporaryStore('mysql');
    const admin = await createConnection(database.engine === 'mysql' ? database.url : '');
    for (let i = 0; i < 300; i++) await store.transact([create(fresh())]);
    const all = await store.changesAfter(0, 1_000);
    const seq = (i: number) => all[i]?.seq;
    await admin.query('UPDATE task_changes SET inserted_at = NOW(6) + INTERVAL 1 DAY WHERE seq < ?', [seq(100)]);
    await admin.query('UPDATE task_changes SET inserted_at = NOW(6) - INTERVAL 1 HOUR WHERE seq BETWEEN ? AND ?', [
      seq(100),
      seq(249),
    ]);
    for (let chunks = 0; await store.trimChanges(HOUR / 2, 100); chunks++) expect(chunks).toBeLessThan(10);
    expect(await store.changesAfter(0, 1_000)).toEqual(all.slice(250));
    await admin.end();
    await close();
  });

  test('the clocks of replicas, however wrong, make no entry older or younger', async () => {
    const { store, rival, clock, close } = await openTemporaryStore('mysql');
    clock.now -= 365 * 24 * HOUR;
    for (let i = 0; i < 10; i++) await store.transact([create(fresh())]);
    const before = await store.changesAfter(0, 100);
    clock.now += 2 * 365 * 24 * HOUR;
    expect(await rival.trimChanges(HOUR, 100)).toBe(false);
    expect(await store.changesAfter(0, 100)).toEqual(before);
    await close();
  });

  test('two that trim at once both come to their end', async () => {
    const { store, rival, close } = await openTemporaryStore('mysql');
    for (let i = 0; i < 400; i++) await store.transact([create(fresh())]);
    const trim = async (one: typeof store) => {
      while (await one.trimChanges(0, 5));
    };
    await Promise.all([trim(store), trim(rival)]);
    expect(await store.changesAfter(0, 1_000)).toHaveLength(1);
    await close();
  });
});
