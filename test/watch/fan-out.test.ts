import { systemClock } from '../../src/domain/clock';
import type { TaskResultStore } from '../../src/domain/store';
import { IdWatch } from '../../src/service/id-watch';
import { ResultReader } from '../../src/service/result-reader';
import { watch } from '../../src/service/watch';
import { WatchHub } from '../../src/service/watch-hub';
import { openStore } from '../../src/store/open';
import { temporaryDatabase } from '../support/engines';

const CHANGES = 20;
const TIMES = { heartbeatMs: 60_000, maxAgeMs: 3_600_000 };

/** How often results were read, whole or in outline, while `watchers` saw CHANGES changes of one result. */
async function countReads(watchers: number): Promise<number> {
  const { database, drop } = await temporaryDatabase('sqlite');
  const retention = { afterFinish: null };
  const store = await openStore(database, { clock: systemClock(), retention, whenOutdated: 'migrate' });
  const counting = new CountingStore(store);
  const hub = new WatchHub(
    counting.store,
    new ResultReader(counting.store, 0),
    { pollFastMs: 20, pollSlowMs: 50, rereadMs: 3_600_000, mostWatches: 10_000, mostWatchedIds: 10_000 },
    (error) => {
      throw error;
    },
  );
  const task = { path: 'a.b', priority: 0, queueName: 'default', runAfter: null, takesContext: false };
  const content = { argsJson: '[]', kwargsJson: '{}', backend: 'default', metadata: {} };
  await store.transact([{ kind: 'create', id: 'x', task, ...content }]);
  await hub.start();
  const over = new AbortController();
  const streams = Array.from({ length: watchers }, () =>
    watch(new IdWatch(hub, [{ id: 'x', revision: 0 }], 'FULL', false), TIMES, over.signal),
  );
  try {
    await Promise.all(streams.map((stream) => stream.next()));
    counting.reads = 0;
    for (let change = 0; change < CHANGES; change++) {
      const next = Promise.all(streams.map((stream) => stream.next()));
      await store.transact([{ kind: 'start', id: 'x', workerId: `w${change}`, lease: null, force: true }]);
      hub.changed('x', change + 2);
      for (const { value } of await next)
        expect(value).toMatchObject({ kind: 'snapshot', result: { revision: change + 2 } });
    }
    return counting.reads;
  } finally {
    over.abort();
    await Promise.all(streams.map((stream) => stream.return()));
    await hub.close();
    await store.close();
    await drop();
  }
}

/** A store that counts reads of results on their way to the real one. */
class CountingStore {
  reads = 0;
  readonly store: TaskResultStore;

  constructor(store: TaskResultStore) {
    this.store = new Proxy(store, {
      get: (target, name: keyof TaskResultStore) => {
        if (name === 'read' || name === 'outline') this.reads++;
        const member = target[name];
        return typeof member === 'function' ? member.bind(target) : member;
      },
    });
  }
}

test('a change is read once, whatever the number of its watchers', async () => {
  const few = await countReads(2);
  const many = await countReads(2_000);
  expect(few).toBe(CHANGES);
  expect(many).toBe(few);
});
