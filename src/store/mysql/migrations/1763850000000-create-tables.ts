import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What transitions change in `task_results` is of a fixed size and never NULL, so that InnoDB changes rows where they
 * stand. A row that grows is moved, and its page rewritten: seven times as much redo log for a start or a finish
 * (docs/benchmarks.md).
 */
const TABLES = [
  `CREATE TABLE task_results (
    id VARBINARY(256) NOT NULL PRIMARY KEY,
    task_path VARBINARY(1020) NOT NULL,
    priority INT NOT NULL,
    queue_name VARBINARY(1020) NOT NULL,
    run_after BIGINT NULL,
    takes_context TINYINT NOT NULL,
    backend VARBINARY(1020) NOT NULL,
    status INT NOT NULL,
    incarnation BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    attempts INT NOT NULL,
    max_attempts INT NOT NULL,
    error_count INT NOT NULL,
    metadata_count INT NOT NULL,
    enqueued_at BIGINT NOT NULL,
    started_at BIGINT NOT NULL,
    last_attempted_at BIGINT NOT NULL,
    finished_at BIGINT NOT NULL,
    lease_expires_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    create_fingerprint CHAR(22) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    state_fingerprint CHAR(22) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    payload_bytes INT NOT NULL,
    error_bytes INT NOT NULL,
    args_json LONGTEXT NOT NULL,
    kwargs_json LONGTEXT NOT NULL,
    INDEX task_results_enqueued (enqueued_at, id),
    INDEX task_results_status (status, enqueued_at, id),
    INDEX task_results_path (task_path, enqueued_at, id),
    INDEX task_results_expires (expires_at)
  ) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`,
  `CREATE TABLE task_attempts (
    task_id VARBINARY(256) NOT NULL,
    attempt INT NOT NULL,
    worker_id VARBINARY(1020) NOT NULL,
    request_id VARBINARY(1020) NOT NULL,
    started_at BIGINT NOT NULL,
    PRIMARY KEY (task_id, attempt),
    INDEX task_attempts_worker (worker_id, task_id)
  ) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`,
  `CREATE TABLE task_errors (
    task_id VARBINARY(256) NOT NULL,
    ordinal INT NOT NULL,
    attempt INT NOT NULL,
    raised_at BIGINT NOT NULL,
    bytes_before INT NOT NULL,
    exception_class_path LONGTEXT NOT NULL,
    message LONGTEXT NOT NULL,
    traceback LONGTEXT NOT NULL,
    PRIMARY KEY (task_id, ordinal)
  ) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`,
  `CREATE TABLE task_return_values (
    task_id VARBINARY(256) NOT NULL PRIMARY KEY,
    return_value_json LONGTEXT NOT NULL
  ) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`,
  `CREATE TABLE task_metadata (
    task_id VARBINARY(256) NOT NULL,
    name VARBINARY(252) NOT NULL,
    value VARBINARY(1020) NOT NULL,
    PRIMARY KEY (task_id, name),
    INDEX task_metadata_label (name, value, task_id)
  ) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`,
  // TiDB hands out AUTO_INCREMENT values in the order of time only with a cache of 1; others read the comment as one.
  `CREATE TABLE task_changes (
    seq BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    task_id VARBINARY(256) NOT NULL,
    incarnation BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    inserted_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6)
  ) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin /*T![auto_id_cache] AUTO_ID_CACHE 1 */`,
  `CREATE TABLE task_transactions (
    number BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    token CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL UNIQUE,
    inserted_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6)
  ) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin /*T![auto_id_cache] AUTO_ID_CACHE 1 */`,
];

export class CreateTables1763850000000 implements MigrationInterface {
  readonly name = 'CreateTables1763850000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const table of TABLES) await runner.query(table);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const name of ['transactions', 'changes', 'metadata', 'return_values', 'errors', 'attempts', 'results'])
      await runner.query(`DROP TABLE task_${name}`);
  }
}
