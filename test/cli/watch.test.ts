import { CliServer } from '../support/cli-server';
import { killLeftovers, type Program } from '../support/program';

let server: CliServer;

beforeAll(async () => {
  server = await CliServer.start();
});

afterAll(async () => {
  await killLeftovers();
  await server.remove();
});

async function create(id: string, ...options: string[]): Promise<void> {
  await server.json('create', 'app.tasks.send', '--id', id, ...options);
}

/** Starts and finishes the next attempt. */
async function succeed(id: string): Promise<void> {
  const [{ attempts }] = await server.json('start', id, '--worker', 'w');
  await server.json('finish', id, '--attempt', String(attempts), '--value', 'null');
}

function events({ stdout }: Program): string[] {
  const lines = stdout.split('\n').filter(Boolean);
  return lines.map((line) => {
    const { event, id, taskResult } = JSON.parse(line);
    return event === 'snapshot' ? `${taskResult.id} ${taskResult.status} ${taskResult.revision}` : `${id} ${event}`;
  });
}

test('a watch shows each change and ends with 0 when all are successful', async () => {
  await create('w1');
  await create('w2');
  const watch = server.launch('watch', 'w1', 'w2', '--json');
  await watch.printed(/"w1"[\s\S]*"w2"|"w2"[\s\S]*"w1"/);
  await server.json('start', 'w1', '--worker', 'w');
  await watch.printed(/RUNNING/);
  await server.json('finish', 'w1', '--attempt', '1', '--value', 'null');
  await succeed('w2');

  expect(await watch.outcome()).toMatchObject({ code: 0, stderr: '' });
  const seen = events(watch);
  expect(seen).toEqual(expect.arrayContaining(['w1 READY 1', 'w1 RUNNING 2', 'w1 SUCCESSFUL 3', 'w2 SUCCESSFUL 3']));
});

test('a result that has failed, is deleted or not found makes it 1', async () => {
  await create('failed');
  await server.json('fail-unstarted', 'failed');
  expect(await server.run('watch', 'failed')).toMatchObject({ code: 1, stdout: expect.stringContaining('FAILED') });

  expect(await server.run('watch', 'nobody')).toEqual({ code: 1, stdout: 'nobody  not found\n', stderr: '' });

  await create('gone');
  const watch = server.launch('watch', 'gone');
  await watch.printed(/READY/);
  await server.json('delete', 'gone');
  expect(await watch.outcome()).toMatchObject({ code: 1, stdout: expect.stringMatching(/\ngone {2}deleted\n$/) });
});

test('--keep-open goes on after the end, also for an id that comes later', async () => {
  const watch = server.launch('watch', 'later', '--keep-open', '--json');
  await watch.printed(/not_found/);
  await create('later');
  await watch.printed(/READY/);
  await succeed('later');
  await watch.printed(/SUCCESSFUL/);
  await server.json('delete', 'later');
  await watch.printed(/deleted/);
  await watch.kill('SIGINT');
});

test('a watch outlives a crash of the server, and sees nothing twice', async () => {
  await create('crash');
  const watch = server.launch('watch', 'crash', '--json');
  await watch.printed(/READY/);
  await server.kill();
  await server.restart();
  await succeed('crash');

  const { code, stderr } = await watch.outcome();
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringMatching(/^the watch was lost, .*\n$/) });
  const seen = events(watch);
  expect(seen[0]).toBe('crash READY 1');
  expect(seen.at(-1)).toBe('crash SUCCESSFUL 3');
  expect(new Set(seen).size).toBe(seen.length);
});

test('a watch by filter shows what comes to match, and what no longer does', async () => {
  await create('f1', '--queue', 'filtered');
  const watch = server.launch('watch', '--queue', 'filtered', '--status', 'READY', '--json');
  await watch.printed(/"f1"/);
  await create('f2', '--queue', 'filtered');
  await watch.printed(/"f2"/);
  await server.json('start', 'f1', '--worker', 'w');
  await watch.printed(/"unmatched","id":"f1","incarnation":\d+,"revision":2/);
  await server.json('delete', 'f2');
  await watch.printed(/"deleted","id":"f2"/);
  await watch.kill('SIGINT');
});
