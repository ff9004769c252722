import type { SeqRange, TaskResultStore } from '../../src/domain/store';
import { ChangeFeed } from '../../src/service/changes/change-feed';
import { create } from '../support/commands';
import { temporaryMysql } from '../support/engines';
import { PrivateMysql } from '../support/private-mysql';
import { openStoreOn } from '../support/temporary-store';
import { until } from '../support/until';

test('numbers that go in steps leave nothing to be read again', async () => {
  const server = await PrivateMysql.start(['--auto-increment-increment=3', '--auto-increment-offset=2']);
  const { store, close } = await openStoreOn(await temporaryMysql(server.url()));
  const asked: SeqRange[] = [];
  const watched: Pick<TaskResultStore, 'changeLog' | 'changesAfter' | 'changesWithin'> = {
    changeLog: () => store.changeLog(),
    changesAfter: (...given) => store.changesAfter(...given),
    changesWithin: (ranges) => {
      asked.push(...ranges);
      return store.changesWithin(ranges);
    },
  };
  const told = new Set<string>();
  const feed = new ChangeFeed(watched as TaskResultStore, { pollFastMs: 1, pollSlowMs: 1 }, (error) => {
    throw error;
  });
  feed.subscribe({ changed: (id) => told.add(id), missed: () => {} });
  feed.wanted = true;
  await feed.start();
  const ids = Array.from({ length: 200 }, (_, i) => `step-${i}`);
  for (let i = 0; i < ids.length; i += 10) await store.transact(ids.slice(i, i + 10).map((id) => create(id)));
  await until(() => ids.every((id) => told.has(id)), 'all are told');
  const [first, second] = await store.changesAfter(0, 2);
  expect((second?.seq as number) - (first?.seq as number)).toBe(3);
  expect(asked).toEqual([]);
  await feed.stop();
  await close();
  await server.stop();
});
