import { Housekeeping } from '../../../src/service/maintenance/housekeeping';
import { Lifecycle } from '../../../src/service/writing/lifecycle';
import { create, fail, remove } from '../../support/commands';
import { KEPT, openTemporaryStore, type TemporaryStore } from '../../support/temporary-store';
import { until } from '../../support/until';

const ROUND_MS = 10_000;
const LOG_KEPT = 60_000_000;

describe('housekeeping', () => {
  let opened: TemporaryStore;
  let housekeeping: Housekeeping;
  let told: [string, number][];
  let errors: unknown[];

  beforeEach(async () => {
    jest.useFakeTimers({
      doNotFake: ['nextTick', 'performance', 'queueMicrotask', 'setImmediate', 'setTimeout', 'Date'],
    });
    opened = await openTemporaryStore('sqlite');
    told = [];
    errors = [];
    const lifecycle = new Lifecycle(opened.store, (id, { revision }) => told.push([id, revision]));
    housekeeping = new Housekeeping(opened.store, lifecycle, opened.clock.read, LOG_KEPT, (error) =>
      errors.push(error),
    );
    housekeeping.start();
  });
  afterEach(async () => {
    await housekeeping.stop();
    await opened.close();
    jest.useRealTimers();
  });

  const ids = async (...asked: string[]) => (await opened.store.outline(asked)).map(({ id }) => id).sort();

  test('removes results whose time has come, and tells their watchers', async () => {
    const { store, clock } = opened;
    await store.transact([create('old'), create('running'), fail('old')]);
    clock.now += KEPT / 2;
    await store.transact([create('young'), fail('young')]);
    clock.now += KEPT / 2;
    jest.advanceTimersByTime(ROUND_MS);
    await until(() => told.length > 0, 'a result is removed');
    expect(told).toEqual([['old', 3]]);
    expect(await ids('old', 'young', 'running')).toEqual(['running', 'young']);
  });

  test('removes more of them than one statement takes', async () => {
    const { store, clock } = opened;
    const many = Array.from({ length: 1_100 }, (_, i) => `${i}`);
    for (let i = 0; i < many.length; i += 250) {
      const some = many.slice(i, i + 250);
      await store.transact(some.map((id) => create(id)));
      await store.transact(some.map((id) => fail(id)));
    }
    clock.now += 2 * KEPT;
    jest.advanceTimersByTime(ROUND_MS);
    await until(() => told.length === 1_100, 'all are removed');
    expect(await ids(...many.slice(0, 500))).toEqual([]);
  });

  test('removes old entries of the change log', async () => {
    const { store, clock } = opened;
    await store.transact([create('a')]);
    clock.now += LOG_KEPT;
    await store.transact([create('b')]);
    jest.advanceTimersByTime(ROUND_MS);
    await until(async () => (await store.changesAfter(0, 10)).length === 1, 'the old entry is removed');
    expect((await store.changesAfter(0, 10))[0]?.taskId).toBe('b');
  });

  test('goes on when a result was deleted and created anew in between', async () => {
    const { store, clock } = opened;
    await store.transact([create('a'), create('b'), fail('a'), fail('b')]);
    clock.now += 2 * KEPT;
    const expired = await store.expired(clock.now, 10);
    await store.transact([remove('a'), create('a'), fail('a')]);
    const found = jest.spyOn(store, 'expired').mockResolvedValueOnce(expired);
    jest.advanceTimersByTime(ROUND_MS);
    await until(() => told.length === 1, 'the other one is removed');
    expect(told).toEqual([['b', 3]]);
    expect(await ids('a', 'b')).toEqual(['a']);
    await store.transact([create('c')]);
    clock.now += 2 * LOG_KEPT;
    await store.transact([create('d')]);
    jest.advanceTimersByTime(ROUND_MS);
    await until(async () => (await store.changesAfter(0, 10)).length === 1, 'the round goes on to the change log');
    expect(errors).toEqual([]);
    found.mockRestore();
  });

  test('goes on after a round that failed', async () => {
    const { store, clock } = opened;
    await store.transact([create('a'), fail('a')]);
    clock.now += 2 * KEPT;
    const failing = jest.spyOn(store, 'expired').mockRejectedValueOnce(new Error('out of reach'));
    jest.advanceTimersByTime(ROUND_MS);
    await until(() => errors.length === 1, 'the failure is reported');
    jest.advanceTimersByTime(ROUND_MS);
    await until(() => told.length === 1, 'the next round removes it');
    failing.mockRestore();
  });
});
