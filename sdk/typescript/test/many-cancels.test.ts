import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../../../test/support/until';
import type { TaskResults } from '../src/index';
import { Fixture, finish, freshId } from './support/fixture';
import { TappedLink } from './support/tapped-link';

let fixture: Fixture;
let link: TappedLink;
let client: TaskResults;

beforeAll(async () => {
  fixture = await Fixture.start();
  link = await TappedLink.to(fixture.server.port);
  client = fixture.client({ target: link.address });
});

afterAll(async () => {
  await link?.close();
  await fixture?.remove();
});

async function create(): Promise<string> {
  return (await client.register({ path: 'app.tasks.beside', id: freshId() })).id;
}

/** Opens a stream, and cancels it before anything more can come. */
async function cancelOne(id: string): Promise<void> {
  const events = client.watchEvents({ ids: [id] });
  await events.next();
  await events.return();
}

// Node.js 20 closes a connection at more than 1,000 cancels in a burst and 33 a second:
// docs/decisions/stream-resets.md.
test('some 450 cancels a second disturb nothing beside them', async () => {
  const [watched, waited, other] = await Promise.all([create(), create(), create()]);
  const statuses: string[] = [];
  const watching = (async () => {
    for await (const { status } of client.watch(watched)) statuses.push(status);
  })();
  const waiting = client.wait(waited);
  let isOver = false;
  let gets = 0;
  const getting = (async () => {
    for (; !isOver; gets++) await client.get(other);
  })();

  const cancels: Promise<void>[] = [];
  // Until it has, or as often as tells that this server's Node.js allows it.
  while (link.connections < 2 && cancels.length < 4_000) {
    for (let i = 0; i < 9; i++) cancels.push(cancelOne(other));
    await delay(20);
  }
  await Promise.all(cancels);
  await Promise.all([finish(client, watched), finish(client, waited)]);
  isOver = true;

  expect((await waiting).status).toBe('SUCCESSFUL');
  await watching;
  expect(statuses[0]).toBe('READY');
  expect(statuses.at(-1)).toBe('SUCCESSFUL');
  await getting;
  expect(gets).toBeGreaterThan(10);
  expect(link.cancelled).toBeGreaterThan(1_000);
  await until(() => link.open === 0, 'no stream is open');
});
