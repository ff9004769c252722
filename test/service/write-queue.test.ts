import type { Command } from '../../src/domain/command';
import { TaskResultsError } from '../../src/domain/errors';
import type { Decision } from '../../src/domain/lifecycle';
import type { TaskResultStore } from '../../src/domain/store';
import { WriteQueue } from '../../src/service/write-queue';
import { create, remove, start } from '../support/commands';
import { until } from '../support/until';

const DONE: Decision = { kind: 'unchanged', state: null };

/** A store whose transactions a test ends by hand. */
class HeldStore {
  readonly batches: (readonly Command[])[] = [];
  readonly #ends: ((error: unknown) => void)[] = [];

  readonly store = { transact: (batch: readonly Command[]) => this.#transact(batch) } as TaskResultStore;

  /** Ends the oldest transaction. */
  end(error: unknown = null): void {
    this.#ends.shift()?.(error);
  }

  #transact(batch: readonly Command[]): Promise<Decision[]> {
    this.batches.push(batch);
    return new Promise((resolve, reject) => {
      this.#ends.push((error) => (error === null ? resolve(batch.map(() => DONE)) : reject(error)));
    });
  }
}

let held: HeldStore;
let queue: WriteQueue;
beforeEach(() => {
  held = new HeldStore();
  queue = new WriteQueue(held.store);
});

/** Submits; what comes of it is looked at later. */
function submit(...commands: Command[]): Promise<PromiseSettledResult<Decision>[]> {
  return Promise.allSettled(commands.map((command) => queue.submit(command)));
}

const sizes = () => held.batches.map(({ length }) => length);

test('a command that finds nothing in flight goes at once; those that come meanwhile go together, in their order', async () => {
  const commands = [create('a'), start('a'), create('b'), remove('a')];
  const settled = submit(...commands);
  expect(sizes()).toEqual([1]);
  held.end();
  await until(() => held.batches.length === 2, 'the second transaction');
  expect(held.batches.flat()).toEqual(commands);
  expect(sizes()).toEqual([1, 3]);
  held.end();
  expect((await settled).map(({ status }) => status)).toEqual(Array(4).fill('fulfilled'));
});

test('a transaction takes 256 commands at most', async () => {
  const settled = submit(...Array.from({ length: 600 }, (_, i) => create(`${i}`)));
  for (let n = 1; n <= 4; n++) {
    await until(() => held.batches.length === n, `transaction ${n}`);
    held.end();
  }
  await settled;
  expect(sizes()).toEqual([1, 256, 256, 87]);
});

test('a transaction takes about 4 MiB at most', async () => {
  const large = `["${'x'.repeat(1024 * 1024)}"]`;
  const settled = submit(...Array.from({ length: 10 }, (_, i) => create(`${i}`, { argsJson: large })));
  for (let n = 1; n <= 4; n++) {
    await until(() => held.batches.length === n, `transaction ${n}`);
    held.end();
  }
  await settled;
  expect(sizes()).toEqual([1, 4, 4, 1]);
});

test('20,000 may wait; the next one is told to come back, and there is room again later', async () => {
  const first = submit(create('first'));
  const waiting = submit(...Array.from({ length: 20_000 }, (_, i) => start(`${i}`)));
  await expect(queue.submit(create('one too many'))).rejects.toMatchObject({ reason: 'LIMIT_REACHED' });
  held.end();
  await first;
  await until(() => held.batches.length === 2, 'the second transaction');
  const another = submit(create('another'));
  const ending = setInterval(() => held.end(), 0);
  expect((await waiting).every(({ status }) => status === 'fulfilled')).toBe(true);
  expect((await another)[0]?.status).toBe('fulfilled');
  clearInterval(ending);
});

test('so may 256 MiB', async () => {
  const large = `["${'x'.repeat(1024 * 1024)}"]`;
  const settled = submit(...Array.from({ length: 258 }, (_, i) => create(`${i}`, { argsJson: large })));
  const ending = setInterval(() => held.end(), 0);
  const refused = (await settled).filter(({ status }) => status === 'rejected');
  expect(refused).toMatchObject([{ reason: { reason: 'LIMIT_REACHED' } }]);
  clearInterval(ending);
});

test('an outage fails the whole transaction, and the next one goes on', async () => {
  const settled = submit(create('a'), create('b'), create('c'));
  held.end();
  await until(() => held.batches.length === 2, 'the second transaction');
  const later = submit(create('d'));
  held.end(new TaskResultsError('STORE_UNAVAILABLE', 'gone'));
  expect((await settled).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
  await until(() => held.batches.length === 3, 'the third transaction');
  held.end();
  expect((await later)[0]?.status).toBe('fulfilled');
});

test('a bug fails the command that meets it alone', async () => {
  const settled = submit(create('a'), create('b'), create('c'));
  held.end();
  await until(() => held.batches.length === 2, 'the second transaction');
  held.end(new Error('a bug'));
  await until(() => held.batches.length === 3, 'b alone');
  held.end(new Error('a bug'));
  await until(() => held.batches.length === 4, 'c alone');
  held.end();
  expect((await settled).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
});

test('closing takes no more, and waits for what was taken', async () => {
  const settled = submit(create('a'), create('b'));
  let closed = false;
  const closing = queue.close().then(() => {
    closed = true;
  });
  await expect(queue.submit(create('c'))).rejects.toMatchObject({ reason: 'SHUTTING_DOWN' });
  held.end();
  await until(() => held.batches.length === 2, 'the second transaction');
  expect(closed).toBe(false);
  held.end();
  await closing;
  expect((await settled).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
});
