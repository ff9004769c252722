import { type Connection, createConnection } from 'mysql2/promise';
import { callsOf } from '../support/calls';
import { temporaryDatabase } from '../support/engines';
import { serve, type TestService } from '../support/service';
import { until } from '../support/until';
import { brief, byIds, type OpenWatch, openWatch } from '../support/watching';

/** Rows are changed behind the service's back, without an entry in the change log. */
describe('what the change log does not tell is found by reading again', () => {
  let service: TestService;
  let connection: Connection;
  let drop: () => Promise<void>;
  let watches: OpenWatch[] = [];

  beforeAll(async () => {
    const temporary = await temporaryDatabase('mysql');
    drop = temporary.drop;
    service = await serve(temporary.database, {
      watch: { pollFastMs: 20, pollSlowMs: 50, rereadMs: 100, maxAgeMs: 3_600_000 },
    });
    connection = await createConnection(temporary.database.engine === 'mysql' ? temporary.database.url : '');
  });
  afterEach(() => {
    for (const { stream } of watches) stream.cancel();
    watches = [];
  });
  afterAll(async () => {
    connection?.destroy();
    await service?.stop();
    await drop?.();
  });

  test.each([
    ['a watch by ids', 'by-id', (id: string) => byIds(id)],
    [
      'a watch by filter',
      'by-filter',
      () => ({ $case: 'filter' as const, value: { taskPath: 'app.tasks.send_mail' } }),
    ],
  ])('%s: a change, and a deletion', async (_, id, target) => {
    await callsOf(service).create(id);
    const watch = openWatch(service.reads, { target: target(id) });
    watches.push(watch);
    const saw = (event: string) => until(() => watch.events.map(brief).includes(event), event);
    await saw(`snapshot ${id}@1`);
    await connection.query('UPDATE task_results SET revision = 2, priority = 5 WHERE id = ?', [id]);
    await saw(`snapshot ${id}@2`);
    await connection.query('DELETE FROM task_results WHERE id = ?', [id]);
    await saw(`deleted ${id}`);
  });
});
