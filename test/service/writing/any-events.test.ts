import { setImmediate as endOfTick } from 'node:timers/promises';
import fc from 'fast-check';
import type { Command } from '../../../src/domain/command';
import { storeUnavailable } from '../../../src/domain/errors';
import { MAX_WAITING_WRITES } from '../../../src/domain/limits';
import type { Outcome, TaskResultStore } from '../../../src/domain/store';
import { WriteQueue } from '../../../src/service/writing/write-queue';
import { create, remove, succeed } from '../../support/commands';

type End = 'well' | 'out of reach' | 'with a bug';

/** Who submitted a command, as which of this connection, and how often it was done. */
interface Origin {
  connection: string;
  number: number;
  done: number;
}

/** A store whose transactions a test ends in any order. It notes whatever a queue must never do. */
class WatchfulStore {
  readonly origins = new Map<Command, Origin>();
  readonly locked = new Set<string>();
  readonly faults: string[] = [];
  readonly #inFlight: { ids: Set<string>; end(how: End): void }[] = [];
  readonly #last = new Map<string, number>();

  readonly store = { transact: (...given) => this.#transact(...given) } as TaskResultStore;

  end(place: number, how: End): void {
    const [transaction] = this.#inFlight.splice(place % Math.max(1, this.#inFlight.length), 1);
    transaction?.end(how);
  }

  #transact(...[commands, isGone]: Parameters<TaskResultStore['transact']>): Promise<Outcome[]> {
    const ids = new Set(commands.map(({ id }) => id));
    const busy = this.#inFlight.flatMap((transaction) => [...transaction.ids]);
    if (busy.some((id) => ids.has(id))) this.faults.push('an id in two transactions');
    return new Promise((resolve, reject) => {
      const end = (how: End) => {
        if (how === 'well') resolve(commands.map((command, place) => this.#outcome(command, isGone?.(place) ?? false)));
        else reject(how === 'with a bug' ? new Error('a bug') : storeUnavailable(new Error('a fault')));
      };
      this.#inFlight.push({ ids, end });
    });
  }

  #outcome(command: Command, isGone: boolean): Outcome {
    if (isGone) return { kind: 'dropped' };
    if (this.locked.has(command.id)) return { kind: 'locked' };
    const origin = this.origins.get(command) as Origin;
    if (origin.done++ > 0) this.faults.push('done twice');
    const ofOne = `${origin.connection} ${command.id}`;
    if (origin.number < (this.#last.get(ofOne) ?? 0)) this.faults.push(`${ofOne}: out of order`);
    this.#last.set(ofOne, origin.number);
    return { kind: 'unchanged', state: null };
  }
}

const LARGE = 'x'.repeat(1024 * 1024);

const few = fc.nat({ max: 3 });
const submission = fc.record({
  /** Connections that submit at once. */
  connections: fc.integer({ min: 1, max: 40 }),
  /** What each of them submits, in this order. */
  ids: fc.array(fc.constantFrom('x', 'y', 'of its own'), { minLength: 1, maxLength: 8 }),
  what: fc.constantFrom('succeed', 'large', 'recreate'),
  /** After so many ends of the event loop, callers are gone. */
  goneAfter: fc.option(few, { freq: 4 }),
});
const event = fc.oneof(
  fc.record({ submit: submission }),
  fc.record({
    end: fc.record({ place: few, how: fc.constantFrom<End>('well', 'well', 'well', 'out of reach', 'with a bug') }),
  }),
  fc.record({ lock: fc.constantFrom('x', 'y') }),
  fc.record({ unlock: fc.constantFrom('x', 'y') }),
);

test('whatever happens: commands of one connection for one id keep their order, and each is answered once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(event, { minLength: 10, maxLength: 60 }), async (events) => {
      const held = new WatchfulStore();
      const queue = new WriteQueue(held.store, 1);
      let number = 0;
      let unsettled = 0;
      const submit = (command: Command, connection: string, goneAfter: number | null) => {
        const caller = { connection, isGone: false };
        const origin = { connection, number: ++number, done: 0 };
        held.origins.set(command, origin);
        unsettled++;
        const settle = (expected: boolean) => {
          unsettled--;
          if (origin.done > 0 !== expected) held.faults.push('the answer is not what happened');
        };
        queue.submit(command, caller).then(
          () => settle(true),
          () => settle(false),
        );
        if (goneAfter !== null) void ticks(goneAfter).then(() => Object.assign(caller, { isGone: true }));
      };
      const allAnswered = async () => {
        for (; unsettled > 0; await endOfTick()) held.end(0, 'well');
      };
      for (const happening of events) {
        if ('submit' in happening) {
          const { connections, ids, what, goneAfter } = happening.submit;
          for (let connection = 0; connection < connections; connection++) {
            for (const id of ids) {
              const target = id === 'of its own' ? `${connection}` : id;
              for (const command of commandsOf(what, target)) submit(command, `${connection}`, goneAfter);
            }
          }
        } else if ('end' in happening) held.end(happening.end.place, happening.end.how);
        else if ('lock' in happening) held.locked.add(happening.lock);
        else held.locked.delete(happening.unlock);
        await ticks(2);
      }
      held.locked.clear();
      await allAnswered();
      // Nothing is held of what connections share.
      for (let i = 0; i < MAX_WAITING_WRITES / 2; i++) submit(succeed(`${i}`), 'another', null);
      const closed = queue.close();
      await allAnswered();
      await closed;
      expect(held.faults).toEqual([]);
      expect(
        [...held.origins.values()].filter(({ connection, done }) => connection === 'another' && done !== 1),
      ).toEqual([]);
    }),
    { numRuns: 40 },
  );
});

function commandsOf(what: 'succeed' | 'large' | 'recreate', id: string): Command[] {
  if (what === 'recreate') return [create(id), remove(id), create(id)];
  return [succeed(id, 1, what === 'large' ? LARGE : '1')];
}

async function ticks(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await endOfTick();
}
