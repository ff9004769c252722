import { ITSELF } from '../../../src/domain/caller';
import type { TaskResultStore } from '../../../src/domain/store';
import { NO_VERSION } from '../../../src/domain/version';
import { FairTurns } from '../../../src/service/fair-turns';
import { MAX_READS_OF_MANY, Reads } from '../../../src/service/reading/reads';
import { ResultCache } from '../../../src/service/reading/result-cache';
import { create } from '../../support/commands';
import { openTemporaryStore, type TemporaryStore } from '../../support/temporary-store';

let temporary: TemporaryStore;
beforeAll(async () => {
  temporary = await openTemporaryStore('sqlite');
});
afterAll(() => temporary?.close());

/** Reads over the store, the calls that the store gets, and how many of its reads were under way at a time. */
function counted(): { reads: Reads; calls: string[]; most: () => number } {
  const { store } = temporary;
  const calls: string[] = [];
  let underWay = 0;
  let most = 0;
  const counting: Pick<TaskResultStore, 'read' | 'outline'> = {
    read: async (ids, view, maxBytes) => {
      if (ids.length === 0) return [];
      calls.push(`read ${ids.length}`);
      most = Math.max(most, ++underWay);
      return store.read(ids, view, maxBytes).finally(() => underWay--);
    },
    outline: (ids) => {
      calls.push(`outline ${ids.length}`);
      return store.outline(ids);
    },
  };
  return {
    reads: new Reads(counting as TaskResultStore, new ResultCache(store, 0), new FairTurns(MAX_READS_OF_MANY)),
    calls,
    most: () => most,
  };
}

test('a batch of results that are all there and small is one read', async () => {
  const ids = Array.from({ length: 100 }, (_, i) => `small ${i}`);
  await temporary.store.transact(ids.map((id) => create(id)));
  const { reads, calls } = counted();
  expect((await reads.batchGet([...ids, ...ids], 'FULL', ITSELF)).found.map(({ id }) => id)).toEqual(ids);
  expect(calls).toEqual(['read 100']);
  const known = await temporary.store.outline(ids);
  const asked = ids.map((id) => ({ id, version: known.find((outline) => outline.id === id) ?? NO_VERSION }));
  expect(await reads.batchRefresh(asked, 'FULL', ITSELF)).toMatchObject({ unchanged: ids });
  expect(calls.slice(1)).toEqual(['outline 100']);
});

test('of a batch with larger results, and some that are missing, each is read once', async () => {
  const large = ['large 1', 'large 2'];
  const argsJson = `["${'x'.repeat(1_000_000)}"]`;
  await temporary.store.transact([...large.map((id) => create(id, { argsJson })), create('between')]);
  const { reads, calls } = counted();
  const asked = ['large 1', 'missing', 'between', 'large 2'];
  const { found, notFound, deferred } = await reads.batchGet(asked, 'FULL', ITSELF);
  expect([found.map(({ id }) => id), notFound, deferred]).toEqual([['large 1', 'between', 'large 2'], ['missing'], []]);
  expect(calls).toEqual(['read 4', 'outline 4', 'read 2']);
});

test('so that memory is bounded, few batches are read at a time, and all in the end', async () => {
  const ids = ['one', 'two'];
  await temporary.store.transact(ids.map((id) => create(id)));
  const { reads, most } = counted();
  const batches = await Promise.all(Array.from({ length: 40 }, () => reads.batchGet(ids, 'FULL', ITSELF)));
  expect(batches.map(({ found }) => found.length)).toEqual(batches.map(() => 2));
  expect(most()).toBeLessThanOrEqual(MAX_READS_OF_MANY);
});

test('of results that are all unchanged or missing, nothing is read', async () => {
  await temporary.store.transact([create('unchanged')]);
  const { reads, calls, most } = counted();
  const [version = NO_VERSION] = await temporary.store.outline(['unchanged']);
  const asked = [{ id: 'unchanged', version }];
  expect(await reads.batchRefresh(asked, 'FULL', ITSELF)).toMatchObject({ unchanged: ['unchanged'] });
  expect(calls).toEqual(['outline 1']);
  expect(most()).toBe(0);
});

test('what the view leaves out does not count', async () => {
  await temporary.store.transact([create('huge', { argsJson: `["${'x'.repeat(4_000_000)}"]` })]);
  const { reads, calls } = counted();
  expect((await reads.batchGet(['huge'], 'BASIC', ITSELF)).found).toHaveLength(1);
  expect(calls).toEqual(['read 1']);
});
