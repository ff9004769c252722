import { credentials, type ServiceError } from '@grpc/grpc-js';
import { TaskLifecycleServiceClient } from '@taskresults/protocol/taskresults/v1/task_lifecycle_service';
import { TaskResultServiceClient } from '@taskresults/protocol/taskresults/v1/task_result_service';
import pino from 'pino';
import { type Calls, callsOf } from './support/calls';
import { ChildServer } from './support/child-server';
import { type TemporaryDatabase, temporaryDatabase } from './support/engines';
import { refusal } from './support/refusal';
import { serve, type TestService } from './support/service';

/** Ids that are contested at a time. */
const AT_ONCE = 32;

let temporary: TemporaryDatabase;
let closing: (() => unknown)[] = [];
beforeEach(async () => {
  temporary = await temporaryDatabase('mysql');
});
afterEach(async () => {
  for (const close of closing.reverse()) await close();
  closing = [];
  await temporary.drop();
});

/** Two servers as processes of their own, each with the system's clock. */
async function twoProcesses(): Promise<Calls[]> {
  const url = temporary.database.engine === 'mysql' ? temporary.database.url : '';
  const servers = [await ChildServer.start(url, 0, ['--migrate']), await ChildServer.start(url)];
  return servers.map((server) => {
    const reads = new TaskResultServiceClient(server.address, credentials.createInsecure());
    const writes = new TaskLifecycleServiceClient(server.address, credentials.createInsecure());
    closing.push(() => server.end());
    closing.push(() => writes.close());
    closing.push(() => reads.close());
    return callsOf({ reads, writes });
  });
}

/** Two servers that share a clock which stands still. */
async function twoOnOneFixedClock(): Promise<Calls[]> {
  const silent = pino({ level: 'silent' });
  const start = () => serve(temporary.database, {}, silent, () => Date.UTC(2026, 0, 1) * 1_000);
  const services: TestService[] = [await start(), await start()];
  closing.push(async () => {
    for (const service of services) await service.stop();
  });
  return services.map(callsOf);
}

/** Who was told OK, by the place of the rival; the others were all refused with `reason`. */
async function winners(calls: Promise<unknown>[], reason: string): Promise<number[]> {
  const answers = await Promise.allSettled(calls);
  const won: number[] = [];
  for (const [i, answer] of answers.entries()) {
    if (answer.status === 'fulfilled') won.push(i);
    else expect((await refusal(Promise.reject(answer.reason as ServiceError))).reason).toBe(reason);
  }
  return won;
}

async function contest(rounds: number, round: (n: number) => Promise<void>): Promise<void> {
  let next = 0;
  const play = async () => {
    while (next < rounds) await round(next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, play));
}

describe.each([
  ['two processes', twoProcesses, 5_000],
  ['two servers on one clock that stands still', twoOnOneFixedClock, 1_000],
] as const)('of %s that are asked at once', (_which, begin, rounds) => {
  test('one starts an attempt, and the other is told that it runs', async () => {
    const rivals = await begin();
    await contest(rounds, async (n) => {
      const id = `start-${n}`;
      await rivals[n % 2]?.create(id);
      const won = await winners(
        rivals.map((rival, i) => rival.start(id, `w${i}`, { requestId: `r${i}` })),
        'ATTEMPT_IN_PROGRESS',
      );
      expect(won).toHaveLength(1);
      const { workerIds } = await (rivals[0] as Calls).get(id);
      expect(workerIds).toEqual([`w${won[0]}`]);
    });
  });

  test('one creates a result, and the other is told that it has other content', async () => {
    const rivals = await begin();
    await contest(rounds, async (n) => {
      const id = `create-${n}`;
      const won = await winners(
        rivals.map((rival, i) => rival.create(id, { argsJson: `[${i}]` })),
        'TASK_RESULT_EXISTS',
      );
      expect(won).toHaveLength(1);
      expect((await (rivals[0] as Calls).get(id)).argsJson).toBe(`[${won[0]}]`);
    });
  });
});
