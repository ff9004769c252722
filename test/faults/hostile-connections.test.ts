import { constants } from 'node:http2';
import { CreateTaskResultRequest } from '@taskresults/protocol/taskresults/v1/task_lifecycle_service';
import { MAX_HEALTH_CHECK_MS, MAX_LEFT_MB, MAX_RESIDENT_MB, times, withServer } from '../support/beset-server';
import { createRequest } from '../support/calls';
import { type Figures, measured } from '../support/ordeal';
import { frame, WireClient } from '../support/wire';

const CREATE = '/taskresults.v1.TaskLifecycleService/CreateTaskResult';
const create = frame(CreateTaskResultRequest.encode(createRequest({})).finish());

function expectBounded(what: string, figures: Figures): void {
  console.info(what, figures);
  expect(figures.peak).toBeLessThan(MAX_RESIDENT_MB);
  expect(figures.after - figures.before).toBeLessThanOrEqual(MAX_LEFT_MB);
  expect(figures.slowestCheckMs).toBeLessThan(MAX_HEALTH_CHECK_MS);
}

test('creates that are reset at once', () =>
  withServer(async (server) => {
    const connections = times(10, 100);
    const figures = await measured(server, async () => {
      const clients = await Promise.all(Array.from({ length: connections }, () => WireClient.connect(server.port)));
      const calls = clients.flatMap((client) =>
        Array.from({ length: 1_000 }, () => {
          const call = client.call(CREATE, { body: create });
          setImmediate(() => call.stream.close(constants.NGHTTP2_CANCEL));
          return call.read();
        }),
      );
      for (const { ended } of calls) await ended;
      for (const client of clients) client.close();
    });
    expectBounded(`${connections} connections × 1,000 creates that are reset`, figures);
  }));
