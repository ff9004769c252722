import { create, start, succeed } from '../support/commands';
import { outcomes } from '../support/decisions';
import { openTemporaryStore } from '../support/temporary-store';

test('a repeated create waits for nothing when there is no rival', async () => {
  const { store, close } = await openTemporaryStore('sqlite');
  await store.transact([create('x'), start('x'), succeed('x')]);
  // SQLite works on this thread: without a pause nothing else gets its turn before the answer.
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  const counted = setImmediate(() => turns++);
  const decided = await store.transact([create('x')]);
  const before = turns;
  clearInterval(timer);
  clearImmediate(counted);
  expect(outcomes(decided)).toEqual(['unchanged']);
  expect(before).toBe(0);
  await close();
});
