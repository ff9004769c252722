import { FairQueue } from '../../../src/service/writing/fair-queue';

test('what comes back goes before what stood behind it, which may have come back earlier', () => {
  const queue = new FairQueue<{ connection: string; cost: number; name: string }>();
  const shift = (count: number) => Array.from({ length: count }, () => queue.shift()?.name);
  const items = ['a', 'b', 'c'].map((name) => ({ connection: 'one', cost: 1, name }));
  const [, b] = items as [unknown, (typeof items)[0]];
  for (const item of items) queue.push(item);
  shift(3);
  queue.push({ connection: 'one', cost: 1, name: 'd' });
  queue.putBack(items);
  expect(shift(2)).toEqual(['a', 'b']);
  queue.putBack([b]);
  expect(shift(4)).toEqual(['b', 'c', 'd', undefined]);
});
