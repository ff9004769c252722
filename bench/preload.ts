import { createConnection } from 'mysql2/promise';
import { DataSource } from 'typeorm';

/** Rows of one statement. */
const CHUNK = 1_500;
/** Two thirds finished, one third not, over some thirty days. */
const STATUSES = [4, 4, 1];
const DAY_MICROS = 86_400_000_000;

/** Runs a statement with parameters on the database to fill. */
export type Execute = (statement: string, parameters: unknown[]) => Promise<unknown> | unknown;

/**
 * Fills an empty, migrated database with `results` results, and its change log with ten entries for each of them, which are
 * then removed again, as a service that has been running for long would have it.
 */
export async function preload(execute: Execute, results: number): Promise<void> {
  const begin = (Date.now() - 30 * 86_400_000) * 1_000;
  const step = Math.floor((30 * DAY_MICROS) / results);
  for (let first = 0; first < results; first += CHUNK) {
    const count = Math.min(CHUNK, results - first);
    const rows = Array.from({ length: count }, (_, i) => resultRow(first + i, begin + (first + i) * step));
    await execute(`${INSERT_RESULT} VALUES ${rows.map(() => MARKS).join(', ')}`, rows.flat());
    for (let round = 0; round < 10; round++) {
      const changes = rows.map(([id, , , at]) => [id, round + 1, at]);
      await execute(
        `INSERT INTO task_changes (task_id, revision, at) VALUES ${changes.map(() => '(?, ?, ?)').join(', ')}`,
        changes.flat(),
      );
    }
    await execute('DELETE FROM task_changes WHERE at < ?', [Number.MAX_SAFE_INTEGER]);
  }
}

const COLUMNS = [
  'id',
  'task_path',
  'status',
  'enqueued_at',
  'changed_at',
  'priority',
  'queue_name',
  'takes_context',
  'backend',
  'revision',
  'attempts',
  'error_count',
  'metadata_count',
  'created_by',
  'made_by',
  'payload_bytes',
  'error_bytes',
  'args_json',
  'kwargs_json',
];
const INSERT_RESULT = `INSERT INTO task_results (${COLUMNS.join(', ')})`;
const MARKS = `(${COLUMNS.map(() => '?').join(', ')})`;

function resultRow(n: number, at: number): unknown[] {
  const status = STATUSES[n % STATUSES.length] as number;
  const finished = status === 4;
  const common = [0, 'default', 0, 'default', finished ? 3 : 1, finished ? 1 : 0, 0, 0, finished ? 'worker-1' : null];
  const texts = [`["${'x'.repeat(100)}"]`, '{}', finished ? '{"ok":true}' : null];
  return [`preloaded-${n}`, `bench.task_${n % 50}`, status, at, at, ...common, 'bench', 'bench', 120, 0, ...texts];
}

export async function preloadMysql(url: string, results: number): Promise<void> {
  const connection = await createConnection(url);
  try {
    await connection.query('SET SESSION sql_log_bin = 0').catch(() => {});
    await preload((statement, parameters) => connection.query(statement, parameters), results);
  } finally {
    await connection.end();
  }
}

export async function preloadSqlite(file: string, results: number): Promise<void> {
  const source = new DataSource({ type: 'better-sqlite3', database: file });
  await source.initialize();
  try {
    await source.query('PRAGMA synchronous = OFF');
    await preload((statement, parameters) => source.query(statement, parameters), results);
  } finally {
    await source.destroy();
  }
}
