import { randomUUID } from 'node:crypto';
import { stripVTControlCharacters } from 'node:util';
import { callsOf } from '../support/calls';
import { CliServer } from '../support/cli-server';
import { killLeftovers, type Program } from '../support/program';
import { connectTo } from '../support/service';
import { until } from '../support/until';

const MANY = 3_000;
const TERMINAL = { rows: 24, columns: 160 };
const SMALL_TERMINAL = { rows: 24, columns: 80 };
/** Besides them there are the head, what is not shown, and the line of the cursor. */
const MAX_ROWS = TERMINAL.rows - 3;
/** In 80 columns not all of it fits next to a UUID. */
const BROKEN = { exceptionClassPath: 'app.Broken', message: 'the printer is on fire again' };
const DRAW_INTERVAL_MS = 100;
/** Each drawing begins by clearing what the one before has drawn. */
const CLEAR_BELOW = '\r\x1b[J';

let server: CliServer;
let clients: ReturnType<typeof connectTo>;

beforeAll(async () => {
  server = await CliServer.start();
  clients = connectTo(server.address);
});

afterAll(async () => {
  await killLeftovers();
  clients.close();
  await server.remove();
});

function drawings({ stdout }: Program): string[] {
  return stdout
    .split(CLEAR_BELOW)
    .slice(1)
    .map((drawing) => drawing.replaceAll('\r\n', '\n'));
}

function lastDrawing(watch: Program): string {
  return drawings(watch).at(-1) ?? '';
}

function lines(drawing: string): number {
  return drawing.split('\n').length - 1;
}

/** The lines of a drawing without what colours them and what switches wrapping. */
function texts(drawing: string): string[] {
  return stripVTControlCharacters(drawing).split('\n');
}

async function createMany(queueName: string, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, (_, n) => `${queueName}-${n}`);
  await Promise.all(ids.map((id) => callsOf(clients).create(id, { task: { path: 'app.tasks.send_mail', queueName } })));
  return ids;
}

async function succeed(id: string): Promise<void> {
  await callsOf(clients).start(id);
  await callsOf(clients).succeed(id);
}

test('thousands of events are drawn a few times a second, only what fits, and the last state is there', async () => {
  await createMany('many', MANY);
  const began = performance.now();
  const watch = server.launchOn(TERMINAL, 'watch', '--queue', 'many');
  await until(() => lastDrawing(watch).includes(`${MANY - MAX_ROWS} more: `), 'all are drawn');

  await succeed('many-7');
  await until(() => /many-7 .*SUCCESSFUL/.test(lastDrawing(watch)), 'the last change is drawn');
  const took = performance.now() - began;
  expect((await watch.kill('SIGINT')).code).toBe(130);

  expect(drawings(watch).length).toBeLessThanOrEqual((1.1 * took) / DRAW_INTERVAL_MS + 2); // timers are a little early
  for (const drawing of drawings(watch)) expect(lines(drawing)).toBeLessThan(TERMINAL.rows);
  expect(lastDrawing(watch)).toMatch(/many-7 .*SUCCESSFUL/);
});

test('a failure among more than fit comes first with its reason, and the others are counted', async () => {
  const count = 60;
  const ids = await createMany('one-fails', count);
  const watch = server.launchOn(SMALL_TERMINAL, 'watch', ...ids);
  await until(() => lastDrawing(watch).includes(' more: '), 'they are drawn', 60_000);

  const [failing = ''] = ids.splice(30, 1);
  await callsOf(clients).start(failing);
  await callsOf(clients).failAttempt(failing, 1, false, BROKEN);
  for (const id of ids) await succeed(id);
  expect((await watch.outcome()).code).toBe(1);

  for (const drawing of drawings(watch)) {
    expect(lines(drawing)).toBeLessThan(SMALL_TERMINAL.rows);
    for (const text of texts(drawing)) expect(text.length).toBeLessThanOrEqual(SMALL_TERMINAL.columns);
  }
  const [head, first] = texts(lastDrawing(watch));
  expect(head).toMatch(/^ID .* STATUS .* OUTCOME$/);
  expect(first).toMatch(/^one-fails-30 .* FAILED .* app\.Broken: the printer/);
  expect(texts(lastDrawing(watch))).toContain('39 more: 39 SUCCESSFUL');
});

