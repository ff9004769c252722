import type { Change } from '../../src/domain/store';
import { isNewer } from '../../src/domain/version';
import { create, failAttempt, remove, renew, start, succeed } from '../support/commands';
import { fresh } from '../support/fresh';
import type { TemporaryStore } from '../support/temporary-store';

/** The log that wakes watchers in every process. */
export function describeChangeLog(opened: () => TemporaryStore): void {
  type Commands = Parameters<TemporaryStore['store']['transact']>[0];

  /** What one transaction adds to the log. */
  const logged = async (...commands: Commands) => {
    const { store } = opened();
    const before = (await store.changeLog()).newest;
    await store.transact(commands);
    return store.changesAfter(before, 1_000);
  };
  const hints = async (...commands: Commands) =>
    (await logged(...commands)).map(({ taskId, revision }) => [taskId, revision]);

  test('each transition leaves one entry with the new revision and its time', async () => {
    const id = fresh();
    const { store } = opened();
    const history = [create(id), start(id), failAttempt(id, 1, { retry: true }), start(id), succeed(id, 2)];
    for (const [i, command] of history.entries()) {
      const [entry, ...more] = await logged(command);
      expect(more).toEqual([]);
      const { newest } = await store.changeLog();
      const [result] = await store.read([id], 'BASIC');
      const { incarnation } = result ?? {};
      expect(entry).toEqual({ seq: newest, taskId: id, incarnation, revision: i + 1 });
    }
  });

  test('one entry for each changed result of a batch, with its newest revision', async () => {
    const [one, other] = [fresh(), fresh()];
    expect(await hints(create(one), create(other), start(one), start(fresh('missing')))).toEqual([
      [one, 2],
      [other, 1],
    ]);
  });

  test('what changes nothing that can be seen leaves none', async () => {
    const id = fresh();
    await hints(create(id), start(id, 'w1', { lease: 60_000_000 }));
    expect(await hints(create(id))).toEqual([]);
    expect(await hints(start(id, 'w1', { lease: 60_000_000 }))).toEqual([]); // refused
    expect(await hints(renew(id, 1, 90_000_000))).toEqual([]);
    expect(await hints(succeed(id, 2))).toEqual([]);
    expect(await hints(remove(fresh('missing'), { allowMissing: true }))).toEqual([]);
  });

  test('a delete leaves an entry above the last revision', async () => {
    const id = fresh();
    await hints(create(id), start(id));
    expect(await hints(remove(id))).toEqual([[id, 3]]);
  });

  test('a result that is deleted and created anew in one batch leaves an entry that wakes who knew the old one', async () => {
    const id = fresh();
    const [old] = await logged(create(id), start(id), failAttempt(id, 1, { retry: true }));
    const [entry, ...more] = await logged(remove(id), create(id, { argsJson: '["new"]' }));
    expect(more).toEqual([]);
    expect(entry).toMatchObject({ taskId: id, revision: 1 });
    expect(isNewer(entry as Change, old as Change)).toBe(true);
  });

  test('delete, create and delete in one batch leave an entry that wakes who knew the old one', async () => {
    const id = fresh();
    const [old] = await logged(
      create(id),
      ...[1, 2, 3].flatMap((n) => [start(id), failAttempt(id, n, { retry: true })]),
    );
    const [entry] = await logged(remove(id), create(id, { argsJson: '["new"]' }), remove(id));
    expect(isNewer(entry as Change, old as Change)).toBe(true);
  });

  test('entries come in the order of seq, at most as many as asked for', async () => {
    const { store } = opened();
    const before = (await store.changeLog()).newest;
    const ids = Array.from({ length: 7 }, () => fresh());
    for (const id of ids) await store.transact([create(id)]);
    const all = await store.changesAfter(before, 100);
    expect(all.map(({ taskId }) => taskId)).toEqual(ids);
    expect(all.map(({ seq }) => seq)).toEqual([...all.map(({ seq }) => seq)].sort((a, b) => a - b));
    expect(await store.changesAfter(before, 3)).toEqual(all.slice(0, 3));
    expect(await store.changesAfter(all[2]?.seq as number, 3)).toEqual(all.slice(3, 6));
    expect(await store.changesAfter(all[6]?.seq as number, 3)).toEqual([]);
  });

  test('changesWithin takes both ends of each range, and answers in the order of seq', async () => {
    const { store } = opened();
    const before = (await store.changeLog()).newest;
    for (let i = 0; i < 8; i++) await store.transact([create(fresh())]);
    const all = await store.changesAfter(before, 100);
    const seq = (i: number) => all[i]?.seq as number;
    const ranges = [
      { first: seq(5), last: seq(6) },
      { first: seq(1), last: seq(1) },
      { first: seq(7) + 1, last: seq(7) + 1_000 },
    ];
    expect(await store.changesWithin(ranges)).toEqual([all[1], all[5], all[6]]);
    expect(await store.changesWithin([])).toEqual([]);
  });

  test('changesWithin takes as many ranges as a reader keeps', async () => {
    const { store } = opened();
    await store.transact([create(fresh())]);
    const { newest } = await store.changeLog();
    const ranges = Array.from({ length: 300 }, (_, i) => ({ first: newest + 2 * i, last: newest + 2 * i }));
    expect((await store.changesWithin(ranges)).map(({ seq }) => seq)).toEqual([newest]);
  });

  /** Removes all but the newest entry. */
  const trimAll = async () => {
    const { store, clock } = opened();
    clock.now++; // what stands in the log is older than nothing
    while (await store.trimChanges(0, 1_000));
  };

  test('trimChanges removes old entries but for the newest; the numbering goes on', async () => {
    const { store } = opened();
    for (let i = 0; i < 5; i++) await store.transact([create(fresh())]);
    await trimAll();
    const [newest, ...others] = await store.changesAfter(0, 100);
    expect(others).toEqual([]);
    expect(await store.changeLog()).toMatchObject({ oldest: newest?.seq, newest: newest?.seq });
    const [next] = await logged(create(fresh()));
    expect(next?.seq).toBeGreaterThan(newest?.seq as number);
  });

  test('trimChanges keeps what is younger than the age', async () => {
    const { store } = opened();
    for (let i = 0; i < 5; i++) await store.transact([create(fresh())]);
    const before = await store.changesAfter(0, 1_000);
    expect(await store.trimChanges(3_600_000_000, 1_000)).toBe(false);
    expect(await store.changesAfter(0, 1_000)).toEqual(before);
  });

  test('trimChanges removes at most as many entries at a time as it is told', async () => {
    const { store } = opened();
    await trimAll();
    for (let i = 0; i < 7; i++) await store.transact([create(fresh())]);
    opened().clock.now++;
    const before = (await store.changesAfter(0, 100)).length;
    expect(await store.trimChanges(0, 2)).toBe(true);
    expect((await store.changesAfter(0, 100)).length).toBeGreaterThanOrEqual(before - 2);
    await trimAll();
  });
}
