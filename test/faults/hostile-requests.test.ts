import { gzipSync } from 'node:zlib';
import { RecordTransitionsRequest } from '@taskresults/protocol/taskresults/v1/task_lifecycle_service';
import { MAX_HEALTH_CHECK_MS, MAX_LEFT_MB, MAX_RESIDENT_MB, TOKEN, times, withServer } from '../support/beset-server';
import { createRequest } from '../support/calls';
import type { ChildServer } from '../support/child-server';
import { type Figures, measured } from '../support/ordeal';
import { frame, type WireCall, WireClient, type WireRequest } from '../support/wire';

const MIB = 1024 * 1024;
const GET = '/taskresults.v1.TaskResultService/GetTaskResult';
const RECORD = '/taskresults.v1.TaskLifecycleService/RecordTransitions';
const CREATE = '/taskresults.v1.TaskLifecycleService/CreateTaskResult';
const CHECK = '/grpc.health.v1.Health/Check';
const REFLECT = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';

/** 8 MiB of zeros in 8 KB. */
const BOMB = frame(gzipSync(Buffer.alloc(8 * MIB - 16)), true);
const GZIP = { 'grpc-encoding': 'gzip' };

/** A create of nearly seven MiB: what a message may hold, and more than a result may. */
const LARGE = createRequest({ argsJson: `["${'x'.repeat(7 * MIB)}"]` });

/** glibc keeps much of what large messages took: docs/operations.md. */
const MAX_LEFT_BY_LARGE_MB = 500;
const SETTLING = { marginMb: MAX_LEFT_BY_LARGE_MB };

function expectBounded(what: string, figures: Figures, maxLeftMb = MAX_LEFT_BY_LARGE_MB): void {
  console.info(what, figures);
  expect(figures.peak).toBeLessThan(MAX_RESIDENT_MB);
  expect(figures.after - figures.before).toBeLessThanOrEqual(maxLeftMb);
  expect(figures.slowestCheckMs).toBeLessThan(MAX_HEALTH_CHECK_MS);
}

/** The same call many times at once, over a few connections. Resolves when all have ended, with how they did. */
async function many(
  { port }: ChildServer,
  count: number,
  path: string,
  request: WireRequest,
  connections = 4,
): Promise<Record<string, number>> {
  const clients = await Promise.all(Array.from({ length: connections }, () => WireClient.connect(port)));
  const calls = Array.from({ length: count }, (_, i) => (clients[i % connections] as WireClient).call(path, request));
  const endings = await Promise.all(calls.map((call) => call.read().ended));
  for (const client of clients) client.close();
  const counts: Record<string, number> = {};
  for (const ending of endings) counts[ending] = (counts[ending] ?? 0) + 1;
  return counts;
}

test('compressed messages without a token are not inflated', () =>
  withServer(
    async (server) => {
      const count = times(300, 3_000);
      const endings: Record<string, number>[] = [];
      const figures = await measured(server, async () => {
        for (const path of [GET, RECORD, CHECK, REFLECT]) {
          endings.push(await many(server, count, path, { headers: GZIP, body: BOMB }));
        }
      });
      expectBounded(`${4 * count} streams of 8 KB of gzip, no token`, figures, MAX_LEFT_MB);
      expect(endings).toEqual([
        { 'UNAUTHENTICATED UNAUTHENTICATED': count },
        { 'UNAUTHENTICATED UNAUTHENTICATED': count },
        { UNIMPLEMENTED: count },
        { UNIMPLEMENTED: count },
      ]);
    },
    { token: TOKEN },
  ));

test('compressed messages with a token are refused', () =>
  withServer(
    async (server) => {
      const count = times(300, 3_000);
      let endings = {};
      const figures = await measured(server, async () => {
        endings = await many(server, count, GET, { token: TOKEN, headers: GZIP, body: BOMB });
      });
      expectBounded(`${count} streams of 8 KB of gzip, with the token`, figures, MAX_LEFT_MB);
      expect(endings).toEqual({ UNIMPLEMENTED: count });
    },
    { token: TOKEN },
  ));

test('where compressed messages are taken, few are inflated at a time', () =>
  withServer(
    async (server) => {
      const count = times(300, 3_000);
      let endings: Record<string, number> = {};
      const figures = await measured(
        server,
        async () => {
          endings = await many(server, count, GET, { headers: GZIP, body: BOMB });
        },
        SETTLING,
      );
      expectBounded(`${count} streams of 8 KB of gzip, where they are taken`, figures);
      // 11: ENHANCE_YOUR_CALM, of those that were being served already.
      const expected = ['INVALID_ARGUMENT INVALID_FIELD', 'RESOURCE_EXHAUSTED LIMIT_REACHED', 'RST 11'];
      expect(expected).toEqual(expect.arrayContaining(Object.keys(endings)));
    },
    { flags: ['--accept-compressed', 'true'] },
  ));

test('large messages in streams', () =>
  withServer(async (server) => {
    const message = frame(
      RecordTransitionsRequest.encode(
        RecordTransitionsRequest.fromPartial({ transition: { $case: 'create', value: LARGE } }),
      ).finish(),
    );
    const body = Buffer.concat(Array.from({ length: 10 }, () => message));
    const figures = await measured(
      server,
      async () => {
        await many(server, times(16, 160), RECORD, { body });
      },
      SETTLING,
    );
    expectBounded(`${times(16, 160)} streams of 70 MB`, figures);
  }));

test('large messages in calls', () =>
  withServer(async (server) => {
    const { encode } = await import('@taskresults/protocol/taskresults/v1/task_lifecycle_service').then(
      ({ CreateTaskResultRequest }) => CreateTaskResultRequest,
    );
    const body = frame(encode(LARGE).finish());
    const figures = await measured(
      server,
      async () => {
        await many(server, times(100, 1_000), CREATE, { body });
      },
      SETTLING,
    );
    expectBounded(`${times(100, 1_000)} creates of 7 MB`, figures);
  }));

test('messages that never come to their end', () =>
  withServer(async (server) => {
    const body = frame(Buffer.alloc(8 * MIB - 16)).subarray(0, 7 * MIB);
    const figures = await measured(
      server,
      async () => {
        const clients = await Promise.all(Array.from({ length: 8 }, () => WireClient.connect(server.port)));
        const calls: WireCall[] = [];
        for (let i = 0; i < times(160, 800); i++) {
          const call = (clients[i % clients.length] as WireClient).call(GET, { body, keepOpen: true }).read();
          calls.push(call);
          // Until all of it has been taken, or refused.
          await Promise.race([call.ended, new Promise((resolve) => call.stream.write(Buffer.alloc(0), resolve))]);
        }
        for (const client of clients) client.close();
      },
      SETTLING,
    );
    expectBounded(`${times(160, 800)} messages of 7 MB without their end`, figures);
  }));

test('messages of very many parts', () =>
  withServer(async (server) => {
    // Two bytes for each message within: `more` without anything.
    const body = frame(Buffer.alloc(8 * MIB - 16, Buffer.from([0x42, 0x00])));
    let endings = {};
    const figures = await measured(
      server,
      async () => {
        endings = await many(server, times(40, 400), RECORD, { body });
      },
      SETTLING,
    );
    console.info(endings);
    expectBounded(`${times(40, 400)} messages of four million parts`, figures);
  }));