test('ids of 36 characters keep their status and reason in 80 columns', async () => {
  const id = randomUUID();
  await callsOf(clients).create(id, { task: { path: 'app.tasks.send_mail', queueName: 'uuids' } });
  await callsOf(clients).start(id);
  await callsOf(clients).failAttempt(id, 1, false, BROKEN);
  const watch = server.launchOn(SMALL_TERMINAL, 'watch', id);
  expect((await watch.outcome()).code).toBe(1);
  expect(texts(lastDrawing(watch))[1]).toBe(`${id}  FAILED  app.Broken: the printer is on fir…`);
});

test('a list fits a terminal, too', async () => {
  await createMany('listed', 3);
  await succeed('listed-1');
  const list = server.launchOn(SMALL_TERMINAL, 'list', '--queue', 'listed');
  expect((await list.outcome()).code).toBe(0);
  const [head = '', ...rows] = texts(list.stdout.replaceAll('\r\n', '\n')).slice(0, -1);
  expect(head).toMatch(/^ID .* STATUS .* OUTCOME$/);
  expect(rows.map((row) => row.split(' ')[0])).toEqual(['listed-2', 'listed-1', 'listed-0']);
  for (const line of [head, ...rows]) expect(line.length).toBeLessThanOrEqual(SMALL_TERMINAL.columns);
});

test('what fits is shown whole, in the order asked for', async () => {
  const ids = await createMany('few', 10);
  const watch = server.launchOn(TERMINAL, 'watch', ...ids, 'nobody', '--keep-open');
  await until(() => lastDrawing(watch).includes('not found'), 'the first state is drawn');
  await Promise.all(ids.map(succeed));
  const shown = new RegExp([...ids.map((id) => `${id} .*SUCCESSFUL`), 'nobody .*not found'].join('.*\n.*'));
  await until(() => shown.test(lastDrawing(watch)), 'the last state is drawn');
  await watch.kill('SIGINT');
});

test('the end of a watch draws what came just before it', async () => {
  const ids = await createMany('ending', 10);
  const watch = server.launchOn(TERMINAL, 'watch', ...ids);
  await until(() => drawings(watch).length > 0, 'something is drawn');
  await Promise.all(ids.map(succeed));
  expect((await watch.outcome()).code).toBe(0);
  for (const id of ids) expect(lastDrawing(watch)).toMatch(new RegExp(`${id} .*SUCCESSFUL`));
});

test('a result that no longer matches leaves the table', async () => {
  await createMany('leaving', 2);
  const watch = server.launchOn(TERMINAL, 'watch', '--queue', 'leaving', '--status', 'READY');
  await until(() => /leaving-0/.test(lastDrawing(watch)) && /leaving-1/.test(lastDrawing(watch)), 'both are drawn');
  await callsOf(clients).start('leaving-0');
  await until(() => !/leaving-0/.test(lastDrawing(watch)) && /leaving-1/.test(lastDrawing(watch)), 'one has left');
  await watch.kill('SIGINT');
});

test('a lost watch is noted below the table, until its next event', async () => {
  await createMany('losing', 1);
  const watch = server.launchOn(TERMINAL, 'watch', '--queue', 'losing');
  await until(() => /losing-0 .*READY/.test(lastDrawing(watch)), 'the first state is drawn');
  await server.kill();
  await until(() => /losing-0[\s\S]*\nthe watch was lost/.test(lastDrawing(watch)), 'the loss is drawn');
  await server.restart();
  await server.json('start', 'losing-0', '--worker', 'w');
  const isBack = () => /losing-0 .*RUNNING/.test(lastDrawing(watch)) && !/was lost/.test(lastDrawing(watch));
  await until(isBack, 'the newest state is drawn, without the note');
  await watch.kill('SIGINT');
});
