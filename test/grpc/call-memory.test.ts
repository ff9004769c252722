import { once } from 'node:events';
import { compressionAlgorithms, credentials } from '@grpc/grpc-js';
import { RecordTransitionsRequest } from '@taskresults/protocol/taskresults/v1/task_lifecycle_service';
import {
  ListTaskResultsRequest,
  TaskResultServiceClient,
} from '@taskresults/protocol/taskresults/v1/task_result_service';
import { callsOf } from '../support/calls';
import { refused } from '../support/refusal';
import { call, connectTo, startOn, testConfig } from '../support/service';
import { until } from '../support/until';
import { byIds, openWatch } from '../support/watching';

const KIB = 1024;
const MIB = 1024 * KIB;
const DEFAULTS = testConfig({ engine: 'sqlite', file: '' }).limits;

/** A server whose calls may hold so little that a test can have them hold too much. */
const serverOf = (maxCallMemory: number) => startOn('sqlite', { limits: { ...DEFAULTS, maxCallMemory } });

test('a long stream of transitions holds nothing for what has been answered', async () => {
  const service = await serverOf(600 * KIB);
  try {
    const stream = service.writes.recordTransitions();
    let answers = 0;
    stream.on('data', ({ more }) => {
      answers += 1 + more.length;
    });
    const ended = once(stream, 'error');
    // Fewer at a time than may wait, and in all more than could be held: 5 bytes of each message are not its own.
    for (let sent = 0; sent < 12_000; ) {
      for (let i = 0; i < 400; i++) stream.write(RecordTransitionsRequest.fromPartial({ number: BigInt(sent++) }));
      await Promise.race([until(() => answers === sent, 'all are answered'), ended.then((error) => fail(error))]);
    }
    stream.cancel();
  } finally {
    await service.stop();
  }
});

test('reads of many connections that wait for their turns keep nobody else from his', async () => {
  const service = await serverOf(8 * MIB);
  const clients = Array.from({ length: 20 }, () => connectTo(service.address));
  try {
    await Promise.all(clients.map((client) => refused(callsOf(client).get('absent')))); // now they are connected
    const listing = clients.flatMap(({ reads }) =>
      Array.from({ length: 5 }, () =>
        call((done) => reads.listTaskResults(ListTaskResultsRequest.fromPartial({}), done)),
      ),
    );
    const getting = clients.map((client) => refused(callsOf(client).get('absent')));
    const [got] = await Promise.all([Promise.all(getting), Promise.all(listing)]);
    expect([...new Set(got)]).toEqual(['NOT_FOUND TASK_RESULT_DOES_NOT_EXIST']);
  } finally {
    for (const client of clients) client.close();
    await service.stop();
  }
});

test('watches whose requests came compressed hold no more than others once those have been read', async () => {
  const service = await startOn('sqlite', { acceptCompressed: true });
  const client = new TaskResultServiceClient(service.address, credentials.createInsecure(), {
    'grpc.default_compression_algorithm': compressionAlgorithms.gzip,
  });
  try {
    for (let i = 0; i < 40; i++) {
      const watch = openWatch(client, { target: byIds('absent'), keepOpen: true });
      const ended = watch.ended.then((code) => fail(code));
      await Promise.race([until(() => watch.events.length > 0, 'the watch is served'), ended]);
      void ended.catch(() => {}); // later it may
    }
  } finally {
    await service.stopServer();
    client.close();
    await service.stop();
  }
});

function fail(how: unknown): never {
  throw new Error(`ended: ${how}`);
}
