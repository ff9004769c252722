import { type Connection, createConnection } from 'mysql2/promise';
import { temporaryDatabase } from '../support/engines';
import { Follower } from '../support/follower';
import { serve, type TestService } from '../support/service';
import { until } from '../support/until';
import { TestWorker } from '../support/worker';

/** The safety net is off, so that only the change log can tell. */
const CHANGE_LOG_ALONE = { watch: { pollFastMs: 20, pollSlowMs: 50, rereadMs: 2 ** 31 - 1, maxAgeMs: 3_600_000 } };

/**
 * AUTO_INCREMENT values become visible in the order of commits, not of numbers. A foreign transaction stands for a
 * server whose commit is slow. All is written through one server and watched at another, which sees nothing but the
 * log.
 */
describe('a change that commits after changes with higher numbers', () => {
  let writing: TestService;
  let watching: TestService;
  let connection: Connection;
  let worker: TestWorker;
  let drop: () => Promise<void>;
  let followers: Follower[] = [];

  beforeEach(async () => {
    const temporary = await temporaryDatabase('mysql');
    drop = temporary.drop;
    writing = await serve(temporary.database);
    watching = await serve(temporary.database, CHANGE_LOG_ALONE);
    worker = new TestWorker([writing.address], 'w');
    connection = await createConnection(temporary.database.engine === 'mysql' ? temporary.database.url : '');
  });

  afterEach(async () => {
    for (const follower of followers) follower.stop();
    followers = [];
    worker.close();
    connection.destroy();
    await watching.stop();
    await writing.stop();
    await drop();
  });

  function follow(id: string, at = watching): { follower: Follower; finished: Promise<void> } {
    const follower = new Follower([id], [at.address]);
    followers.push(follower);
    return { follower, finished: follower.untilFinished() };
  }

  async function finishElsewhere(id: string): Promise<void> {
    await connection.query('UPDATE task_results SET status = 3, finished_at = 1, revision = 2 WHERE id = ?', [id]);
    await connection.query(
      'INSERT INTO task_changes (task_id, incarnation, revision) SELECT id, incarnation, 2 FROM task_results WHERE id = ?',
      [id],
    );
  }

  test('arrives', async () => {
    for (const id of ['late', 'early']) await worker.create(id);
    const late = follow('late');
    const early = follow('early');
    await until(() => late.follower.latest.has('late') && early.follower.latest.has('early'), 'both are watched');

    await connection.beginTransaction();
    await finishElsewhere('late');
    await worker.attempt('early', 'succeed');
    await early.finished; // its number is higher than the one that is not visible yet
    expect(late.follower.latest.get('late')?.revision).toBe(1n);
    await connection.commit();

    await late.finished;
    expect(late.follower.latest.get('late')?.revision).toBe(2n);
  });

  test('is not waited for when it is rolled back', async () => {
    for (const id of ['rolled-back', 'first', 'second']) await worker.create(id);
    await connection.beginTransaction();
    await finishElsewhere('rolled-back');
    const first = follow('first');
    await worker.attempt('first', 'succeed');
    await first.finished;
    await connection.rollback();
    const second = follow('second');
    await worker.attempt('second', 'succeed');
    await second.finished;
  });

  test('is seen by a server that started in between', async () => {
    await worker.create('late');
    await connection.beginTransaction();
    await finishElsewhere('late');
    await worker.create('higher-number');
    const other = await serve(writing.database, CHANGE_LOG_ALONE);
    try {
      const late = follow('late', other);
      await until(() => late.follower.latest.has('late'), 'it is watched');
      await connection.commit();
      await late.finished;
    } finally {
      await other.stop();
    }
  });
});
