import { setTimeout as delay, setImmediate as endOfTurn } from 'node:timers/promises';
import { type Caller, ITSELF } from '../../../src/domain/caller';
import type { Command } from '../../../src/domain/command';
import { TaskResultsError } from '../../../src/domain/errors';
import type { Outcome, TaskResultStore } from '../../../src/domain/store';
import type { Decision } from '../../../src/domain/transitions';
import { WriteQueue } from '../../../src/service/writing/write-queue';
import { create, remove, start } from '../../support/commands';
import { until } from '../../support/until';

const DONE: Decision = { kind: 'unchanged', state: null };

/** A store whose transactions a test ends by hand. */
class HeldStore {
  readonly batches: (readonly Command[])[] = [];
  /** Ids whose rows are locked elsewhere. */
  readonly locked = new Set<string>();
  /** An id whose place is locked elsewhere. The store cannot tell which of several new results waits for it. */
  gap: string | null = null;
  readonly #ends: ((error: unknown) => void)[] = [];

  readonly store = { transact: (...given) => this.#transact(...given) } as TaskResultStore;

  /** Ends the oldest transaction. */
  end(error: unknown = null): void {
    this.#ends.shift()?.(error);
  }

  #transact(...[batch, isGone]: Parameters<TaskResultStore['transact']>): Promise<Outcome[]> {
    this.batches.push(batch);
    const outcomeOf = ({ id }: Command, place: number): Outcome => {
      if (isGone?.(place)) return { kind: 'dropped' };
      return this.locked.has(id) || waits() ? { kind: 'locked' } : DONE;
    };
    const waits = () => batch.some(({ id }) => id === this.gap);
    return new Promise((resolve, reject) => {
      this.#ends.push((error) => (error === null ? resolve(batch.map(outcomeOf)) : reject(error)));
    });
  }
}

/** No transaction is slow, however busy the machine is. */
const NEVER_MS = 1_000_000;

let held: HeldStore;
let queue: WriteQueue;
beforeEach(() => {
  held = new HeldStore();
  queue = new WriteQueue(held.store, NEVER_MS);
});

/** Submits; what comes of it is looked at later. */
function submit(...commands: Command[]): Promise<PromiseSettledResult<Decision>[]> {
  return submitFor(ITSELF, ...commands);
}

function submitFor(caller: Caller, ...commands: Command[]): Promise<PromiseSettledResult<Decision>[]> {
  return Promise.allSettled(commands.map((command) => queue.submit(command, caller)));
}

/** Somebody on a connection of this name. */
function on(connection: string): Caller & { isGone: boolean } {
  return { connection, isGone: false };
}

/** `creates('a', 2)`: creates of `a0` and `a1`. */
function creates(prefix: string, count: number): Command[] {
  return Array.from({ length: count }, (_, i) => create(`${prefix}${i}`));
}

const statuses = async (settled: Promise<PromiseSettledResult<Decision>[]>) =>
  (await settled).map(({ status }) => status);

const ids = (batch: readonly Command[] = []) => batch.map(({ id }) => id);

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
    [...repeated, remove('x'), start('y'), remove('z'), create('z')],
    [create('x')],
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

test('commands for an id that is in flight wait for it, and hold up nothing else', async () => {
  await busy();
  const settled = submit(start('first'), remove('first'), ...creates('', 700), start('first'));
  await transaction(2);
  expect(held.batches[1]).toEqual(creates('', 256));
  held.end();
  held.end();
  await transaction(3);
  expect(held.batches[2]?.slice(0, 2)).toEqual([start('first'), remove('first')]);
  await endAllUntil(settled);
  expect(held.batches.flat().filter(({ id }) => id === 'first')).toEqual([
    create('first'),
    start('first'),
    remove('first'),
    start('first'),
  ]);
});

test('a transaction that takes long does not hold up others, of other ids, up to four in all', async () => {
  queue = new WriteQueue(held.store);
  await busy();
  let next = 0;
  for (const started of [2, 3, 4]) {
    void submit(create(`${next++}`));
    await transaction(started);
  }
  const waiting = submit(create('last'), start('first'));
  await delay(600); // more than twice as long as what is slow
  expect(held.batches.map(ids)).toEqual([['first'], ['0'], ['1'], ['2']]);
  held.end();
  await transaction(5);
  expect(ids(held.batches[4])).toEqual(['last', 'first']);
  await endAllUntil(waiting);
});

