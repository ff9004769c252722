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

  /** Creates one after the other while `flood` goes on: milliseconds that each took, sorted. */
  const createOneByOne = async (flood: Promise<unknown>): Promise<number[]> => {
    let isOver = false;
    void flood.finally(() => {
      isOver = true;
    });
    const client = connectTo(service.address);
    const calls = callsOf(client);
    await calls.created(); // it is connected
    const took: number[] = [];
    while (!isOver && took.length < 100) {
      const before = performance.now();
      await calls.created();
      took.push(performance.now() - before);
    }
    client.close();
    return took.sort((a, b) => a - b);
  };

  test('with calls over one connection: who has one call at a time waits for a batch or two, not for all of them', async () => {
    const client = connectTo(service.address);
    const calls = callsOf(client);
    const began = performance.now();
    const flood = Promise.allSettled(Array.from({ length: 8_000 }, () => calls.create(fresh('flood'))));
    const took = await createOneByOne(flood);
    await flood;
    const all = performance.now() - began;
    client.close();
    expect(took[Math.floor(took.length / 2)]).toBeLessThan(all / 8);
  });

  test('with streams: they meet their own limit, and nobody else does', async () => {
    const client = connectTo(service.address);
    const streams = Array.from({ length: 20 }, () => client.writes.recordTransitions());
    let [done, refused] = [0, 0];
    for (const stream of streams) {
      stream.on('data', ({ more, ...first }: RecordTransitionsResponse) => {
        for (const { outcome } of [first, ...more]) outcome?.$case === 'state' ? done++ : refused++;
      });
      const create = (_: unknown, i: number) => ({
        number: BigInt(i),
        transition: { $case: 'create' as const, value: createRequest({ id: fresh('streamed') }) },
      });
      stream.end(RecordTransitionsRequest.fromPartial({ more: Array.from({ length: 1_000 }, create) }));
    }
    const flood = Promise.all(streams.map((stream) => new Promise((resolve) => stream.on('end', resolve))));
    await createOneByOne(flood); // none of them is refused
    await flood;
    client.close();
    expect(done + refused).toBe(20_000);
    expect(refused).toBeGreaterThan(0);
  });
});
