import type { MigrationInterface, QueryRunner } from 'typeorm';

/** WITHOUT ROWID only where rows are small, as SQLite advises. */
const STATEMENTS = [
  `CREATE TABLE task_results (
    id TEXT NOT NULL PRIMARY KEY,
    task_path TEXT NOT NULL,
    priority INTEGER NOT NULL,
    queue_name TEXT NOT NULL,
    run_after INTEGER NULL,
    takes_context INTEGER NOT NULL,
    backend TEXT NOT NULL,
    status INTEGER NOT NULL,
    incarnation INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    max_attempts INTEGER NOT NULL,
    error_count INTEGER NOT NULL,
    metadata_count INTEGER NOT NULL,
    enqueued_at INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    last_attempted_at INTEGER NOT NULL,
    finished_at INTEGER NOT NULL,
    lease_expires_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    create_fingerprint TEXT NOT NULL,
    state_fingerprint TEXT NOT NULL,
    payload_bytes INTEGER NOT NULL,
    error_bytes INTEGER NOT NULL,
    args_json TEXT NOT NULL,
    kwargs_json TEXT NOT NULL
  )`,
  'CREATE INDEX task_results_enqueued ON task_results (enqueued_at, id)',
  'CREATE INDEX task_results_status ON task_results (status, enqueued_at, id)',
  'CREATE INDEX task_results_path ON task_results (task_path, enqueued_at, id)',
  'CREATE INDEX task_results_expires ON task_results (expires_at)',
  `CREATE TABLE task_attempts (
    task_id TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    worker_id TEXT NOT NULL,
    request_id TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    PRIMARY KEY (task_id, attempt)
  ) WITHOUT ROWID`,
  'CREATE INDEX task_attempts_worker ON task_attempts (worker_id, task_id)',
  `CREATE TABLE task_errors (
    task_id TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    raised_at INTEGER NOT NULL,
    bytes_before INTEGER NOT NULL,
    exception_class_path TEXT NOT NULL,
    message TEXT NOT NULL,
    traceback TEXT NOT NULL,
    PRIMARY KEY (task_id, ordinal)
  )`,
  `CREATE TABLE task_return_values (
    task_id TEXT NOT NULL PRIMARY KEY,
    return_value_json TEXT NOT NULL
  )`,
  `CREATE TABLE task_metadata (
    task_id TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (task_id, name)
  ) WITHOUT ROWID`,
  'CREATE INDEX task_metadata_label ON task_metadata (name, value, task_id)',
  `CREATE TABLE task_changes (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    task_id TEXT NOT NULL,
    incarnation INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    inserted_at INTEGER NOT NULL
  )`,
  `CREATE TABLE task_transactions (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    token TEXT NOT NULL UNIQUE,
    inserted_at INTEGER NOT NULL
  )`,
];

export class CreateTables1763850000000 implements MigrationInterface {
  readonly name = 'CreateTables1763850000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const name of ['transactions', 'changes', 'metadata', 'return_values', 'errors', 'attempts', 'results'])
      await runner.query(`DROP TABLE task_${name}`);
  }
}