describe('a row that is locked elsewhere', () => {
  test('costs its own commands alone, which keep their order and go when it is free', async () => {
    held.locked.add('x');
    const onX = submit(start('x', 'w1'), start('x', 'w2'));
    const others = submit(create('a'), create('b'));
    await endAllUntil(others);
    const later = submit(start('x', 'w3'));
    await endAllUntil(submit(...creates('c', 100)));
    const tries = held.batches.length;
    await until(() => {
      held.end();
      return held.batches.length >= tries + 3;
    }, 'it is tried again');
    expect(held.batches.slice(tries).map(ids)).toEqual(Array(3).fill(['x', 'x', 'x']));
    held.locked.clear();
    await endAllUntil(Promise.all([onX, later]));
    expect(held.batches.at(-1)).toEqual([start('x', 'w1'), start('x', 'w2'), start('x', 'w3')]);
    expect([...(await statuses(onX)), ...(await statuses(later))]).toEqual(Array(3).fill('fulfilled'));
    await endAllUntil(submit(start('x'))); // it is a row like any other again
  });

  test('a locked gap, which holds up all that is created along with it: the others part from it, and go on', async () => {
    held.gap = 'x';
    const onX = submit(create('x'));
    await endAllUntil(submit(...creates('a', 10)));
    expect(held.batches[0]).toEqual([create('x'), ...creates('a', 10)]);
    held.gap = null;
    await endAllUntil(onX);
    expect(await statuses(onX)).toEqual(['fulfilled']);
  });

  test('a caller that has gone meanwhile is not waited for, and what comes after it is done', async () => {
    held.locked.add('x');
    const [impatient, patient] = [on('a'), on('b')];
    const first = submitFor(impatient, start('x', 'w1'));
    const second = submitFor(patient, start('x', 'w2'));
    await transaction(1);
    held.end();
    impatient.isGone = true;
    await endAllUntil(first);
    expect(await first).toMatchObject([{ reason: { reason: 'STORE_UNAVAILABLE' } }]);
    const tries = held.batches.length;
    held.locked.clear();
    await endAllUntil(second);
    expect(held.batches.slice(tries).flat()).toContainEqual(start('x', 'w2'));
    expect(held.batches.slice(tries).flat()).not.toContainEqual(start('x', 'w1'));
  });

  test('closing waits for it', async () => {
    held.locked.add('x');
    const settled = submit(start('x'));
    await transaction(1);
    held.end();
    let closed = false;
    const closing = queue.close().then(() => {
      closed = true;
    });
    await until(() => {
      held.end();
      return held.batches.length >= 3;
    }, 'it is tried again');
    expect(closed).toBe(false);
    held.locked.clear();
    await endAllUntil(closing);
    expect(await statuses(settled)).toEqual(['fulfilled']);
  });
});

describe('a caller that is gone', () => {
  test('when its command would be taken: the command is dropped, and others go on', async () => {
    await busy();
    const [gone, there] = [on('a'), on('b')];
    const dropped = submitFor(gone, ...creates('a', 3_000));
    const done = submitFor(there, create('b'));
    gone.isGone = true;
    await endAllUntil(Promise.all([dropped, done]));
    expect(held.batches.map(ids)).toEqual([['first'], ['b']]);
    expect(new Set(await statuses(dropped))).toEqual(new Set(['rejected']));
    expect(await statuses(done)).toEqual(['fulfilled']);
  });

  test('when its transaction is under way: the store is told, and what it drops is told from what it decides', async () => {
    const [gone, there] = [on('a'), on('b')];
    const [dropped, done] = [submitFor(gone, create('a'), create('b')), submitFor(there, create('c'))];
    await transaction(1);
    gone.isGone = true;
    await endAllUntil(Promise.all([dropped, done]));
    expect([await statuses(dropped), await statuses(done)]).toEqual([['rejected', 'rejected'], ['fulfilled']]);
  });
});

