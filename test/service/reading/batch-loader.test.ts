import { BatchLoader } from '../../../src/service/reading/batch-loader';
import { until } from '../../support/until';

interface Item {
  id: string;
}

/** Ids from `first` on, each another one. */
function idsFrom(first: number, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `id-${first + i}`);
}

test('what is asked for while much waits is read in its turn, and once', async () => {
  const queries: string[][] = [];
  const ends: (() => void)[] = [];
  const loader = new BatchLoader<Item>(async (ids) => {
    queries.push(ids);
    await new Promise<void>((end) => ends.push(end));
    return ids.map((id) => ({ id }));
  });
  const loads = idsFrom(0, 200).map((id) => loader.load(id));
  await until(() => queries.length === 2, 'two queries are in flight');
  // The first is in flight and is read again; the second waits already; the third is new.
  loads.push(...['id-0', 'id-199', 'id-200'].map((id) => loader.load(id)));
  let over = false;
  const items = Promise.all(loads).finally(() => {
    over = true;
  });
  await until(() => {
    ends.shift()?.();
    return over;
  }, 'all is read');
  expect((await items).map((item) => item?.id)).toEqual([...idsFrom(0, 200), 'id-0', 'id-199', 'id-200']);
  expect(queries.flat()).toEqual([...idsFrom(0, 200), 'id-0', 'id-200']);
  expect(Math.max(...queries.map(({ length }) => length))).toBe(64);
});

test('ten times as many ids take about ten times as long', async () => {
  const millisecondsFor = async (count: number): Promise<number> => {
    const loader = new BatchLoader<Item>(async (ids) => ids.map((id) => ({ id })));
    const { user } = process.cpuUsage();
    await Promise.all(idsFrom(0, count).map((id) => loader.load(id)));
    return process.cpuUsage({ user, system: 0 }).user / 1_000;
  };
  await millisecondsFor(10_000); // until it has been compiled
  const few = await millisecondsFor(10_000);
  expect(await millisecondsFor(100_000)).toBeLessThan(50 * few);
});
