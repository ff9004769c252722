import { type Connection, createConnection } from 'mysql2/promise';
import pino from 'pino';
import { type Calls, callsOf } from '../support/calls';
import { temporaryMysql } from '../support/engines';
import { fresh } from '../support/fresh';
import { PrivateMysql } from '../support/private-mysql';
import { refusal } from '../support/refusal';
import { serve, type TestService } from '../support/service';
import { until } from '../support/until';
import { brief, byIds, openWatch } from '../support/watching';

const CONNECTIONS = `SELECT id FROM information_schema.processlist
  WHERE db = DATABASE() AND id NOT IN (CONNECTION_ID(), ?)`;

/** MariaDB has a limit for statements of every kind. That of MySQL is for reads alone, and its error has another number. */
describe('a database that ends statements which take too long', () => {
  let mysql: PrivateMysql;
  let service: TestService;
  let calls: Calls;
  let admin: Connection;
  /** Holds locks that every statement of the service waits for. */
  let holder: Connection;
  const logged: string[] = [];
  beforeAll(async () => {
    mysql = await PrivateMysql.start();
    const { database } = await temporaryMysql(mysql.url());
    service = await serve(database, {}, pino({ level: 'error' }, { write: (line: string) => logged.push(line) }));
    calls = callsOf(service);
    const url = database.engine === 'mysql' ? database.url : '';
    [admin, holder] = [await createConnection(url), await createConnection(url)];
  });
  afterAll(async () => {
    await admin?.end();
    await holder?.end();
    await service?.stop();
    await mysql?.stop();
  });

  /** From now on; sessions that are there already end. */
  const limit = async (seconds: number) => {
    await admin.query('SET GLOBAL max_statement_time = ?', [seconds]);
    const [rows] = await admin.query(CONNECTIONS, [holder.threadId]);
    for (const { id } of rows as { id: number }[]) await admin.query('KILL ?', [id]).catch(() => {});
  };
  /** Statements that were ended. */
  const ended = async () => {
    const [rows] = await admin.query("SHOW GLOBAL STATUS LIKE 'Max_statement_time_exceeded'");
    return Number((rows as { Value: string }[])[0]?.Value);
  };

  test('is out of reach for callers, and a watch waits for it', async () => {
    const [variables] = await admin.query("SHOW VARIABLES LIKE 'max_statement_time'");
    if ((variables as unknown[]).length === 0) return; // it is no MariaDB
    const id = await calls.created();
    const watch = openWatch(service.reads, { target: byIds(id) });
    const seen = (event: string) => until(() => watch.events.map(brief).includes(event), event);
    await seen(`snapshot ${id}@1`);

    await holder.query('LOCK TABLES task_results WRITE');
    await limit(0.2);
    const requests = [
      () => calls.batchGet([id]),
      () => calls.list(),
      () => calls.start(id),
      () => calls.create(fresh()),
    ];
    for (const request of requests) {
      const expected = { code: 'UNAVAILABLE', reason: 'STORE_UNAVAILABLE', message: 'the store is out of reach' };
      expect(await refusal(request())).toMatchObject(expected);
    }
    expect(logged.join()).toContain('the database answered 1969');
    // A change is announced that the watch cannot read.
    const before = await ended();
    await admin.query(
      `INSERT INTO task_changes (task_id, incarnation, revision)
       SELECT task_id, incarnation, revision + 1 FROM task_changes WHERE task_id = ?`,
      [id],
    );
    await until(async () => (await ended()) > before + 1, 'reads of the watch are ended');

    await limit(0);
    await holder.query('UNLOCK TABLES');
    await calls.start(id);
    await seen(`snapshot ${id}@2`);
    watch.stream.cancel();
  });
});
