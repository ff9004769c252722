import {
  RecordTransitionsRequest,
  type RecordTransitionsResponse,
} from '@taskresults/protocol/taskresults/v1/task_lifecycle_service';
import { callsOf, createRequest } from '../support/calls';
import { ENGINES } from '../support/engines';
import { fresh } from '../support/fresh';
import { connectTo, startOn, type TestService } from '../support/service';

describe.each(ENGINES)('on %s, while others flood the queue of writes', (engine) => {
  let service: TestService;
  beforeAll(async () => {
    service = await startOn(engine);
  });
  afterAll(() => service?.stop());

  /** Creates one after the other while `flood` goes on. Returns how much of the flood was answered during each. */
  const createOneByOne = async (flood: Promise<unknown>, answered: () => number): Promise<number[]> => {
    let isOver = false;
    void flood.finally(() => {
      isOver = true;
    });
    const client = connectTo(service.address);
    const calls = callsOf(client);
    const meanwhile: number[] = [];
    while (!isOver) {
      const before = answered();
      await calls.created();
      meanwhile.push(answered() - before);
    }
    client.close();
    return meanwhile;
  };

  /** Streams over one connection that create a thousand results each, all at once. */
  const floodWith = (streams: number) => {
    const client = connectTo(service.address);
    const counts = { done: 0, refused: 0 };
    const create = (_: unknown, i: number) => ({
      number: BigInt(i),
      transition: { $case: 'create' as const, value: createRequest({ id: fresh('flood') }) },
    });
    const ends = Array.from({ length: streams }, () => {
      const stream = client.writes.recordTransitions();
      stream.on('data', ({ more, ...first }: RecordTransitionsResponse) => {
        for (const { outcome } of [first, ...more]) counts[outcome?.$case === 'state' ? 'done' : 'refused']++;
      });
      stream.end(RecordTransitionsRequest.fromPartial({ more: Array.from({ length: 1_000 }, create) }));
      return new Promise((resolve) => stream.on('end', resolve));
    });
    return { counts, over: Promise.all(ends).finally(() => client.close()) };
  };

  test('who has one call at a time waits for some of theirs, not for all', async () => {
    const { counts, over } = floodWith(9);
    const meanwhile = await createOneByOne(over, () => counts.done);
    expect(counts).toEqual({ done: 9_000, refused: 0 });
    expect(Math.max(...meanwhile)).toBeLessThan(6_000);
  });

  test('they meet their own limit, and nobody else does', async () => {
    const { counts, over } = floodWith(20);
    await createOneByOne(over, () => counts.done); // none of them is refused
    expect(counts.done + counts.refused).toBe(20_000);
    expect(counts.refused).toBeGreaterThan(0);
  });
});
