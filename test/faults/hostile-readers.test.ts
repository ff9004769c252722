import { setTimeout as delay } from 'node:timers/promises';
import {
  BatchGetTaskResultsRequest,
  GetTaskResultRequest,
  WatchTaskResultsRequest,
} from '@taskresults/protocol/taskresults/v1/task_result_service';
import { MAX_HEALTH_CHECK_MS, MAX_LEFT_MB, MAX_RESIDENT_MB, times, withServer } from '../support/beset-server';
import { callsOf } from '../support/calls';
import type { ChildServer } from '../support/child-server';
import { type Figures, measured } from '../support/ordeal';
import { connectTo } from '../support/service';
import { until } from '../support/until';
import { byIds } from '../support/watching';
import { frame, WireClient, type WireRequest } from '../support/wire';

const MIB = 1024 * 1024;
/** How long callers go on reading nothing. */
const ATTACK_MS = 3_000;
const SERVICE = '/taskresults.v1.TaskResultService';
const IDS = ['a', 'b', 'c', 'd', 'e', 'f'];

/** Six results of 0.5 MB, so that a batch is 3 MB. */
async function fill(server: ChildServer): Promise<void> {
  const { reads, writes, close } = connectTo(server.address);
  const { create, start, succeed } = callsOf({ reads, writes });
  for (const id of IDS) {
    await create(id, { argsJson: `["${'x'.repeat(MIB / 2 - 2_000)}"]` });
    await start(id);
    await succeed(id);
  }
  close();
}

const batch = frame(BatchGetTaskResultsRequest.encode(BatchGetTaskResultsRequest.fromPartial({ ids: IDS })).finish());
const get = frame(GetTaskResultRequest.encode(GetTaskResultRequest.fromPartial({ id: 'a' })).finish());
const watch = frame(
  WatchTaskResultsRequest.encode(
    WatchTaskResultsRequest.fromPartial({ target: byIds(...IDS), keepOpen: true }),
  ).finish(),
);

/**
 * What a server goes through when `count` calls are made over a few connections, and none of their answers is read.
 */
async function unread(server: ChildServer, count: number, path: string, request: WireRequest, connections = 4) {
  let refused = 0;
  const figures = await measured(server, async () => {
    const clients = await Promise.all(Array.from({ length: connections }, () => WireClient.connect(server.port, 0)));
    let answered = 0;
    for (let i = 0; i < count; i++) {
      const { stream, ended } = (clients[i % connections] as WireClient).call(path, request);
      stream.once('response', () => answered++);
      stream.once('close', () => answered++);
      void ended.then((ending) => {
        if (ending === 'RESOURCE_EXHAUSTED LIMIT_REACHED') refused++;
      });
    }
    await until(() => answered >= count, 'all calls are answered or refused');
    await delay(ATTACK_MS);
    for (const client of clients) client.close();
  });
  return { ...figures, refused };
}

function expectBounded(what: string, figures: Figures): void {
  console.info(what, figures);
  expect(figures.peak).toBeLessThan(MAX_RESIDENT_MB);
  expect(figures.after - figures.before).toBeLessThanOrEqual(MAX_LEFT_MB);
  expect(figures.slowestCheckMs).toBeLessThan(MAX_HEALTH_CHECK_MS);
}

test.each([
  ['BatchGets of 3 MB', 'BatchGetTaskResults', batch, times(300, 1_200)],
  ['Gets of 0.5 MB', 'GetTaskResult', get, times(2_000, 10_000)],
  ['watches of 3 MB', 'WatchTaskResults', watch, times(300, 2_000)],
])('%s whose answers are not read', (what, method, body, count) =>
  withServer(async (server) => {
    await fill(server);
    expectBounded(`${count} ${what}`, await unread(server, count, `${SERVICE}/${method}`, { body }));
  }),
);

test('BatchGets of 3 MB whose answers are read', () =>
  withServer(async (server) => {
    await fill(server);
    const count = times(100, 1_200);
    let ok = 0;
    const figures = await measured(server, async () => {
      const clients = await Promise.all(Array.from({ length: 4 }, () => WireClient.connect(server.port)));
      const calls = Array.from({ length: count }, (_, i) =>
        (clients[i % 4] as WireClient).call(`${SERVICE}/BatchGetTaskResults`, { body: batch }).read(),
      );
      for (const { ended } of calls) if ((await ended) === 'OK') ok++;
      for (const client of clients) client.close();
    });
    expectBounded(`${count} BatchGets of 3 MB that are read, ${ok} of them OK`, figures);
  }));
