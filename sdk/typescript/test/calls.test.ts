import { Link } from '../../../test/support/link';
import { until } from '../../../test/support/until';
import { CancelledError, TaskResults, TaskResultsError, UnauthenticatedError } from '../src';
import { Fixture, freshId } from './support/fixture';
import { TappedLink } from './support/tapped-link';

let fixture: Fixture;
let client: TaskResults;

beforeAll(async () => {
  fixture = await Fixture.start({ token: 'secret' });
  client = fixture.client({ token: 'secret' });
});

afterAll(() => fixture.remove());

test('the token goes with calls and streams', async () => {
  const { id } = await client.create({ path: 'app.tasks.secret' });
  for await (const { status } of client.watch(id)) {
    expect(status).toBe('READY');
    break;
  }
  const wrong = fixture.client({ token: 'wrong' });
  await expect(wrong.get(id)).rejects.toThrow(UnauthenticatedError);
  await expect(wrong.wait(id)).rejects.toThrow(UnauthenticatedError);
  await expect(
    fixture
      .client()
      .watchEvents({ ids: [id] })
      .next(),
  ).rejects.toThrow(UnauthenticatedError);
});

test('a call has a deadline', async () => {
  const link = await Link.to(fixture.server.port);
  const stalled = fixture.client({ target: `127.0.0.1:${link.port}`, token: 'secret', timeoutMs: 300 });
  try {
    await stalled.getMany(['x']);
    link.stall();
    const startedAt = performance.now();
    await expect(stalled.get('x')).rejects.toMatchObject({ reason: 'DEADLINE_EXCEEDED', code: 4 });
    expect(performance.now() - startedAt).toBeGreaterThan(250);
    await expect(stalled.get('x', { timeoutMs: 50 })).rejects.toMatchObject({ reason: 'DEADLINE_EXCEEDED' });
  } finally {
    await link.close();
  }
});

test('calls are repeated until the server is back', async () => {
  const id = freshId();
  await client.register({ path: 'app.tasks.outage', id });
  await fixture.server.kill();
  const answers = Promise.all([
    client.create({ path: 'app.tasks.outage', id: freshId() }),
    client.get(id),
    client.startAttempt(id, 'w'),
    client.delete(freshId(), { allowMissing: true }),
  ]);
  // Not in their mind to wait for anybody.
  await expect(client.delete(id)).rejects.toMatchObject({ reason: 'UNAVAILABLE' });
  await expect(fixture.client({ token: 'secret', retry: false }).get(id)).rejects.toMatchObject({
    reason: 'UNAVAILABLE',
  });
  await fixture.server.restart();
  const [created, , started] = await answers;
  expect(created.revision).toBe(1);
  expect(started.attempt).toBe(1);
});

test('repeating ends with the deadline', async () => {
  const nobody = fixture.client({ target: '127.0.0.1:1', timeoutMs: 500 });
  const startedAt = performance.now();
  await expect(nobody.get('x')).rejects.toMatchObject({ reason: 'UNAVAILABLE' });
  expect(performance.now() - startedAt).toBeLessThan(5_000);
});

test('a signal ends a call', async () => {
  const link = await TappedLink.to(fixture.server.port);
  const stalled = fixture.client({ target: link.address, token: 'secret' });
  try {
    await stalled.getMany(['x']);
    link.mute();
    const stop = new AbortController();
    const calls = [stalled.get('x', { signal: stop.signal }), stalled.list({}, { signal: stop.signal }).next()];
    await until(() => link.open === 2, 'both are under way');
    stop.abort(new Error('enough'));
    for (const call of calls) {
      await expect(call).rejects.toMatchObject({ name: 'AbortError', reason: 'CANCELLED', cause: stop.signal.reason });
    }
    await expect(stalled.get('x', { signal: stop.signal })).rejects.toThrow(CancelledError);
    await until(() => link.open === 0, 'the server is told');
  } finally {
    await link.close();
  }
});

test('a signal ends the pause before a call is made again', async () => {
  const nobody = fixture.client({ target: '127.0.0.1:1', timeoutMs: 60_000 });
  await expect(nobody.get('x', { signal: AbortSignal.timeout(400) })).rejects.toThrow(CancelledError);
});

test('close ends all that is under way', async () => {
  const { id } = await client.create({ path: 'app.tasks.closed' });
  const own = fixture.client({ token: 'secret' });
  const watch = own.watch(id);
  const events = own.watchEvents({ ids: [id] });
  await Promise.all([watch.next(), events.next()]);
  const nobody = new TaskResults('127.0.0.1:1');
  const underWay = [own.wait(id), watch.next(), events.next(), nobody.get(id), nobody.wait(id)];
  for (const promise of underWay) promise.catch(() => {});
  own.close();
  nobody.close();
  for (const promise of underWay) {
    await expect(promise).rejects.toMatchObject({ reason: 'CANCELLED', message: 'the client is closed' });
  }
  for (const late of [own.get(id), own.wait(id), own.watchEvents({ ids: [id] }).next()]) {
    await expect(late).rejects.toThrow(CancelledError);
  }
  own.close();
});

test('a client can be disposed of', async () => {
  const own = new TaskResults(fixture.server.address, { token: 'secret' });
  own[Symbol.dispose]();
  await expect(own.get('x')).rejects.toThrow(TaskResultsError);
});
