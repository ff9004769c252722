import type { Command } from '../../src/domain/command';
import type { TaskResult } from '../../src/domain/task-result';
import { create, failAttempt, remove, renew, start, succeed } from '../support/commands';
import { outcomes } from '../support/decisions';
import { fresh } from '../support/fresh';
import type { TemporaryStore } from '../support/temporary-store';

/** Several callers at a time, through two stores where the engine allows it. */
export function describeRivals(opened: () => TemporaryStore): void {
  /** One transaction for each command, all at once, by turns through either store. */
  const race = async (commands: Parameters<TemporaryStore['store']['transact']>[0][]) => {
    const { store, rival } = opened();
    const decided = await Promise.all(commands.map((batch, i) => (i % 2 ? rival : store).transact(batch)));
    return decided.flatMap(outcomes);
  };
  const times = <T>(count: number, make: (i: number) => T) => Array.from({ length: count }, (_, i) => make(i));
  const counted = (words: string[]) =>
    Object.fromEntries([...new Set(words)].sort().map((word) => [word, words.filter((w) => w === word).length]));

  test('of many who start one result at once, exactly one does', async () => {
    for (let round = 0; round < 5; round++) {
      const id = fresh();
      await opened().store.transact([create(id)]);
      const decided = await race(times(20, (i) => [start(id, `w${i}`)]));
      expect(counted(decided)).toEqual({ ATTEMPT_IN_PROGRESS: 19, changed: 1 });
      const [result] = await opened().store.read([id], 'FULL');
      expect(result).toMatchObject({ revision: 2, workerIds: [`w${decided.indexOf('changed')}`] });
    }
  });

  test('of many who create one id with different content at once, exactly one does', async () => {
    for (let round = 0; round < 5; round++) {
      const id = fresh();
      const decided = await race(times(12, (i) => [create(id, { argsJson: `[${i}]` })]));
      expect(counted(decided)).toEqual({ TASK_RESULT_EXISTS: 11, changed: 1 });
      const [result] = await opened().store.read([id], 'FULL');
      expect(result?.argsJson).toBe(`[${decided.indexOf('changed')}]`);
    }
  });

  test('of many who create the same at once, one does and the others learn that it is there', async () => {
    const id = fresh();
    expect(counted(await race(times(12, () => [create(id)])))).toEqual({ changed: 1, unchanged: 11 });
  });

  test('of many who finish one attempt at once, exactly one does', async () => {
    const id = fresh();
    await opened().store.transact([create(id), start(id)]);
    const decided = await race(times(12, (i) => [succeed(id, 1, String(i))]));
    expect(counted(decided)).toEqual({ ILLEGAL_TRANSITION: 11, changed: 1 });
    const [result] = await opened().store.read([id], 'FULL');
    expect(result?.returnValueJson).toBe(String(decided.indexOf('changed')));
  });

  test('batches that overlap in opposite orders are all decided', async () => {
    const ids = times(10, () => fresh());
    await opened().store.transact(ids.map((id) => create(id)));
    const forced = (i: number) => ids.map((id) => start(id, `w${i}`, { force: true }));
    const decided = await race(times(12, (i) => (i % 2 ? forced(i) : forced(i).reverse())));
    expect(counted(decided)).toEqual({ changed: 120 });
    for (const result of await opened().store.read(ids, 'FULL')) {
      expect(result.revision).toBe(13);
      expect(new Set(result.workerIds).size).toBe(12);
      expect(result.errors.map(({ attempt }) => attempt)).toEqual(times(11, (i) => i + 1));
    }
  });

  const request = (id: string, workerId: string) => start(id, workerId, { requestId: 'r1' });

  describe('what was changed by another process since is found out', () => {
    test.each<[what: string, meanwhile: (id: string) => Command[], then: (id: string) => Command, outcome: string]>([
      ['started', (id) => [start(id, 'w2')], (id) => start(id), 'ATTEMPT_IN_PROGRESS'],
      ['started', (id) => [start(id, 'w2')], (id) => succeed(id), 'changed'],
      ['started', (id) => [start(id, 'w2')], (id) => start(id, 'w2'), 'ATTEMPT_IN_PROGRESS'],
      ['started', (id) => [request(id, 'w2')], (id) => request(id, 'w2'), 'unchanged'],
      ['tried and given back', (id) => [start(id), failAttempt(id, 1, { retry: true })], (id) => start(id), 'changed'],
      ['finished', (id) => [start(id, 'w2'), succeed(id)], (id) => start(id), 'ILLEGAL_TRANSITION'],
      ['deleted', (id) => [remove(id)], (id) => start(id), 'TASK_RESULT_DOES_NOT_EXIST'],
      ['deleted', (id) => [remove(id)], (id) => create(id), 'changed'],
      ['created anew', (id) => [remove(id), create(id, { argsJson: '[2]' })], (id) => start(id), 'changed'],
    ])('%s (%#)', async (_what, meanwhile, then, outcome) => {
      const { store, rival } = opened();
      const id = fresh();
      await store.transact([create(id)]);
      await rival.transact(meanwhile(id));
      const [before] = await rival.read([id], 'FULL');
      expect(outcomes(await store.transact([then(id)]))).toEqual([outcome]);
      const [after] = await rival.read([id], 'FULL');
      expect((after?.revision ?? 0) - (before?.revision ?? 0)).toBe(outcome === 'changed' ? 1 : 0);
      if (before) expect(after).toMatchObject({ enqueuedAt: before.enqueuedAt, argsJson: before.argsJson });
    });

    test('a lease that was renewed', async () => {
      const { store, rival, clock } = opened();
      const id = fresh();
      await store.transact([create(id), start(id, 'w1', { lease: 1_000 })]);
      await rival.transact([renew(id, 1, 1_000_000)]);
      clock.now += 10_000;
      expect(outcomes(await store.transact([start(id, 'w2')]))).toEqual(['ATTEMPT_IN_PROGRESS']);
    });

    test('one of many in a batch', async () => {
      const { store, rival } = opened();
      const ids = times(10, () => fresh());
      await store.transact(ids.map((id) => create(id)));
      await rival.transact([start(ids[4] as string, 'w2')]);
      const seq = (await rival.changeLog()).newest;
      const decided = outcomes(await store.transact(ids.map((id) => start(id))));
      expect(decided).toEqual(ids.map((_, i) => (i === 4 ? 'ATTEMPT_IN_PROGRESS' : 'changed')));
      const logged = await rival.changesAfter(seq, 100);
      expect(logged.map(({ taskId }) => taskId).sort()).toEqual(ids.filter((_, i) => i !== 4).sort());
    });
  });

  test('a read shows one moment of one result, also while it is deleted and created anew', async () => {
    const { store, rival } = opened();
    const id = fresh();
    const born = (n: number) => {
      const metadata = { n: String(n), m: String(n) };
      const attempts = [start(id, `w${n}`), failAttempt(id, 1, { retry: true }), start(id, `w${n}`)];
      return [create(id, { argsJson: `[${n}]`, metadata }), ...attempts];
    };
    await store.transact(born(0));
    const seen: TaskResult[] = [];
    let writing = true;
    const write = async () => {
      // A reader may lose many rounds in a row.
      for (let n = 1; n <= 60 || (seen.length <= 10 && n <= 2_000); n++) {
        if (n % 2) await rival.transact([remove(id), ...born(n)]);
        else {
          await rival.transact([remove(id)]);
          await rival.transact(born(n));
        }
      }
      writing = false;
    };
    const look = async () => {
      while (writing) seen.push(...(await store.read([id], 'FULL')));
    };
    await Promise.all([write(), look(), look(), look()]);
    expect(seen.length).toBeGreaterThan(10);
    for (const { argsJson, workerIds, metadata, errors } of seen) {
      const n = String(JSON.parse(argsJson)[0]);
      expect({ n, workerIds, metadata, errorOf: errors.map((error) => error.workerId) }).toEqual({
        n,
        workerIds: [`w${n}`, `w${n}`],
        metadata: { n, m: n },
        errorOf: [`w${n}`],
      });
    }
  });
}
