import type { Caller } from '../../src/domain/caller';
import { FairTurns } from '../../src/service/fair-turns';
import { until } from '../support/until';

function caller(connection: string, isGone = false): Caller & { isGone: boolean } {
  return { connection, isGone };
}

/** Work that is let go by hand; `begun` says what has begun, in order. */
class Bench {
  readonly begun: string[] = [];
  readonly #open: (() => void)[] = [];

  work(name: string): () => Promise<string> {
    return () => {
      this.begun.push(name);
      return new Promise((resolve) => this.#open.push(() => resolve(name)));
    };
  }

  finishOne(): void {
    this.#open.shift()?.();
  }
}

test('connections take turns, whatever each of them asks for', async () => {
  const turns = new FairTurns(1);
  const bench = new Bench();
  const all: Promise<string>[] = [];
  const ask = (connection: string, n: number) =>
    all.push(turns.run(caller(connection), bench.work(`${connection}${n}`)));
  for (let n = 0; n < 4; n++) ask('a', n);
  for (let n = 0; n < 2; n++) ask('b', n);
  ask('c', 0);
  for (let done = 0; done < all.length; done++) {
    await until(() => bench.begun.length === done + 1, 'the next one has begun');
    bench.finishOne();
  }
  expect(await Promise.all(all)).toHaveLength(7);
  expect(bench.begun).toEqual(['a0', 'a1', 'b0', 'c0', 'a2', 'b1', 'a3']);
});

test('no more run at a time than may', async () => {
  const turns = new FairTurns(2);
  let running = 0;
  let most = 0;
  const work = async () => {
    most = Math.max(most, ++running);
    await new Promise(setImmediate);
    running--;
  };
  await Promise.all(Array.from({ length: 50 }, (_, i) => turns.run(caller(`${i % 3}`), work)));
  expect(most).toBe(2);
});

test('what waits for somebody who has gone is not begun', async () => {
  const turns = new FairTurns(1);
  const bench = new Bench();
  const [first, gone] = [caller('a'), caller('b')];
  const answers = [turns.run(first, bench.work('first')), turns.run(gone, bench.work('gone'))];
  await until(() => bench.begun.length === 1, 'the first one has begun');
  gone.isGone = true;
  bench.finishOne();
  await expect(answers[1]).rejects.toMatchObject({ reason: 'STORE_UNAVAILABLE' });
  expect(await answers[0]).toBe('first');
  expect(bench.begun).toEqual(['first']);
});

test('connections share the places, and each has one', async () => {
  const turns = new FairTurns(1);
  const bench = new Bench();
  const answers: Promise<string>[] = [];
  const ask = (connection: string) => {
    const answer = turns.run(caller(connection), bench.work(connection), 4);
    answers.push(answer);
    return answer.catch((error) => error.reason);
  };
  void ask('a');
  await until(() => bench.begun.length === 1, 'the first one has begun');
  for (let n = 0; n < 4; n++) void ask('a');
  expect(await ask('a')).toBe('LIMIT_REACHED');
  for (let n = 0; n < 2; n++) void ask('b');
  expect(await ask('b')).toBe('LIMIT_REACHED');
  for (const connection of ['c', 'd', 'e', 'f']) void ask(connection);
  let isOver = false;
  const all = Promise.allSettled(answers).then((outcomes) => {
    isOver = true;
    return outcomes.filter(({ status }) => status === 'rejected');
  });
  await until(() => {
    bench.finishOne();
    return isOver;
  }, 'all are over');
  expect(await all).toHaveLength(2);
  for (const connection of ['c', 'd', 'e', 'f']) expect(bench.begun).toContain(connection);
});

test('one that fails ends its turn', async () => {
  const turns = new FairTurns(1);
  const fails = turns.run(caller('a'), () => Promise.reject(new Error('no')));
  const next = turns.run(caller('a'), async () => 'next');
  await expect(fails).rejects.toThrow('no');
  expect(await next).toBe('next');
});

test('one that hangs holds up nobody for long', async () => {
  const turns = new FairTurns(1);
  const hangs = turns.run(caller('a'), () => new Promise<string>(() => {}));
  expect(await turns.run(caller('b'), async () => 'next')).toBe('next');
  await expect(Promise.race([hangs, Promise.resolve('hangs')])).resolves.toBe('hangs');
});

test('the watches of a connection do not stand in the way of its calls', async () => {
  const turns = new FairTurns(1);
  const bench = new Bench();
  const watches = ['a', 'b'].flatMap((connection) =>
    Array.from({ length: 1_100 }, () => turns.run(caller(connection), bench.work('watch'))),
  );
  const listed = turns.run(caller('a'), bench.work('list'), 2_000);
  for (let done = 0; !bench.begun.includes('list'); done++) {
    await until(() => bench.begun.length === done + 1, 'the next one has begun');
    bench.finishOne();
    expect(done).toBeLessThan(4);
  }
  bench.finishOne();
  expect(await listed).toBe('list');
  expect(watches).toHaveLength(2_200);
});
