import type { TaskResult } from '../../src/domain/task-result';
import { create, failAttempt, remove, start, succeed } from '../support/commands';
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