describe('connections take turns', () => {
  test('by the command: whoever has one waits for no more than one of each other', async () => {
    await busy();
    const settled = [submitFor(on('flood'), ...creates('f', 5_000)), submitFor(on('another'), ...creates('g', 5_000))];
    settled.push(submitFor(on('small'), create('s0'), create('s1')));
    held.end();
    await transaction(2);
    expect(ids(held.batches[1]).slice(0, 6)).toEqual(['f0', 'g0', 's0', 'f1', 'g1', 's1']);
    await endAllUntil(Promise.all(settled));
    for (const prefix of ['f', 'g']) {
      const sent = ids(held.batches.flat()).filter((id) => id.startsWith(prefix) && id !== 'first');
      expect(sent).toEqual(ids(creates(prefix, 5_000)));
    }
  });

  test('by size: one large command is worth many small ones', async () => {
    await busy();
    const large = Array.from({ length: 8 }, (_, i) => create(`l${i}`, { argsJson: `["${'x'.repeat(1_000_000)}"]` }));
    const settled = [submitFor(on('large'), ...large), submitFor(on('small'), ...creates('s', 700))];
    held.end();
    await endAllUntil(Promise.all(settled));
    const order = ids(held.batches.flat()).slice(1);
    expect(order.slice(0, order.indexOf('s699')).filter((id) => id.startsWith('l')).length).toBeLessThanOrEqual(4);
  });

  test('one that floods meets its own limit, and others find room', async () => {
    await busy();
    const flood = [submitFor(on('flood'), ...creates('f', 15_000))];
    const next = submitFor(on('next'), ...creates('n', 10_000));
    const small = submitFor(on('small'), ...creates('s', 100));
    await endAllUntil(Promise.all([...flood, next, small]));
    const accepted = async (settled: Promise<PromiseSettledResult<Decision>[]>) =>
      (await statuses(settled)).filter((status) => status === 'fulfilled').length;
    expect([await accepted(flood[0] as typeof next), await accepted(next), await accepted(small)]).toEqual([
      10_000, 5_000, 100,
    ]);
    expect((await next).at(-1)).toMatchObject({ reason: { reason: 'LIMIT_REACHED' } });
  });

  test('one whose commands all wait for one id holds up nobody', async () => {
    await busy();
    const flood = submitFor(on('flood'), ...Array.from({ length: 5_000 }, () => start('first')));
    const others = submitFor(on('others'), ...creates('o', 600));
    await transaction(2);
    expect(new Set(ids(held.batches[1]))).toEqual(new Set(ids(creates('o', 256))));
    await endAllUntil(Promise.all([flood, others]));
  });
});

test('a transaction takes a few MiB at most, far below what databases take at once', async () => {
  const large = `["${'x'.repeat(1024 * 1024)}"]`;
  await busy();
  await endAllUntil(submit(...Array.from({ length: 10 }, (_, i) => create(`${i}`, { argsJson: large }))));
  expect(Math.max(...sizes())).toBeLessThanOrEqual(5);
});

test('10,000 of one connection may wait; the next one is told to come back, and there is room again later', async () => {
  await busy();
  const waiting = submit(...Array.from({ length: 10_000 }, (_, i) => start(`${i}`)));
  await expect(queue.submit(create('one too many'), ITSELF)).rejects.toMatchObject({ reason: 'LIMIT_REACHED' });
  held.end();
  await transaction(2);
  const another = submit(create('another'));
  await endAllUntil(Promise.all([waiting, another]));
  expect((await waiting).every(({ status }) => status === 'fulfilled')).toBe(true);
  expect((await another)[0]?.status).toBe('fulfilled');
});

test('so may 128 MiB', async () => {
  const large = `["${'x'.repeat(1024 * 1024)}"]`;
  await busy();
  const settled = submit(...Array.from({ length: 129 }, (_, i) => create(`${i}`, { argsJson: large })));
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

test('a bug and a locked row in one transaction: what waits for the row keeps its order', async () => {
  held.locked.add('x');
  const settled = submit(start('x', 'w1'), start('x', 'w2'), create('a'));
  await transaction(1);
  held.end(new Error('a bug'));
  await transaction(2);
  held.end();
  held.locked.clear(); // just now
  await endAllUntil(settled);
  expect(held.batches.slice(1)).toEqual([[start('x', 'w1')], [create('a')], [start('x', 'w1'), start('x', 'w2')]]);
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
