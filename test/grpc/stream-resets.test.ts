import { status } from '@grpc/grpc-js';
import { callsOf } from '../support/calls';
import { startOn, type TestService } from '../support/service';
import { until } from '../support/until';
import { brief, byIds, openWatch } from '../support/watching';

/** By itself, Node.js closes a connection at more than 1,000 resets in a burst. */
const RESETS = 3_000;

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const NODE_CAN_ALLOW_MORE = major > 22 || (major === 22 && minor >= 10);

let service: TestService;
beforeAll(async () => {
  service = await startOn('sqlite');
});
afterAll(() => service?.stop());

/** What became of a watch while thousands of others were cancelled at once, on the same connection. */
async function besidesManyResets(): Promise<{ code: number; events: string[] }> {
  const { create, fail } = callsOf(service);
  await create('watched');
  const open = () => openWatch(service.reads, { target: byIds('watched') });
  const [kept, ...cancelled] = [open(), ...Array.from({ length: RESETS }, open)];
  await until(() => [kept, ...cancelled].every(({ events }) => events.length > 0), 'all watches are open');
  for (const { stream } of cancelled) stream.cancel();
  await Promise.all(cancelled.map(({ ended }) => ended));
  await fail('watched').catch(() => fail('watched')); // the first one may find its connection closed
  return { code: await kept.ended, events: kept.events.map(brief) };
}

if (NODE_CAN_ALLOW_MORE) {
  test('thousands of cancelled calls do not disturb another on their connection', async () => {
    const { code, events } = await besidesManyResets();
    expect(code).toBe(status.OK);
    expect(events).toEqual(['snapshot watched@1', 'snapshot watched@2', 'end']);
  });
} else {
  // When this fails, Node.js has changed: docs/decisions/stream-resets.md.
  test('on this Node.js, thousands of cancelled calls break another on their connection: INTERNAL', async () => {
    const { code, events } = await besidesManyResets();
    expect(code).toBe(status.INTERNAL);
    expect(events).toEqual(['snapshot watched@1']);
  });
}
