import { createConnection } from 'mysql2/promise';
import { DataSource } from 'typeorm';

/** Rows of one statement: SQLite takes 32,766 parameters. */
const CHUNK = 1_000;
const READY = 1;
const SUCCESSFUL = 4;
/** Two thirds finished, one third not, over some thirty days. */
const STATUSES = [SUCCESSFUL, SUCCESSFUL, READY];
const DAY_MICROS = 86_400_000_000;

/** Runs a statement with parameters on the database to fill. */
export type Execute = (statement: string, parameters: unknown[]) => Promise<unknown> | unknown;

/**
 * Fills an empty, migrated database with `results` results, and its change log with ten entries for each of them, which
 * are then removed again, as a service that has been running for long would have it.
 */
async function preload(execute: Execute, results: number, at: number | Date): Promise<void> {
  const insert = (table: string, rows: readonly Record<string, unknown>[]) => {
    const columns = Object.keys(rows[0] ?? {});
    const marks = `(${columns.map(() => '?').join(', ')})`;
    return execute(
      `INSERT INTO ${table} (${columns.join(', ')}) VALUES ${rows.map(() => marks).join(', ')}`,
      rows.flatMap((row) => columns.map((column) => row[column])),
    );
  };
  const begin = (Date.now() - 30 * 86_400_000) * 1_000;
  const step = Math.floor((30 * DAY_MICROS) / results);
  for (let first = 0; first < results; first += CHUNK) {
    const numbers = Array.from({ length: Math.min(CHUNK, results - first) }, (_, i) => first + i);
    const rows = numbers.map((n) => resultRow(n, begin + n * step));
    const finished = rows.filter(({ status }) => status === SUCCESSFUL);
    await insert('task_results', rows);
    await insert(
      'task_attempts',
      finished.map(({ id, started_at }) => ({
        task_id: id,
        attempt: 1,
        worker_id: 'worker-1',
        request_id: '',
        started_at,
      })),
    );
    await insert(
      'task_return_values',
      finished.map(({ id }) => ({ task_id: id, return_value_json: '{"ok":true}' })),
    );
    for (let revision = 1; revision <= 10; revision++) {
      await insert(
        'task_changes',
        rows.map(({ id }) => ({ task_id: id, incarnation: 1, revision, inserted_at: at })),
      );
    }
    await execute('DELETE FROM task_changes', []);
  }
}

/** All columns that may not be NULL. */
function resultRow(n: number, at: number) {
  const status = STATUSES[n % STATUSES.length] as number;
  const finished = status === SUCCESSFUL;
  const once = finished ? at : 0;
  return {
    id: `preloaded-${n}`,
    task_path: `bench.task_${n % 50}`,
    priority: 0,
    queue_name: 'default',
    takes_context: 0,
    backend: 'default',
    status,
    incarnation: 1,
    revision: finished ? 3 : 1,
    attempts: finished ? 1 : 0,
    max_attempts: 100,
    error_count: 0,
    metadata_count: 0,
    enqueued_at: at,
    started_at: once,
    last_attempted_at: once,
    finished_at: once,
    lease_expires_at: 0,
    expires_at: 0,
    changed_at: at,
    create_fingerprint: 'bench',
    state_fingerprint: 'bench',
    payload_bytes: 120,
    error_bytes: 0,
    args_json: `["${'x'.repeat(100)}"]`,
    kwargs_json: '{}',
  };
}

export async function preloadMysql(url: string, results: number): Promise<void> {
  const connection = await createConnection(url);
  try {
    await connection.query('SET SESSION sql_log_bin = 0').catch(() => {});
    await preload((statement, parameters) => connection.query(statement, parameters), results, new Date());
  } finally {
    await connection.end();
  }
}

export async function preloadSqlite(file: string, results: number): Promise<void> {
  const source = new DataSource({ type: 'better-sqlite3', database: file });
  await source.initialize();
  try {
    await source.query('PRAGMA synchronous = OFF');
    await preload((statement, parameters) => source.query(statement, parameters), results, Date.now() * 1_000);
  } finally {
    await source.destroy();
  }
}
