import { setImmediate as endOfTurn } from 'node:timers/promises';
import { ITSELF } from '../../../src/domain/caller';
import type { Command } from '../../../src/domain/command';
import { TaskResultsError } from '../../../src/domain/errors';
import type { TaskResultStore } from '../../../src/domain/store';
import type { Decision } from '../../../src/domain/transitions';
import { WriteQueue } from '../../../src/service/writing/write-queue';
import { create, remove, start } from '../../support/commands';
import { until } from '../../support/until';

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
  return Promise.allSettled(commands.map((command) => queue.submit(command, ITSELF)));
}

/** Ends every transaction, until `settled` is. */
async function endAllUntil(settled: Promise<unknown>): Promise<void> {
  let over = false;
  void settled.finally(() => {
    over = true;
  });
  await until(() => {
    held.end();
    return over;
  }, 'all is settled');
}

const sizes = () => held.batches.map(({ length }) => length);

/** Waits for the transaction of this number. */
const transaction = (n: number) => until(() => held.batches.length >= n, `transaction ${n}`);

/** A transaction is in flight, so that what is submitted from now on waits. */
async function busy(): Promise<void> {
  void submit(create('first'));
  await transaction(1);
}

test('a command that finds nothing in flight goes; those that come meanwhile go together, in their order', async () => {
  const commands = [start('a'), create('b'), remove('a')];
  await busy();
  const settled = submit(...commands);
  held.end();
  await transaction(2);
  expect(held.batches).toEqual([[create('first')], commands]);
  held.end();
  expect((await settled).map(({ status }) => status)).toEqual(Array(3).fill('fulfilled'));
});

test('the same create many times goes with others; what creates, deletes and creates again does not', async () => {
  await busy();
  const repeated = Array.from({ length: 20 }, () => create('x'));
  const settled = submit(...repeated, remove('x'), start('y'), create('x'), remove('z'), create('z'));
  held.end();
  await transaction(2);
  held.end();
  await transaction(3);
  expect(held.batches.slice(1)).toEqual([
    [...repeated, remove('x'), start('y')],
    [create('x'), remove('z'), create('z')],
  ]);
  await endAllUntil(settled);
});

test('the next transaction begins before the callers of the last one are answered', async () => {
  const answered = queue.submit(create('first'), ITSELF).then(sizes);
  await transaction(1);
  const later = submit(create('second'));
  held.end();
  expect(await answered).toEqual([1, 1]);
  await endAllUntil(later);
});

test('a transaction takes 256 commands at most, and of a few dozen one half', async () => {
  await busy();
  await endAllUntil(submit(...Array.from({ length: 600 }, (_, i) => create(`${i}`))));
  expect(sizes()).toEqual([1, 256, 256, 44, 32, 12]);
});

test('when two full transactions wait, one more goes along with the one in flight, and no third', async () => {
  await busy();
  const creates = Array.from({ length: 1_024 }, (_, i) => create(`${i}`));
  const settled = submit(...creates);
  await transaction(2);
  for (let turns = 0; turns < 5; turns++) await endOfTurn();
  expect(sizes()).toEqual([1, 256]);
  held.end(); // the first
  await transaction(3);
  await endAllUntil(settled);
  expect(held.batches.flat().slice(1)).toEqual(creates);
});

test('commands for an id that is in flight wait for it, though another transaction could go', async () => {
  await busy();
  const settled = submit(start('first'), ...Array.from({ length: 700 }, (_, i) => create(`${i}`)));
  for (let turns = 0; turns < 5; turns++) await endOfTurn();
  expect(sizes()).toEqual([1]);
  held.end();
  await transaction(2);
  expect(held.batches[1]?.[0]).toEqual(start('first'));
  await endAllUntil(settled);
});

test('a transaction takes a few MiB at most, far below what databases take at once', async () => {
  const large = `["${'x'.repeat(1024 * 1024)}"]`;
  await busy();
  await endAllUntil(submit(...Array.from({ length: 10 }, (_, i) => create(`${i}`, { argsJson: large }))));
  expect(Math.max(...sizes())).toBeLessThanOrEqual(5);
});

test('20,000 may wait; the next one is told to come back, and there is room again later', async () => {
  await busy();
  const waiting = submit(...Array.from({ length: 20_000 }, (_, i) => start(`${i}`)));
  await expect(queue.submit(create('one too many'), ITSELF)).rejects.toMatchObject({ reason: 'LIMIT_REACHED' });
  held.end();
  await transaction(2);
  const another = submit(create('another'));
  await endAllUntil(Promise.all([waiting, another]));
  expect((await waiting).every(({ status }) => status === 'fulfilled')).toBe(true);
  expect((await another)[0]?.status).toBe('fulfilled');
});

test('so may 256 MiB', async () => {
  const large = `["${'x'.repeat(1024 * 1024)}"]`;
  await busy();
  const settled = submit(...Array.from({ length: 257 }, (_, i) => create(`${i}`, { argsJson: large })));
  await endAllUntil(settled);
  const refused = (await settled).filter(({ status }) => status === 'rejected');
  expect(refused).toMatchObject([{ reason: { reason: 'LIMIT_REACHED' } }]);
});

test('an outage fails the whole transaction, and the next one goes on', async () => {
  const settled = submit(create('a'), create('b'));
  await transaction(1);
  const later = submit(create('c'));
  held.end(new TaskResultsError('STORE_UNAVAILABLE', 'gone'));
  expect((await settled).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  await transaction(2);
  held.end();
  expect((await later)[0]?.status).toBe('fulfilled');
});

test('a bug fails the command that meets it alone', async () => {
  const settled = submit(create('a'), create('b'), create('c'));
  await transaction(1);
  held.end(new Error('a bug'));
  for (const [i, error] of [null, new Error('a bug'), null].entries()) {
    await transaction(i + 2);
    held.end(error);
  }
  expect((await settled).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(held.batches.slice(1)).toEqual([[create('a')], [create('b')], [create('c')]]);
});

test('closing takes no more, and waits for what was taken', async () => {
  await busy();
  const settled = submit(create('a'), create('b'));
  let closed = false;
  const closing = queue.close().then(() => {
    closed = true;
  });
  await expect(queue.submit(create('c'), ITSELF)).rejects.toMatchObject({ reason: 'SHUTTING_DOWN' });
  held.end();
  await transaction(2);
  expect(closed).toBe(false);
  held.end();
  await closing;
  expect((await settled).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
});

test('closing waits for both transactions that are in flight', async () => {
  await busy();
  const settled = submit(...Array.from({ length: 600 }, (_, i) => create(`${i}`)));
  await transaction(2);
  let closed = false;
  const closing = queue.close().then(() => {
    closed = true;
  });
  held.end();
  for (let turns = 0; turns < 5; turns++) await endOfTurn();
  expect(closed).toBe(false);
  await endAllUntil(settled);
  await closing;
});
