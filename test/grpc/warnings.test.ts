import { RecordTransitionsRequest } from '@taskresults/protocol/taskresults/v1/task_lifecycle_service';
import { service as health } from 'grpc-health-check';
import { callsOf, createRequest, RUNNING } from '../support/calls';
import { ENGINES, temporaryDatabase } from '../support/engines';
import { killLeftovers, Program } from '../support/program';
import { connectTo } from '../support/service';
import { until } from '../support/until';
import { byIds, type Event, type OpenWatch, openWatch } from '../support/watching';

afterAll(killLeftovers);

const STREAMS = 50;
const WAITS = 200;
const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);

function runningId(event: Event): string | null {
  return event.$case === 'snapshot' && event.value.status === RUNNING ? event.value.id : null;
}

/** A server that is busy in every way in which something could be listened to more often than Node.js thinks right. */
test.each(ENGINES)('on %s, a server with many streams, waits and watches has nothing to say', async (engine) => {
  const { database, drop } = await temporaryDatabase(engine);
  const url = database.engine === 'sqlite' ? `sqlite:${database.file}` : database.url;
  const server = new Program(['serve', '--port', '0', '--log-level', 'warn', '--migrate', '--database-url', url]);
  await server.printed(/listening on \S+:\d+ /);
  const client = connectTo(`127.0.0.1:${/:(\d+) /.exec(server.stdout)?.[1]}`);
  const calls = callsOf(client);

  let answers = 0;
  const streams = numbers(STREAMS).map((n) => {
    const stream = client.writes.recordTransitions();
    stream.on('data', () => answers++).on('error', () => {});
    stream.write(
      RecordTransitionsRequest.fromPartial({ transition: { $case: 'create', value: createRequest({ id: `r${n}` }) } }),
    );
    return stream;
  });
  await until(() => answers === STREAMS, 'every stream has been answered');

  const waits = numbers(WAITS).map((n) => calls.wait({ id: `r${n % STREAMS}` }));
  const watches = [
    ...numbers(STREAMS).map(() => openWatch(client.reads, { target: byIds(...numbers(STREAMS).map((n) => `r${n}`)) })),
    ...numbers(STREAMS).map(() =>
      openWatch(client.reads, { target: { $case: 'filter', value: { statuses: [RUNNING] } } }),
    ),
  ];
  const { path, requestSerialize, responseDeserialize } = health.Watch as typeof health.Watch & object;
  let healthy = 0;
  const healthWatches = numbers(STREAMS).map(() =>
    client.reads
      .makeServerStreamRequest(path, requestSerialize, responseDeserialize, { service: '' })
      .on('data', () => healthy++)
      .on('error', () => {}),
  );
  await until(() => healthy === STREAMS, 'every health watch has been answered');
  await Promise.all(numbers(STREAMS).map((n) => calls.start(`r${n}`)));
  const sawAll = ({ events }: OpenWatch) => new Set(events.map(runningId).filter(Boolean)).size === STREAMS;
  await until(() => watches.every(sawAll), 'every watch has seen every result running');
  await Promise.all(numbers(STREAMS).map((n) => calls.succeed(`r${n}`)));
  await Promise.all(waits);

  const { code, stderr } = await server.kill('SIGTERM');
  for (const stream of [...streams, ...healthWatches]) stream.cancel();
  client.close();
  await drop();
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
});
